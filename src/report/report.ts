import type { Fen } from '../domain/money.ts'
import { isCredible } from '../job/plausibility.ts'
import type { Finding } from './finding.ts'
import type { Reread } from './reread.ts'
import type { SourceState } from './state/state.ts'
import type { StopReason } from './stopper.ts'

/** What is paid at the gateway and not credited in the sources. */
export interface Report {
  /** The paid rows by the time of their payment, then those that were skipped in the order of reading. */
  readonly findings: readonly Finding[]
  /** Of the amounts in the list. */
  readonly sum: Fen
  readonly rows: number
  readonly queried: number
  /** Those of `unread` included. */
  readonly unanswered: number
  /** About how many rows were not even read, because the report was stopped. */
  readonly unread: number
  /** They cannot be understood. At most `faultsListedMax` of a source are listed. */
  readonly skipped: number
  /** Credited by the shop's own program before the end of the report: they are not listed. */
  readonly creditedMeanwhile: number
  readonly doubtful: readonly DoubtfulSource[]
  readonly stopped: StopReason | null
  /** Rows that were created later are not in it; null: the report was not resumed. */
  readonly resumedFrom: Date | null
}

/** Most of its numbers are not known to the gateway: they may be another merchant's. */
export interface DoubtfulSource {
  readonly name: string
  readonly absent: number
  readonly trades: number
}

/** What is known of one source at the end. */
export interface SourceEnd extends Reread {
  readonly name: string
  readonly state: SourceState
  /** How many rows the window has, as far as its database knows. */
  readonly estimate: number
}

export function reportOf(
  ends: readonly SourceEnd[],
  { stopped, resumedFrom }: Pick<Report, 'stopped' | 'resumedFrom'>,
): Report {
  const findings = [
    ...ends.flatMap(({ listed }) => listed).sort(byPayment),
    ...ends.flatMap(({ state }) => state.faults),
  ]
  const total = (part: (end: SourceEnd) => number) => ends.reduce((sum, end) => sum + part(end), 0)
  const skipped = total(({ state }) => state.skipped)
  const left = total(({ state }) => state.left.size)
  const unread = stopped === null ? 0 : total(unreadOf)
  const read = total(({ state }) => state.rows)
  return {
    ...{ findings, skipped, unread, stopped, resumedFrom },
    sum: findings.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n),
    rows: read + unread,
    queried: read - skipped - left,
    unanswered: left + unread,
    creditedMeanwhile: total(({ creditedCount }) => creditedCount),
    doubtful: ends.filter(isDoubtful).map(({ name, state: { absent, trades } }) => ({
      ...{ name, absent, trades },
    })),
  }
}

function byPayment(one: Finding, other: Finding): number {
  const paidMs = ({ paidAt }: Finding) => (paidAt === null ? Number.POSITIVE_INFINITY : +paidAt)
  const number = ({ orderNo }: Finding) => orderNo ?? ''
  if (paidMs(one) !== paidMs(other)) return paidMs(one) < paidMs(other) ? -1 : 1
  return number(one) < number(other) ? -1 : Number(number(one) > number(other))
}

/** The estimate may be too low: there is one more at least, or it is not known that there is none. */
function unreadOf({ state, estimate }: SourceEnd): number {
  return state.isRead ? 0 : Math.max(1, estimate - state.rows)
}

/** A wrong merchant number looks like this; so does a table of orders that were never placed. */
function isDoubtful({ state: { absent, trades } }: SourceEnd): boolean {
  return !isCredible(absent, trades)
}

/**
 * 0: every row was answered, and nothing was found. 3: found. 1: the list may lack rows, whatever is in
 * it. Rows that the gateway does not know are answered; but while they are the most, nothing found does
 * not mean that nothing was paid.
 */
export function exitCodeOf(report: Report): 0 | 1 | 3 {
  const { stopped, unanswered, skipped, findings, doubtful } = report
  if (stopped !== null || unanswered > 0 || skipped > 0) return 1
  if (findings.length > 0) return 3
  return doubtful.length > 0 ? 1 : 0
}
