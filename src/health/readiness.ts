import { formatFen } from '../domain/money.ts'
import { totalOf } from '../domain/review/exception.ts'
import type { Clocks } from '../domain/runs/clocks.ts'
import { farthestMs, type SchedulePolicy } from '../domain/runs/schedule.ts'
import type { Breaker } from '../job/breaker.ts'
import type { EngineVitals } from '../queue/engine.ts'
import type { SchemaState } from '../store/schema/state.ts'
import type { Store, Vitals } from '../store/store.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { type DatabaseState, patienceMs } from './database-state.ts'
import { type Timely, valueIn } from './single-flight.ts'

/** Whether budan can credit payments now. */
export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly ReadinessCheck[]
  /** The vitals that the checks used, so that a caller need not read them again; null: they cannot be read. */
  readonly vitals: Vitals | null
}

export interface ReadinessCheck {
  readonly name:
    | 'database'
    | 'schema'
    | 'clocks'
    | 'gateway'
    | 'engine'
    | 'schedule'
    | 'exceptions'
    | 'webhooks'
    | 'events'
  /** Whose it is, where there are several. */
  readonly merchant?: string
  readonly ok: boolean
  readonly condition: Condition
  /** For people. */
  readonly detail: string
}

/** For programs; `detail` says the same in words. */
export type Condition = (typeof conditions)[number]

export const conditions = [
  'well',
  'warning', // well enough, and somebody ought to look at it
  'faulty',
  'away', // the database does not answer
  'held', // the breaker holds runs back
  'by_hand', // runs are made by hand alone
  'stopped', // the clock is
] as const

export interface Examined {
  readonly kind: Store['kind']
  readonly database: DatabaseState
  /** One at least. */
  readonly merchants: readonly ExaminedMerchant[]
  readonly policy: SchedulePolicy
  /** Whether budan starts runs by itself. False: each run is started by a command or a request. */
  readonly enabled: boolean
  /** How long the job's clock has been running; null: it is stopped. */
  readonly runningMs: number | null
  readonly engine: EngineVitals
  /** Endpoints of webhooks; null or absent: there are none, or they cannot be read now. */
  readonly endpoints?: readonly ExaminedEndpoint[] | null
  /** How long this node has been giving positions to published events; null or absent: it does not. */
  readonly positioningMs?: number | null
}

export interface ExaminedEndpoint {
  readonly name: string
  readonly isFailing: boolean
  /** Deliveries that were given up, and are kept. */
  readonly failed: number
}

/** What is one merchant's own. */
export interface ExaminedMerchant {
  readonly name: string
  readonly breaker: Breaker
  readonly clocks: Pick<Clocks, 'skews' | 'disagreement'>
}

/** Pure. A part that cannot be read while the database is away has no check. */
export function readinessOf(examined: Examined): Readiness {
  const { database, merchants, policy } = examined
  const vitals = valueIn(database.vitals)
  const schema = valueIn(database.schema)
  const checks = [
    databaseCheck(examined),
    ...(schema === null ? [] : [schemaCheck(schema)]),
    ...ofMerchants(merchants, ({ clocks }) => clocksChecks(clocks)),
    ...ofMerchants(merchants, ({ breaker }) => [gatewayCheck(breaker, policy)]),
    engineCheck(examined.engine),
    ...(vitals === null ? [] : [scheduleCheck(examined, vitals), exceptionsCheck(vitals)]),
    ...webhookChecks(examined.endpoints ?? []),
    ...(vitals === null ? [] : eventsChecks(examined, vitals)),
  ]
  return { ready: checks.every((check) => check.ok), checks, vitals }
}

/**
 * What stops one of several merchants is no fault of the others: it makes the service unready only where
 * it stops all of them.
 */
function ofMerchants(
  merchants: readonly ExaminedMerchant[],
  checksOf: (merchant: ExaminedMerchant) => readonly ReadinessCheck[],
): readonly ReadinessCheck[] {
  if (merchants.length === 1) return merchants.flatMap(checksOf)
  const checks = merchants.flatMap((each) =>
    checksOf(each).map((check) => ({ ...check, merchant: each.name })),
  )
  const isAnyWell = checks.some(({ ok }) => ok)
  return checks.map((check) => (check.ok || !isAnyWell ? check : { ...check, ok: true }))
}

type Fault = Pick<ReadinessCheck, 'condition' | 'detail'>

