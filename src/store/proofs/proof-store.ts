import type { MerchantIdentity } from '../../domain/merchant.ts'
import type { OrderKey } from '../../domain/order.ts'
import type { DayTotal } from '../../proof/facts.ts'
import type { SealedHead } from '../../proof/head.ts'

/** The proofs of credits, as they are stored. Nothing of it is verified here. */
export interface ProofStore {
  /** How many credits there have to be, by the sealed counts. */
  proofCounts(): Promise<ProofCounts>
  /** Credits by their keys, each with all that its proof is about. */
  creditsToVerify(page: {
    readonly after: OrderKey | null
    readonly limit: number
  }): Promise<readonly CreditToVerify[]>
  /** Orders of proofs whose credit is gone, at most `limit`. */
  proofsWithoutCredit(options: { readonly limit: number }): Promise<readonly AuditedOrder[]>
  /** Whether what was there before there were proofs has been sealed. */
  isOldSealed(): Promise<boolean>
  /** Seals a portion of it, from a position on; null: from the beginning. Null when there is no key. */
  sealOld(at: SealingPosition | null): Promise<SealedPortion | null>
  /** Calls the listener after each credit that was posted without its proof, because the proof failed. */
  onProofFault(listener: (error: Error) => void): void
}

/** A credit with all that its proof is about, as the tables have it: nothing of it is verified. */
export interface CreditToVerify {
  readonly key: OrderKey
  readonly orderNo: string
  readonly transfer: TransferRow
  /** Null: the order is gone. */
  readonly order: OrderRow | null
  /** Null: there is none. */
  readonly proof: ProofRow | null
  readonly entries: readonly EntryRow[]
  readonly events: readonly SealedEvent[]
}

export interface TransferRow {
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
  readonly transactionId: string
  readonly amount: bigint
  readonly currency: string
  readonly paidAt: Date | null
  readonly createdAt: Date
}

export interface OrderRow {
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
  readonly userId: string
  readonly amount: bigint
  readonly currency: string
  readonly adopted: boolean
  readonly corrections: number
  readonly transactionId: string | null
  readonly paidAt: Date | null
  readonly creditedAt: Date | null
  readonly creditedBy: string | null
  readonly seal: string | null
}

export interface ProofRow {
  readonly keyId: string
  readonly evidence: Uint8Array | null
  readonly sequence: number
  readonly place: number
  readonly day: string
  readonly seal: string
}

export interface EntryRow {
  readonly account: string
  readonly amount: bigint
  readonly currency: string
  readonly at: Date
}

export interface SealedEvent {
  readonly id: bigint
  readonly seal: string | null
  /** As text, in the order of `sealedColumns`. */
  readonly columns: readonly (string | null)[]
}

/** How many credits there have to be, by the sealed counts. All of one moment. */
export interface ProofCounts {
  readonly head: SealedHead | null
  readonly sequences: readonly { sequence: number; credits: number; seal: string }[]
  readonly days: readonly (DayTotal & { readonly seal: string })[]
}

/** Where the sealing of what was there before stands; null: at the beginning. */
export interface SealingPosition {
  readonly orders: string | null
  readonly credits: string | null
}

/** What one portion sealed, and where the next one begins; null: all is sealed. */
export interface SealedPortion {
  readonly orders: number
  readonly credits: number
  readonly next: SealingPosition | null
}

/** An order that the audit counted. Without its row nobody knows whose it is. */
export interface AuditedOrder {
  readonly orderNo: string
  readonly merchant: MerchantIdentity | null
}
