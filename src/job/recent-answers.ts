import { type Clock, systemClock } from '../domain/clock.ts'
import { type Answer, isNotBegun, type UnknownAnswer, type UnknownCause } from '../domain/trade.ts'

/** Fewer in a row may be chance: a connection that broke, a signature probe, a number that nobody placed. */
const inARowMin = 3

/**
 * The last answers of the gateway to this process. The breaker judges runs; this one counts every
 * answer, so that a merchant with few orders is told as well.
 *
 * "No such order" is signed by nobody: it neither shows that answers can be verified nor that they cannot.
 */
export class RecentAnswers {
  readonly #clock: Clock
  /** In a row, since the last one that counts; by their causes. */
  #useless = new Map<UnknownCause, number>()
  #absentCount = 0
  #uselessAt = 0
  #absentAt = 0

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  observe(answer: Answer | UnknownAnswer): void {
    if (answer.kind === 'trade' || isNotBegun(answer)) this.heardOurs()
    else if (answer.kind === 'absent') this.#heardAbsent()
    else if (!neverAsked.has(answer.cause)) this.#heardUseless(answer)
  }

  #heardAbsent(): void {
    this.#absentCount += 1
    this.#absentAt = +this.#clock()
  }

  #heardUseless(answer: UnknownAnswer): void {
    this.#useless.set(answer.cause, (this.#useless.get(answer.cause) ?? 0) + 1)
    this.#uselessAt = +this.#clock()
  }

  /** A verified word about a trade of ours: key, way and merchant number are right. */
  heardOurs(): void {
    this.#useless = new Map()
    this.#absentCount = 0
  }

  /** A callback for an order of ours. That questions are answered, it does not show. */
  heardCallback(): void {
    this.#absentCount = 0
  }

  /** In a row, without one that counts. */
  get uselessCount(): number {
    return [...this.#useless.values()].reduce((sum, count) => sum + count, 0)
  }

  /** "No such order" since the last word about a trade. */
  get absentCount(): number {
    return this.#absentCount
  }

  /** Why answers of late are worth nothing; null: the last one counts, or there were few, long ago. */
  fault({ withinMs }: { withinMs: number }): string | null {
    if (this.uselessCount < inARowMin || !this.#isRecent(this.#uselessAt, withinMs)) return null
    const [[cause] = ['network' as const]] = [...this.#useless].sort(([, a], [, b]) => b - a)
    return `${this.uselessCount} questions in a row had no answer that counts: ${causesInWords[cause] ?? cause}`
  }

  /**
   * Numbers that the gateway does not know are ordinary where another system adopts before it places;
   * but a wrong merchant number looks the same.
   */
  doubt({ withinMs }: { withinMs: number }): string | null {
    if (this.#absentCount < inARowMin || !this.#isRecent(this.#absentAt, withinMs)) return null
    return `${this.#absentCount} answers in a row were "no such order": is the merchant number right?`
  }

  #isRecent(at: number, withinMs: number): boolean {
    return Math.abs(+this.#clock() - at) <= withinMs
  }
}

/** These are of our own making. */
const neverAsked: ReadonlySet<UnknownCause> = new Set(['foreign', 'quota', 'aged'])

const causesInWords: Partial<Record<UnknownCause, string>> = {
  timeout: 'there was none in time',
  network: 'no connection',
  server_error: 'errors of the gateway (5xx)',
  throttled: 'too many questions (429)',
  unverified:
    "they cannot be verified; is the gateway's public key right, and does no proxy strip headers?",
  unparsable: 'they are not what was asked for',
  refused: 'they are refusals (4xx)',
  unauthorized: '401; is our private key, serial number or clock wrong?',
  forbidden: '403; may this merchant ask?',
}
