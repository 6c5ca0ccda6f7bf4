import type { Order } from '../domain/order.ts'
import { isAnsweredBy } from '../domain/schedule.ts'
import { type AbsentAnswer, type Answer, isNotBegun, type UnknownAnswer } from '../domain/trade.ts'
import type { ClaimedOrder } from '../store/store.ts'
import type { Breaker } from './breaker.ts'

/** An answer to a question of a run. */
export interface Answered {
  readonly claimed: ClaimedOrder
  readonly answer: Answer
  /** See `Facts`. */
  readonly absenceCredible: boolean
  readonly startedAt: number
}

/**
 * The answers of a run that are believed or not by how many others are like them: "no such order",
 * and those that cannot be verified. They wait for the others, and are judged at the run's end.
 */
export class Plausibility {
  readonly #absent: (Answered & { readonly answer: AbsentAnswer })[] = []
  readonly #unverified: (Answered & { readonly answer: UnknownAnswer })[] = []
  /** Verified answers, whichever trades they are about: the key is right. */
  #tradeCount = 0
  /** Those about the very order that was queried: the merchant number is right, too. */
  #ownTradeCount = 0

  /** Somebody was answered: what others were refused for is their own, or comes and goes. */
  get heardTrade(): boolean {
    return this.#tradeCount > 0
  }

  /** Every answer passes here; null for one that waits for the others. */
  quarantine(found: Answered): Answered | null {
    const { answer } = found
    if (answer.kind === 'absent' && !isNotBegun(answer)) {
      this.#absent.push({ ...found, answer })
      return null
    }
    if (answer.kind === 'unknown' && answer.cause === 'unverified' && !answer.systemic) {
      this.#unverified.push({ ...found, answer })
      return null
    }
    if (answer.kind !== 'unknown') this.#tradeCount += 1
    if (isAnsweredBy(found.claimed.order, answer)) this.#ownTradeCount += 1
    return found
  }

  /** What is to be settled after all. What is systemic opens the breaker; null: nobody is told. */
  release(breaker: Breaker | null): readonly Answered[] {
    return [...this.#judgeAbsent(breaker), ...this.#judgeUnverified(breaker)]
  }

  /**
   * When most answers are absent, none may end an order that the gateway might know: it may be we who
   * ask for the wrong merchant. When orders that it has shown to know are absent, many of them and no
   * trade at all, it is: one trade proves the number right. Then they count as no answer. Numbers that
   * another system adopted here, and that the gateway has never known, prove nothing of the kind.
   */
  #judgeAbsent(breaker: Breaker | null): readonly Answered[] {
    const known = this.#absent.filter(({ claimed }) => isKnown(claimed.order)).length
    const systemic = this.#ownTradeCount === 0 && isSystemic(known, breaker)
    if (systemic && known >= systemicMin) {
      breaker?.observeAbsent(`all ${known} answers about known orders were "no such order"`)
    }
    const mostly =
      this.#absent.filter(({ claimed }) => mayBePaid(claimed.order)).length > this.#ownTradeCount
    return this.#absent.map((found) => ({
      ...found,
      answer: systemic ? disbelieved(found.answer) : found.answer,
      absenceCredible: !mostly || !mayBePaid(found.claimed.order),
    }))
  }

  /** One that cannot be verified may be a probe; all of them are a wrong key, or a proxy in between. */
  #judgeUnverified(breaker: Breaker | null): readonly Answered[] {
    const count = this.#unverified.length
    const alone = this.#tradeCount + this.#absent.length === 0
    const systemic = alone && isSystemic(count, breaker)
    if (systemic && count >= systemicMin) {
      const whys = this.#unverified.map(({ answer }) => answer.why)
      breaker?.observeUnverified(`none of ${count} answers could be verified`, whys)
    }
    return this.#unverified.map((found) => ({ ...found, answer: { ...found.answer, systemic } }))
  }
}

/**
 * Fewer answers of a kind than this may be chance: orders that another system never placed, or
 * signature probes. Absent ones end nothing then either, but the run goes on.
 */
const systemicMin = 3

/** While runs are held back, one is enough: nothing has changed. */
function isSystemic(count: number, breaker: Breaker | null): boolean {
  return breaker !== null && count >= (breaker.reason === null ? systemicMin : 1)
}

/** Whether the gateway has shown to know it: by a code, or by a trade. */
function isKnown({ standing }: Order): boolean {
  return standing === 'known'
}

/** Nobody can pay an order of ours that has no code. */
function mayBePaid({ adopted, codeUrl }: Order): boolean {
  return adopted || codeUrl !== null
}

function disbelieved(answer: AbsentAnswer): UnknownAnswer {
  return {
    kind: 'unknown',
    cause: 'forbidden',
    message: 'most answers of the run were "no such order": not believed',
    systemic: true,
    evidence: answer.evidence,
  }
}
