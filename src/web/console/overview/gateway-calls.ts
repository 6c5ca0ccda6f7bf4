import type { UnknownCause } from '../../../domain/trade.ts'
import { type Histogram, type Histograms, totalOf } from './histogram.ts'

/** Outcomes of calls that failed. Queries for which the rate limiter had no slot were never sent. */
const failures: Readonly<Record<Exclude<UnknownCause, 'quota' | 'old_order_limit'>, true>> = {
  timeout: true,
  network: true,
  server_error: true,
  throttled: true,
  unverified: true,
  unparsable: true,
  refused: true,
  unauthorized: true,
  forbidden: true,
  foreign: true,
}

export interface CallCounts {
  readonly total: Histogram
  readonly failed: number
  /** The commonest first. */
  readonly failures: readonly { readonly outcome: string; readonly count: number }[]
}

export function countCalls(calls: Histograms<string>): CallCounts {
  const failed = [...calls]
    .filter(([outcome]) => outcome in failures)
    .map(([outcome, { count }]) => ({ outcome, count }))
    .sort((a, b) => b.count - a.count)
  return {
    total: totalOf(calls),
    failed: failed.reduce((sum, { count }) => sum + count, 0),
    failures: failed,
  }
}