const away: Fault = { condition: 'away', detail: 'it does not answer: see the log' }

function faulty(detail: string): Fault {
  return { condition: 'faulty', detail }
}

/** A read-only database answers, but no payment can be credited. */
function databaseCheck({ kind, database }: Examined): ReadinessCheck {
  const { time, vitals, schema, writeFault } = database
  const fault =
    noAnswer(time) ?? refusalIn(writeFault) ?? withheld(vitals, schema) ?? stuckWrite(writeFault)
  if (fault !== null) return { name: 'database', ok: false, ...fault }
  return kind === 'pglite'
    ? passing('database', 'embedded: survives a crash of the process, not a power cut')
    : passing('database', 'PostgreSQL')
}

function noAnswer({ kind }: Timely<unknown>): Fault | null {
  if (kind === 'answered') return null
  return kind === 'late'
    ? faulty(`it has not answered within ${patienceMs / 1000} s: it is overloaded, or hangs`)
    : away
}

function refusalIn(writeFault: DatabaseState['writeFault']): Fault | null {
  const fault = valueIn(writeFault)
  switch (fault?.kind) {
    case undefined:
      return null
    case 'read-only':
      return faulty('it is read-only: nothing can be credited')
    case 'full':
      return faulty('it has no room left: nothing can be credited')
    case 'other':
      return faulty(`it takes no writes: ${fault.message}`)
  }
}

/** With a schema that is behind, columns are missing: the check of the schema reports that. */
function withheld(vitals: Timely<Vitals>, schema: Timely<SchemaState>): Fault | null {
  const parts: readonly Timely<unknown>[] = [vitals, schema]
  if (parts.some(({ kind }) => kind === 'late')) {
    return faulty(
      `it answers, but its tables cannot be read within ${patienceMs / 1000} s: they are locked, or it is overloaded`,
    )
  }
  if (schema.kind === 'answered' && schema.value.pending.length > 0) return null
  return parts.some(({ kind }) => kind === 'failed')
    ? faulty('it answers, but its tables cannot be read: see the log')
    : null
}

function stuckWrite({ kind }: Timely<unknown>): Fault | null {
  if (kind === 'answered') return null
  return kind === 'late'
    ? faulty(
        `a write has not ended within ${patienceMs / 1000} s: a table is locked, or a standby is waited for`,
      )
    : away
}

function schemaCheck({ pending, held, unknown, breaking }: SchemaState): ReadinessCheck {
  if (breaking.length > 0) {
    const by = breaking.join(', ')
    return failing('schema', `a newer budan changed it (${by}): upgrade this one`)
  }
  if (pending.length > 0) return failing('schema', `behind: ${pending.join(', ')}`)
  if (held.length > 0) {
    return passing('schema', `all but one step: ${held.join(', ')} waits to be taken by hand`)
  }
  return passing(
    'schema',
    unknown.length === 0
      ? 'up to date'
      : `newer than this budan, which can live with it: ${unknown.join(', ')}`,
  )
}

/** No check while only this node's clock is known. */
function clocksChecks({
  skews,
  disagreement,
}: ExaminedMerchant['clocks']): readonly ReadinessCheck[] {
  if (disagreement !== null) {
    return [failing('clocks', `no order is closed meanwhile: ${disagreement}`)]
  }
  const known = skews.map(({ pair }) => pair)
  if (known.includes('database_gateway')) {
    return [passing('clocks', 'those of database, node and gateway agree')]
  }
  if (known.includes('database_node')) {
    return [
      passing(
        'clocks',
        'those of database and node agree; the time of the gateway is not known yet',
      ),
    ]
  }
  return known.includes('gateway_node')
    ? [passing('clocks', 'those of node and gateway agree')]
    : []
}

/**
 * Answers that cannot be used are a fault, however few they are. If all answers are "no such order", that
 * is only a warning: a caller that adopts numbers that were never placed must not turn readiness red.
 */
function gatewayCheck(breaker: Breaker, policy: SchedulePolicy): ReadinessCheck {
  if (breaker.reason !== null) {
    return failing('gateway', `runs are held back: ${breaker.reason}`, 'held')
  }
  // While an order is pending, the next answer comes within this time.
  const withinMs = farthestMs(policy)
  const fault = breaker.answers.fault({ withinMs })
  if (fault !== null) return failing('gateway', fault)
  const doubt = breaker.answers.doubt({ withinMs })
  return doubt === null ? passing('gateway', 'queries go through') : warning('gateway', doubt)
}

