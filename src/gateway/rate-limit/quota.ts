import type { Penalty } from '../../domain/rate-limiter.ts'

/** The questions a second that the whole merchant may ask, over all processes. */
export interface Quota {
  /** Waits for a place; null when none came before the signal. Nothing is spent then. */
  take(signal: AbortSignal, options?: TakeOptions): Promise<Reservation | null>
  /** The gateway said "too many" to what had this place: everybody waits, longer each time in a row. */
  penalize(place: Reservation | null): Promise<Penalty>
  /** Why no places are to be had at the moment; null when they come in their turn. */
  readonly lastError: string | null
}

export interface TakeOptions {
  /** Somebody waits for the answer: it goes before the questions of the job. */
  readonly urgent?: boolean
  /** How many questions of the same run follow at once; for them places are reserved, too. */
  readonly ahead?: number
}

export interface Reservation {
  /** When it was, by the clock of its line. */
  readonly at: number
}

/** For a gateway without a limit. */
export const unlimited: Quota = {
  take: async (signal) => (signal.aborted ? null : { at: 0 }),
  penalize: async () => ({ forMs: 0, first: true }),
  lastError: null,
}
