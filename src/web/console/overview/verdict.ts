import type { SchedulePolicy } from '../../../domain/schedule.ts'
import { type Readiness, type ReadinessCheck, warningMark } from '../../../health/readiness.ts'
import type { Audit } from '../../../store/store.ts'
import { byCause } from './causes.ts'
import type { Concern, Found } from './concern.ts'
import { countCalls } from './gateway-calls.ts'
import type { Histograms } from './histogram.ts'
import type { Snapshot } from './snapshot.ts'

/** `bad`: paid orders may be without their credit. `warn`: somebody ought to look. */
export type VerdictTone = 'good' | 'warn' | 'bad'

export interface Verdict {
  readonly tone: VerdictTone
  /** What is wrong, the worst first, and each after its cause. */
  readonly concerns: readonly Found[]
}

/** With these the promise is in danger. */
const bad: readonly Concern['kind'][] = [
  'books_wrong',
  'database_away',
  'database_faulty',
  'schema',
  'breaker',
  'gateway_useless',
  'clocks_disagree',
  'clock_stopped',
  'runs_stuck',
  'long_overdue',
  'falling_behind',
]

export interface Evidence {
  readonly snapshot: Snapshot
  /** What the gateway answered last: the latest minutes with `callsMin` calls. */
  readonly calls: Histograms<string>
  readonly policy: SchedulePolicy
}

/** Is the promise kept? And if not, what is wrong. */
export function verdictOf({ snapshot, calls, policy }: Evidence): Verdict {
  const { readiness, audit, vitals } = snapshot
  const found: readonly Concern[] = [
    ...auditConcerns(audit),
    ...readinessConcerns(snapshot),
    ...(vitals === null ? [] : overdueConcerns(snapshot, policy)),
    ...backlogConcerns(snapshot.backlog),
    ...gatewayConcerns(calls, readiness),
    ...(vitals === null || vitals.reviewQueue === 0
      ? []
      : [{ kind: 'reviews' as const, count: vitals.reviewQueue }]),
    ...byHandConcerns(snapshot, policy),
  ]
  const tone = found.some(isBad) ? 'bad' : found.length > 0 ? 'warn' : 'good'
  return { tone, concerns: byCause(found, isBad) }
}

export function isBad({ kind }: Concern): boolean {
  return bad.includes(kind)
}

function auditConcerns({ latest, hasFailed }: Snapshot['audit']): readonly Concern[] {
  const counts = Object.entries(latest?.counts ?? {}).filter(([, count]) => count > 0)
  if (counts.length > 0) {
    return [{ kind: 'books_wrong', counts: counts as readonly [keyof Audit, number][] }]
  }
  return hasFailed ? [{ kind: 'audit_failed' }] : []
}

function readinessConcerns({ readiness }: Snapshot): readonly Concern[] {
  if (readiness === null) return [{ kind: 'database_away' }]
  return readiness.checks.flatMap((check) => {
    const concern = check.ok ? quietConcern(check) : failedConcern(check, readiness)
    return concern === null ? [] : [concern]
  })
}

function quietConcern({ name, condition, detail }: ReadinessCheck): Concern | null {
  if (condition !== 'warning') return null
  if (name === 'engine') return { kind: 'engine_away' }
  return { kind: 'orders_unknown', detail: detail.slice(warningMark.length) }
}

function failedConcern({ name, condition, detail }: ReadinessCheck, readiness: Readiness): Concern {
  switch (name) {
    case 'database':
      return condition === 'away' ? { kind: 'database_away' } : { kind: 'database_faulty', detail }
    case 'schema':
      return { kind: 'schema', detail }
    case 'gateway':
      return condition === 'held'
        ? { kind: 'breaker', detail, triesItself: hasOwnRuns(readiness) }
        : { kind: 'gateway_useless', detail }
    case 'clocks':
      return { kind: 'clocks_disagree', detail }
    case 'engine':
      return { kind: 'engine_away' }
    default:
      return condition === 'stopped' ? { kind: 'clock_stopped' } : { kind: 'runs_stuck', detail }
  }
}

/** Unasked, and to their end: nothing is wrong that stops them. Clocks that disagree do not. */
function hasOwnRuns(readiness: Readiness): boolean {
  const isElsewhere = readiness.checks.some(
    ({ name, ok }) => name !== 'gateway' && name !== 'clocks' && !ok,
  )
  return !isElsewhere && !isByHand(readiness)
}

/** A run may come late once, and an order just too young for one waits for the next. */
const intervalsAllowed = 2
/** As long as three runs more. */
const intervalsBad = 5

/** Due at once, a new order waits for the threshold and the next run as a matter of course. */
function overdueConcerns(
  { vitals, readiness }: Snapshot,
  { thresholdMs, intervalMs }: SchedulePolicy,
): readonly Concern[] {
  const lateMs = (vitals?.mostOverdueMs ?? 0) - thresholdMs
  if (lateMs <= intervalsAllowed * intervalMs) return []
  const kind = lateMs > intervalsBad * intervalMs ? 'long_overdue' : 'overdue'
  return [{ kind, lateMs, isByHand: isByHand(readiness) }]
}

function backlogConcerns(backlog: Snapshot['backlog']): readonly Concern[] {
  if (backlog === null) return []
  const { remaining, doneInMs } = backlog
  return doneInMs === null
    ? [{ kind: 'falling_behind', remaining }]
    : [{ kind: 'catching_up', remaining, doneInMs }]
}

/** How far back the gateway's answers say something of now. */
export const latelyMs = 10 * 60_000

/** Of fewer calls, one that met its deadline says nothing. */
export const callsMin = 5

/** What the breaker tells is not told twice. */
function gatewayConcerns(
  calls: Histograms<string>,
  readiness: Readiness | null,
): readonly Concern[] {
  const isHeld = readiness?.checks.some(({ name, ok }) => name === 'gateway' && !ok)
  const { total, failed, failures } = countCalls(calls)
  if (isHeld === true || total.count < callsMin || failed * 2 < total.count) return []
  const outcome = failures[0]?.outcome ?? ''
  return [{ kind: 'gateway_failing', failed, total: total.count, outcome }]
}

/** Somebody else's clock may ask for the runs: then there are some. */
const byHandIntervals = 3

function byHandConcerns(
  { vitals, readiness }: Snapshot,
  { intervalMs }: SchedulePolicy,
): readonly Concern[] {
  if (!isByHand(readiness) || vitals === null) return []
  const { lastFinishedRunAt, now } = vitals
  const isRecent =
    lastFinishedRunAt !== null && +now - +lastFinishedRunAt <= byHandIntervals * intervalMs
  return isRecent ? [] : [{ kind: 'by_hand' }]
}

export function isByHand(readiness: Readiness | null): boolean {
  return readiness?.checks.some(({ condition }) => condition === 'by_hand') ?? false
}

export function isStopped(readiness: Readiness | null): boolean {
  return readiness?.checks.some(({ condition }) => condition === 'stopped') ?? false
}