/**
 * Ok also while the engine's server is away: the nodes keep the slots by themselves, so orders are still
 * queried, and taking all nodes out of service would do more harm. If runs do not finish, for any cause,
 * the check of the schedule reports it.
 */
function engineCheck({ state, detail, jobs }: EngineVitals): ReadinessCheck {
  if (jobs === null) return state === 'away' ? warning('engine', detail) : passing('engine', detail)
  const { waiting, active, failed } = jobs
  return passing('engine', `${detail}: ${waiting} waiting, ${active} active, ${failed} failed`)
}

/** More missed slots in a row than jitter can explain. */
const slotsMissedMax = 3

function scheduleCheck(examined: Examined, vitals: Vitals): ReadinessCheck {
  const { policy, enabled, runningMs } = examined
  if (!enabled) {
    return passing('schedule', 'compensation_enabled is off: runs are made by hand', 'by_hand')
  }
  if (runningMs === null) return failing('schedule', 'the clock is stopped', 'stopped')
  const last = vitals.lastFinishedRunAt
  // A time in the future was read before the clock was set back.
  const known = last !== null && +last <= +vitals.now + policy.intervalMs
  const sinceLastMs = known ? +vitals.now - +last : runningMs
  // If this process has only just started, an old run of another process is not a fault.
  const lateMs = Math.min(sinceLastMs, runningMs)
  const lastRun = last === null ? 'no run has finished yet' : `last run ${shanghaiTime(last)}`
  return lateMs > slotsMissedMax * policy.intervalMs + policy.leaseMs
    ? failing('schedule', `${lastRun}: runs do not finish`)
    : passing('schedule', lastRun)
}

/** A warning, however many: payments are credited all the same, and a restart would close none. */
function exceptionsCheck({ exceptions }: Vitals): ReadinessCheck {
  const { count, amount } = totalOf(exceptions)
  return count === 0
    ? passing('exceptions', 'none is open')
    : warning('exceptions', `${count} open, ${formatFen(amount)} at stake`)
}

/** Credits go on, and what is not delivered waits: a node that is taken out of service delivers nothing. */
function webhookChecks(endpoints: readonly ExaminedEndpoint[]): readonly ReadinessCheck[] {
  if (endpoints.length === 0) return []
  const namesOf = (those: readonly ExaminedEndpoint[]) => those.map(({ name }) => name).join(', ')
  const failing = endpoints.filter(({ isFailing }) => isFailing)
  if (failing.length > 0) {
    return [warning('webhooks', `events wait, because endpoints take nothing: ${namesOf(failing)}`)]
  }
  const withFailed = endpoints.filter(({ failed }) => failed > 0)
  if (withFailed.length > 0) {
    const detail = `deliveries were given up, and can be sent again: ${namesOf(withFailed)}`
    return [warning('webhooks', detail)]
  }
  return [passing('webhooks', 'endpoints take what is sent')]
}

/** As long as an event may wait for its position. What a node that was just started finds, it has yet to move. */
const positionMsMax = 60_000

/** Credits go on, so that the nodes stay in service. */
function eventsChecks(
  { positioningMs = null }: Examined,
  { unpositioned }: Vitals,
): readonly ReadinessCheck[] {
  if (positioningMs === null) return []
  if (unpositioned === 0 || positioningMs < positionMsMax) {
    return [passing('events', 'published events have their positions')]
  }
  const what =
    unpositioned === 1
      ? '1 published event waits for a position: feed and webhooks stand still, see the log'
      : `${unpositioned} published events wait for a position: feed and webhooks stand still, see the log`
  return [warning('events', what)]
}

function passing(
  name: ReadinessCheck['name'],
  detail: string,
  condition: Condition = 'well',
): ReadinessCheck {
  return { name, ok: true, condition, detail }
}

function warning(name: ReadinessCheck['name'], detail: string): ReadinessCheck {
  return passing(name, `${warningMark}${detail}`, 'warning')
}

/** The detail of a warning begins with this, for monitors that read only the detail. */
export const warningMark = 'warning: '

function failing(
  name: ReadinessCheck['name'],
  detail: string,
  condition: Condition = 'faulty',
): ReadinessCheck {
  return { name, ok: false, condition, detail }
}
