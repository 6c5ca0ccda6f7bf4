import { type Clock, systemClock } from '../domain/clock.ts'
import { type Answer, isNotBegun, type UnknownAnswer, type UnknownCause } from '../domain/trade.ts'
import type { CauseWords } from '../gateway/gateway.ts'
import { anyGatewaysWords } from './cause-words.ts'

/**
 * Fewer in a row may be coincidence: a broken connection, a signature probe, a number that was never
 * placed.
 */
const inARowMin = 3

/**
 * The last answers of the gateway to this process. The breaker compares the answers of a run; this counts
 * every answer, so that faults show for a merchant with few orders, too.
 *
 * "No such order" is not signed: it shows neither that answers can be verified nor that they cannot.
 */
export class RecentAnswers {
  readonly #clock: Clock
  readonly #words: CauseWords
  /** In a row, since the last one that counts; by their causes. */
  #useless = new Map<UnknownCause, number>()
  #absentCount = 0
  #uselessAt = 0
  #absentAt = 0

  constructor(clock: Clock = systemClock, words: CauseWords = anyGatewaysWords) {
    this.#clock = clock
    this.#words = words
  }

  observe(answer: Answer | UnknownAnswer): void {
    if (answer.kind === 'trade' || isNotBegun(answer)) this.noteOwnTrade()
    else if (answer.kind === 'absent') this.#countAbsent()
    else if (!neverSent.has(answer.cause)) this.#countUseless(answer)
  }

  #countAbsent(): void {
    this.#absentCount += 1
    this.#absentAt = +this.#clock()
  }

  #countUseless(answer: UnknownAnswer): void {
    this.#useless.set(answer.cause, (this.#useless.get(answer.cause) ?? 0) + 1)
    this.#uselessAt = +this.#clock()
  }

  /** A verified answer about a trade of ours: key, network and merchant number are right. */
  noteOwnTrade(): void {
    this.#useless = new Map()
    this.#absentCount = 0
  }

  /** A callback for an order of ours. It does not show that queries are answered. */
  noteCallback(): void {
    this.#absentCount = 0
  }

  /** How many answers in a row were of no use. */
  get uselessCount(): number {
    return [...this.#useless.values()].reduce((sum, count) => sum + count, 0)
  }

  /** How many were "no such order" since the last one about a trade. */
  get absentCount(): number {
    return this.#absentCount
  }

  /**
   * Why recent answers are of no use; null: the last one was useful, or there were few, or they are
   * too old.
   */
  fault({ withinMs }: { withinMs: number }): string | null {
    if (this.uselessCount < inARowMin || !this.#isRecent(this.#uselessAt, withinMs)) return null
    const [[cause] = ['network' as const]] = [...this.#useless].sort(([, a], [, b]) => b - a)
    return `${this.uselessCount} queries in a row had no valid answer: ${this.#words[cause] ?? cause}`
  }

  /**
   * Numbers that the gateway does not know are normal where a system adopts its orders before it places
   * them; but a wrong merchant number looks the same.
   */
  doubt({ withinMs }: { withinMs: number }): string | null {
    if (this.#absentCount < inARowMin || !this.#isRecent(this.#absentAt, withinMs)) return null
    return `${this.#absentCount} answers in a row were "no such order": is the merchant number right?`
  }

  #isRecent(at: number, withinMs: number): boolean {
    return Math.abs(+this.#clock() - at) <= withinMs
  }
}

/** For these causes no query was sent. */
const neverSent: ReadonlySet<UnknownCause> = new Set(['foreign', 'quota', 'old_order_limit'])
