import type { Order } from '../domain/order.ts'
import { isAnsweredBy } from '../domain/schedule.ts'
import { type AbsentAnswer, isNotBegun, type UnknownAnswer } from '../domain/trade.ts'
import type { ClaimedAnswer } from '../settle/unpaid.ts'
import type { Breaker } from './breaker.ts'

/** The answer to a query of a run. */
export interface RunAnswer extends ClaimedAnswer {
  /** By `performance.now()`. */
  readonly startedAt: number
}

/**
 * Some answers are credible or not by how many others of the run are like them: "no such order", and
 * those that cannot be verified. They are quarantined until the run's other orders are answered.
 */
export class Plausibility {
  readonly #absent: (RunAnswer & { readonly answer: AbsentAnswer })[] = []
  readonly #unverified: (RunAnswer & { readonly answer: UnknownAnswer })[] = []
  /** Verified answers, whatever order they are about: the key is right. */
  #tradeCount = 0
  /** Those about the very order that was queried: the merchant number is right, too. */
  #ownTradeCount = 0

  /** The gateway answered an order with a trade: what other orders are refused for is not common to all. */
  get hadTrade(): boolean {
    return this.#tradeCount > 0
  }

  /** To be called with every answer. Returns null for one that is quarantined. */
  quarantine(answered: RunAnswer): RunAnswer | null {
    const { answer } = answered
    if (answer.kind === 'absent' && !isNotBegun(answer)) {
      this.#absent.push({ ...answered, answer })
      return null
    }
    if (answer.kind === 'unknown' && answer.cause === 'unverified' && !answer.systemic) {
      this.#unverified.push({ ...answered, answer })
      return null
    }
    if (answer.kind !== 'unknown') this.#tradeCount += 1
    if (isAnsweredBy(answered.claimed.order, answer)) this.#ownTradeCount += 1
    return answered
  }

  /** The quarantined answers, to be settled. A cause that all have in common opens the breaker, if there is one. */
  release(breaker: Breaker | null): readonly RunAnswer[] {
    return [...this.#releaseAbsent(breaker), ...this.#releaseUnverified(breaker)]
  }

  /**
   * While most answers are absent, none may end an order that the gateway might know: our merchant
   * number may be wrong. It is wrong when many orders that the gateway has known before are absent,
   * and no order has a trade: one trade proves the number right. Then they count as no answer.
   * Numbers that another system adopted here, and that the gateway never knew, prove nothing.
   */
  #releaseAbsent(breaker: Breaker | null): readonly RunAnswer[] {
    const known = this.#absent.filter(({ claimed }) => isKnown(claimed.order)).length
    const systemic = this.#ownTradeCount === 0 && isSystemic(known, breaker)
    if (systemic && known >= systemicMin) {
      breaker?.observeAbsent(`all ${known} answers about known orders were "no such order"`)
    }
    const payable = this.#absent.filter(({ claimed }) => mayBePaid(claimed.order)).length
    const ownTrades = this.#ownTradeCount
    return this.#absent.map((answered) => ({
      ...answered,
      answer: systemic ? rejected(answered.answer) : answered.answer,
      absenceCredible: isCredible(payable, ownTrades) || !mayBePaid(answered.claimed.order),
    }))
  }

  /** One that cannot be verified may be a signature probe; all of them mean a wrong key, or a proxy in between. */
  #releaseUnverified(breaker: Breaker | null): readonly RunAnswer[] {
    const count = this.#unverified.length
    const alone = this.#tradeCount + this.#absent.length === 0
    const systemic = alone && isSystemic(count, breaker)
    if (systemic && count >= systemicMin) {
      const whys = this.#unverified.map(({ answer }) => answer.why)
      breaker?.observeUnverified(`none of ${count} answers could be verified`, whys)
    }
    return this.#unverified.map((answered) => ({
      ...answered,
      answer: { ...answered.answer, systemic },
    }))
  }
}

/**
 * Fewer answers of a kind may be chance: orders that another system never placed, or signature probes.
 * Absent ones end no order then either, but the run goes on.
 */
const systemicMin = 3

/** Absent answers are believed where at least as many orders have a trade. */
export function isCredible(absentCount: number, ownTradeCount: number): boolean {
  return absentCount <= ownTradeCount
}

/** While the breaker is open, one is enough: the cause is still there. */
function isSystemic(count: number, breaker: Breaker | null): boolean {
  return breaker !== null && count >= (breaker.reason === null ? systemicMin : 1)
}

/** Whether the gateway has known it: it gave a code or a trade. */
function isKnown({ standing }: Order): boolean {
  return standing === 'known'
}

/** An order of ours without a code cannot be paid. */
function mayBePaid({ adopted, codeUrl }: Order): boolean {
  return adopted || codeUrl !== null
}

function rejected(answer: AbsentAnswer): UnknownAnswer {
  return {
    kind: 'unknown',
    cause: 'forbidden',
    message: 'most answers of the run were "no such order": not believed',
    systemic: true,
    evidence: answer.evidence,
  }
}
