import { shanghaiDay } from '../text/shanghai-time.ts'

const dayMs = 86_400_000
const offsetMs = 8 * 3_600_000

/**
 * How far the clocks of a shop and of the gateway may be apart: WeChat Pay rejects requests whose
 * clock is off by more. What was paid this close to midnight may be in the bill of the other day.
 */
const clockMs = 5 * 60_000

/** The days whose payments are in the bills: those of Shanghai. */
export class CoveredDays {
  readonly #days = new Set<number>()

  add(at: Date): void {
    this.#days.add(dayOf(+at))
  }

  /** The day of that time is there, and the other one where midnight is near. */
  has(paidAt: Date): boolean {
    return [0, -clockMs, clockMs].every((ms) => this.#days.has(dayOf(+paidAt + ms)))
  }

  /** `2026-01-24`, in order. */
  list(): readonly string[] {
    return [...this.#days].sort((a, b) => a - b).map((day) => shanghaiDay(new Date(day * dayMs)))
  }
}

function dayOf(ms: number): number {
  return Math.floor((ms + offsetMs) / dayMs)
}
