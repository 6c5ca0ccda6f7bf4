import type { Attempt } from '../../domain/webhooks/delivery.ts'

/** Requests at once. A receiver that needs 50 ms for each gets 320 a second from each process. */
const widthMax = 16

/** As many are claimed ahead as can be sent in this time: a fast receiver needs few claims. */
const horizonMs = 250
const aheadMax = 1000

/** The mean is over about this many attempts. */
const meanOver = 16

/**
 * How fast one endpoint gets its deliveries: after a success one more at a time, after a failure half as
 * many, and nothing ahead.
 */
export class Pace {
  /** How many are sent at once. */
  width = 1
  /** The mean duration of the last attempts; null: none has succeeded since the last failure. */
  #meanMs: number | null = null

  /** How many may be claimed, and not answered yet. */
  get ahead(): number {
    const sentSoon = Math.ceil((this.width * horizonMs) / Math.max(1, this.#meanMs ?? horizonMs))
    return Math.min(aheadMax, Math.max(this.width, sentSoon))
  }

  note({ outcome, durationMs }: Pick<Attempt, 'outcome' | 'durationMs'>): void {
    if (outcome === 'delivered') {
      this.width = Math.min(widthMax, this.width + 1)
      this.#meanMs ??= durationMs
      this.#meanMs += (durationMs - this.#meanMs) / meanOver
    } else {
      this.width = Math.ceil(this.width / 2)
      this.#meanMs = null
    }
  }
}
