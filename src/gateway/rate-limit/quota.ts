import type { Penalty } from '../../domain/runs/rate-limiter.ts'

/** The rate of queries that one merchant may send, all processes together. */
export interface Quota {
  /** Waits for a reservation; null when none came before the signal. Nothing is spent then. */
  take(signal: AbortSignal, options?: TakeOptions): Promise<Reservation | null>
  /** The gateway refused the request of this reservation with 429. Every process waits, longer each time in a row. */
  penalize(reservation: Reservation | null): Promise<Penalty>
  /** Why nothing can be reserved now; null when it can. */
  readonly lastError: string | null
}

export interface TakeOptions {
  /** A person waits for the answer, so it goes before the queries of the job. */
  readonly urgent?: boolean
  /** How many queries of the same run follow at once; slots are reserved for them too. */
  readonly ahead?: number
}

export interface Reservation {
  /** When it is due, by the limiter's clock. */
  readonly at: number
}

/** For a gateway without a limit. */
export const unlimited: Quota = {
  take: async (signal) => (signal.aborted ? null : { at: 0 }),
  penalize: async () => ({ forMs: 0, first: true }),
  lastError: null,
}
