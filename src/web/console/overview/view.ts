import type { SchedulePolicy } from '../../../domain/schedule.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { type ChartSpan, type Slot, slotsOf } from './charts.ts'
import type { Pulse } from './pulse.ts'
import type { Reading } from './reading.ts'
import type { Span, Tally } from './tallies.ts'
import { callsMin, latelyMs, type Verdict, verdictOf } from './verdict.ts'

/** All that the overview shows, to one kind of viewer. */
export interface View {
  readonly locale: Locale
  readonly span: ChartSpan
  readonly policy: SchedulePolicy
  readonly reading: Reading
  /** By the database's clock; by this process's while that is away. */
  readonly now: Date
  readonly verdict: Verdict
  /** What the gateway answered lately, by outcome. */
  readonly lately: ReadonlyMap<string, Tally>
  /** Credits of the span, as far as they have been read. */
  readonly credits: ReturnType<Pulse['credits']['sum']>
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
    reading,
    pulse,
    policy,
    clock,
  }: { reading: Reading; pulse: Pulse; policy: SchedulePolicy; clock: () => Date },
  { locale, span }: Viewer,
): View {
  const { credits, calls } = pulse
  const here = clock()
  const now = reading.vitals?.now ?? here
  const shown: Span = { fromMs: +now - span.hours * 3_600_000, toMs: +now + 1 }
  const ofLate: Span = { fromMs: +here - latelyMs, toMs: +here + 1 }
  const lately = calls.sum(ofLate)
  const last = calls.sumLatest(ofLate, { countMin: callsMin })
  const isRead = credits.fromMs !== null && credits.fromMs <= shown.fromMs
  return {
    ...{ locale, span, policy, reading, now, lately },
    verdict: verdictOf({ reading, calls: last, policy }),
    credits: credits.sum(shown),
    readFrom: isRead || credits.fromMs === null ? null : new Date(credits.fromMs),
    slots: slotsOf({ credits, calls }, { nowMs: +now, span }),
  }
}
