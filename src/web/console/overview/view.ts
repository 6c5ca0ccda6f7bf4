import type { Source } from '../../../domain/order-states.ts'
import type { SchedulePolicy } from '../../../domain/runs/schedule.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { OverviewFeed } from './feed.ts'
import { type ChartSpan, type Slot, slotsOf } from './history/charts.ts'
import type { Histograms, Span } from './history/histogram.ts'
import type { Snapshot } from './snapshot.ts'
import { callsMin, latelyMs, type Verdict, verdictOf } from './verdict.ts'

/** All that the overview shows, for one span. */
export interface View {
  readonly span: ChartSpan
  readonly policy: SchedulePolicy
  readonly snapshot: Snapshot
  /** By the database's clock; by this process's while the database is away. */
  readonly now: Date
  readonly verdict: Verdict
  /** Calls to the gateway of the last minutes, by outcome. */
  readonly lately: Histograms<string>
  /** Credits of the span, as far as they have been read. */
  readonly credits: Histograms<Source>
  /** Null: the span has been read to its beginning. */
  readonly readFrom: Date | null
  readonly slots: readonly Slot[]
}

export interface Viewer {
  readonly locale: Locale
  readonly span: ChartSpan
}

export function viewOf(
  {
    snapshot,
    feed,
    policy,
    clock,
  }: { snapshot: Snapshot; feed: OverviewFeed; policy: SchedulePolicy; clock: () => Date },
  { span }: Pick<Viewer, 'span'>,
): View {
  const { credits, calls } = feed
  const here = clock()
  const now = snapshot.vitals?.now ?? here
  const shown: Span = { fromMs: +now - span.hours * 3_600_000, toMs: +now + 1 }
  const ofLate: Span = { fromMs: +here - latelyMs, toMs: +here + 1 }
  const lately = calls.sum(ofLate)
  const last = calls.sumLatest(ofLate, { countMin: callsMin })
  const isRead = credits.fromMs !== null && credits.fromMs <= shown.fromMs
  return {
    ...{ span, policy, snapshot, now, lately },
    verdict: verdictOf({ snapshot, calls: last, policy }),
    credits: credits.sum(shown),
    readFrom: isRead || credits.fromMs === null ? null : new Date(credits.fromMs),
    slots: slotsOf({ credits, calls }, { nowMs: +now, span }),
  }
}
