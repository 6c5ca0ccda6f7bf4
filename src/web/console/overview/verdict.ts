import { totalOf } from '../../../domain/review/exception.ts'
import type { SchedulePolicy } from '../../../domain/runs/schedule.ts'
import { type Readiness, type ReadinessCheck, warningMark } from '../../../health/readiness.ts'
import type { Audit } from '../../../store/store.ts'
import { byCause } from './causes.ts'
import type { Concern, Found } from './concern.ts'
import { countCalls } from './history/gateway-calls.ts'
import type { Histograms } from './history/histogram.ts'
import type { Snapshot } from './snapshot.ts'

/** `bad`: paid orders may not be credited. `warn`: somebody should look. */
export type VerdictTone = 'good' | 'warn' | 'bad'

export interface Verdict {
  readonly tone: VerdictTone
  /** The worst first, each after its cause. */
  readonly concerns: readonly Found[]
}

/** With these, paid orders may not be credited. */
const bad: readonly Concern['kind'][] = [
  'books_wrong',
  'database_away',
  'database_faulty',
  'schema',
  'breaker',
  'gateway_useless',
  'merchants_stopped',
  'clocks_disagree',
  'clock_stopped',
  'runs_stuck',
  'long_overdue',
  'falling_behind',
]

export interface Evidence {
  readonly snapshot: Snapshot
  /** Outcomes of the latest minutes with at least `callsMin` calls to the gateway. */
  readonly calls: Histograms<string>
  readonly policy: SchedulePolicy
}

/** Are paid orders credited? If not, what is wrong? */
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
    ...exceptionConcerns(vitals),
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
  const shared = readiness.checks.filter(({ merchant }) => merchant === undefined)
  return [
    ...shared.flatMap((check) => {
      const concern = check.ok ? quietConcern(check) : failedConcern(check, readiness)
      return concern === null ? [] : [concern]
    }),
    ...merchantsConcerns(readiness),
  ]
}

/** One concern for all merchants with a fault of one kind: the table of merchants has each. */
function merchantsConcerns({ checks }: Readiness): readonly Concern[] {
  const concern = (
    kind: 'merchants_stopped' | 'clocks_disagree' | 'orders_unknown',
    name: ReadinessCheck['name'],
    ...conditions: ReadinessCheck['condition'][]
  ) => {
    const found = checks.filter(
      (check) =>
        check.merchant !== undefined && check.name === name && conditions.includes(check.condition),
    )
    const merchants = found.flatMap(({ merchant }) => merchant ?? [])
    return found.slice(0, 1).map((first) => ({ kind, merchants, detail: plainDetail(first) }))
  }
  return [
    ...concern('merchants_stopped', 'gateway', 'held', 'faulty'),
    ...concern('clocks_disagree', 'clocks', 'faulty'),
    ...concern('orders_unknown', 'gateway', 'warning'),
  ]
}

/** Without the mark of a warning. */
function plainDetail({ condition, detail }: ReadinessCheck): string {
  return condition === 'warning' ? detail.slice(warningMark.length) : detail
}

function quietConcern(check: ReadinessCheck): Concern | null {
  const { name, condition } = check
  if (condition !== 'warning') return null
  if (name === 'engine') return { kind: 'engine_away' }
  // Reviews are a concern of their own: see `exceptionConcerns`.
  if (name === 'exceptions') return null
  return { kind: 'orders_unknown', detail: plainDetail(check) }
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

/** Runs start by themselves and finish: no failed check stops them. Clocks that disagree do not. */
function hasOwnRuns(readiness: Readiness): boolean {
  const isElsewhere = readiness.checks.some(
    ({ name, ok }) => name !== 'gateway' && name !== 'clocks' && !ok,
  )
  return !isElsewhere && !isByHand(readiness)
}

/** A run may be late once, and an order that is just too young for a run waits for the next one. */
export const intervalsAllowed = 2
/** Three more runs. */
export const intervalsBad = 5

/** A new order is due at once, but normally waits for the threshold and the next run. */
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

/** Older answers of the gateway do not show its state now. */
export const latelyMs = 10 * 60_000

/** With fewer calls, single timeouts would decide. */
export const callsMin = 5

/** Nothing while the breaker holds runs back: that is a concern of its own. */
function gatewayConcerns(
  calls: Histograms<string>,
  readiness: Readiness | null,
): readonly Concern[] {
  const isHeld = readiness?.checks.some(
    ({ name, ok, condition }) => name === 'gateway' && (!ok || condition === 'held'),
  )
  const { total, failed, failures } = countCalls(calls)
  if (isHeld === true || total.count < callsMin || failed * 2 < total.count) return []
  const outcome = failures[0]?.outcome ?? ''
  return [{ kind: 'gateway_failing', failed, total: total.count, outcome }]
}

function exceptionConcerns(vitals: Snapshot['vitals']): readonly Concern[] {
  const { review: _, ...others } = vitals?.exceptions ?? {}
  const total = totalOf(others)
  return total.count === 0 ? [] : [{ kind: 'exceptions', ...total }]
}

/** An external scheduler may start the runs: then there are recent ones. */
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
