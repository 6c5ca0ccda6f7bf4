import { unknownCauses } from '../../../../domain/trade.ts'
import { type Histogram, type Histograms, totalOf } from './histogram.ts'

/** Outcomes of calls that failed: an answer that cannot be used has one of these causes. */
const failures: ReadonlySet<string> = new Set(unknownCauses)

export interface CallCounts {
  readonly total: Histogram
  readonly failed: number
  /** The commonest first. */
  readonly failures: readonly { readonly outcome: string; readonly count: number }[]
}

export function isFailure(outcome: string): boolean {
  return failures.has(outcome)
}

export function countCalls(calls: Histograms<string>): CallCounts {
  const failed = [...calls]
    .filter(([outcome]) => failures.has(outcome))
    .map(([outcome, { count }]) => ({ outcome, count }))
    .sort((a, b) => b.count - a.count)
  return {
    total: totalOf(calls),
    failed: failed.reduce((sum, { count }) => sum + count, 0),
    failures: failed,
  }
}
