import type { Unanswered } from './compare.ts'
import type { Row } from './row-queue.ts'

/** How long a report waits before it tries again. */
export interface Waits {
  /** Between the queries about one row, while they have no answer. */
  readonly queryMs: readonly number[]
  /** After "too many requests". */
  readonly throttledMs: number
  readonly throttlesMax: number
  /** For a query that was not sent, because the gateway answers few about old orders. */
  readonly unsentMs: number
  /** Between the tries to read from a source. */
  readonly sourceMs: readonly number[]
}

/**
 * A gateway that is away for some minutes costs no row. The rate limiter slows down by itself after "too
 * many requests"; a row is given up only after ten minutes of them.
 */
export const defaultWaits: Waits = {
  queryMs: [2_000, 10_000, 30_000, 60_000, 120_000, 240_000],
  throttledMs: 5_000,
  throttlesMax: 120,
  unsentMs: 4_000,
  sourceMs: [1_000, 2_000, 5_000, 10_000, 20_000],
}

/** Until when the row waits for its next query; null: it is given up. */
export function nextWaitMs(row: Row, { cause }: Unanswered, waits: Waits): number | null {
  if (cause === 'throttled') {
    row.throttles += 1
    return row.throttles > waits.throttlesMax ? null : waits.throttledMs
  }
  // The same request would be refused again.
  if (cause === 'refused') return null
  row.failures += 1
  return waits.queryMs[row.failures - 1] ?? null
}
