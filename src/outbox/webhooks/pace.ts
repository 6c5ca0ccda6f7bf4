import type { Attempt } from '../../domain/webhooks/delivery.ts'

/** At once. A receiver that takes 50 ms takes 160 a second, from each process. */
const widthMax = 8

/** What is claimed at once is sent within this time, so that claims are few where a receiver is fast. */
const horizonMs = 250
const aheadMax = 500

/** Of how many attempts the mean is. */
const meanOver = 16

/**
 * How fast one endpoint gets its deliveries: after a success one more at a time, after a failure half as
 * many, and nothing ahead.
 */
export class Pace {
  /** How many are sent at once. */
  width = 1
  /** Of the last attempts; null: there is none since the last failure. */
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
