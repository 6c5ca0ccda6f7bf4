import { hash } from 'node:crypto'
import type { Fact, Sealed } from './seal.ts'

/** What the seal of an order covers, from its placement or adoption on. */
export interface OrderToSeal {
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
  readonly orderNo: string
  readonly userId: string
  readonly amount: bigint
  readonly currency: string
  readonly adopted: boolean
  /** How often it was corrected under a seal, so that no former seal fits again. */
  readonly corrections?: number
}

export function orderFacts(order: OrderToSeal): Sealed {
  const { gateway, mchid, appid, orderNo, userId, amount, currency, adopted } = order
  const { corrections = 0 } = order
  const facts = [gateway, mchid, appid, orderNo, userId, String(amount), currency, adopted]
  return corrections === 0 ? facts : [...facts, corrections]
}

/** What the seal of a credit covers. */
export interface CreditToSeal extends Omit<OrderToSeal, 'adopted' | 'corrections'> {
  readonly transactionId: string
  readonly paidAt: Date | null
  readonly creditedBy: string
  /** The two entries: the account and the amount of each. */
  readonly entries: readonly (readonly [account: string, amount: bigint])[]
  readonly place: ProofPlace
  /** Null: the gateway signs nothing, or the credit is of before there were proofs. */
  readonly evidence: Uint8Array | null
}

/** Where a credit stands in the count of all: no two have one place, and no place is left out. */
export interface ProofPlace {
  readonly sequence: number
  readonly place: number
  /** In Shanghai: `2026-11-29`. */
  readonly day: string
}

export function creditFacts(credit: CreditToSeal): Sealed {
  const { gateway, mchid, appid, orderNo, userId, amount, currency } = credit
  const { transactionId, paidAt, creditedBy, entries, place, evidence } = credit
  const facts: Fact[] = [gateway, mchid, appid, orderNo, userId, String(amount), currency]
  facts.push(transactionId, paidAt && +paidAt, creditedBy)
  for (const [account, each] of entries) facts.push(account, String(each))
  facts.push(place.sequence, place.place, place.day)
  facts.push(evidence && hash('sha256', evidence, 'base64url'))
  return facts
}

/** How many credits were proved in a sequence. */
export function sequenceFacts({
  sequence,
  credits,
}: {
  sequence: number
  credits: number
}): Sealed {
  return [sequence, credits]
}

/** The sealed totals of one merchant's credits of one day in one sequence. */
export interface DayTotal {
  readonly sequence: number
  readonly day: string
  readonly gateway: string
  readonly mchid: string
  readonly credits: number
  /** In fen. */
  readonly amount: bigint
  /** The sum of their seals, modulo 2^256: of a set, whatever its order. */
  readonly sum: bigint
}

export function dayFacts(total: DayTotal): Sealed {
  const { sequence, day, gateway, mchid, credits, amount, sum } = total
  return [sequence, day, gateway, mchid, credits, String(amount), String(sum)]
}

export function addedTo(sum: bigint, seal: bigint): bigint {
  return BigInt.asUintN(256, sum + seal)
}
