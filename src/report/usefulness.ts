import type { Answer, UnknownWhy } from '../domain/trade.ts'
import type { Breaker } from '../job/breaker.ts'
import type { Stopper } from './stopper.ts'

/**
 * Fewer answers that cannot be verified may be signature probes, which the gateway sends now and then. With
 * none that can be verified among them, the key is wrong.
 */
const unverifiedMin = 20

/** The gateway is away, and not only slow, when a row was given up and this many queries in a row failed. */
const uselessMin = 200

/** This many answers in a row that are "no such order" are worth a message: the merchant number may be wrong. */
const absentMin = 100

interface UsefulnessParts {
  readonly breaker: Breaker
  readonly stopper: Stopper
  readonly onDoubt: (message: string) => void
}

/** Stops a report whose queries would all fail. The breaker stops it for a cause that one answer shows. */
export class Usefulness {
  readonly #breaker: Breaker
  readonly #stopper: Stopper
  readonly #onDoubt: (message: string) => void
  #uselessCount = 0
  #isDoubted = false
  /** Before the first verified answer. */
  #unverified: (UnknownWhy | undefined)[] | null = []

  constructor({ breaker, stopper, onDoubt }: UsefulnessParts) {
    this.#breaker = breaker
    this.#stopper = stopper
    this.#onDoubt = onDoubt
  }

  /** To be called after the breaker's. */
  observe(answer: Answer): void {
    const { answers } = this.#breaker
    if (answers.absentCount >= absentMin && !this.#isDoubted) {
      this.#isDoubted = true
      this.#onDoubt(answers.doubt({ withinMs: Number.POSITIVE_INFINITY }) ?? '')
    }
    this.#uselessCount = answer.kind === 'unknown' ? this.#uselessCount + 1 : 0
    if (answer.kind === 'trade') this.#unverified = null
    if (answer.kind !== 'unknown' || answer.cause !== 'unverified') return
    this.#unverified?.push(answer.why)
    const count = this.#unverified?.length ?? 0
    if (count < unverifiedMin) return
    this.#breaker.observeUnverified(
      `none of ${count} answers could be verified`,
      this.#unverified ?? [],
    )
  }

  /** To be called after `observe`, when a row has no answer after its last try. */
  giveUp(): void {
    if (this.#uselessCount < uselessMin) return
    const message = this.#breaker.answers.fault({ withinMs: Number.POSITIVE_INFINITY })
    this.#stopper.stop({ kind: 'gateway', message: message ?? 'no query had a valid answer' })
  }
}
