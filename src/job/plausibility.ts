import type { Order } from '../domain/order.ts'
import { isAnsweredBy } from '../domain/runs/schedule.ts'
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
  /** Verified answers about the order that was queried: the merchant number is right, too. */
  #ownTradeCount = 0

  /** Some order was answered with a trade, so a refusal of another order has a cause of its own. */
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

  /**
   * Returns the quarantined answers, to be settled. A cause that is common to all opens the breaker,
   * if one is given.
   */
  release(breaker: Breaker | null): readonly RunAnswer[] {
    return [...this.#releaseAbsent(breaker), ...this.#releaseUnverified(breaker)]
  }

  /**
   * While most answers are absent, none of them may end an order that the gateway might know: our merchant
   * number may be wrong. It is wrong if several orders that the gateway knew before are absent
   * and no order has a trade (one trade proves the number right); then absent answers count as unknown.
   * Adopted numbers that the gateway never knew prove nothing.
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

  /**
   * A single answer that cannot be verified may be a signature probe. If none can, a key is wrong, or
   * a proxy changes answers.
   */
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
 * Fewer answers of a kind may be coincidence: orders that another system never placed, or signature probes.
 * Absent answers end no order then either, but the breaker stays closed.
 */
const systemicMin = 3

/** Absent answers are credible if at least as many orders have a trade. */
export function isCredible(absentCount: number, ownTradeCount: number): boolean {
  return absentCount <= ownTradeCount
}

/** While the breaker is open, one such answer is enough to show that the cause persists. */
function isSystemic(count: number, breaker: Breaker | null): boolean {
  return breaker !== null && count >= (breaker.reason === null ? systemicMin : 1)
}

/** Whether the gateway knew the order before: it returned a code or a trade. */
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
