import { Gauge, Registry } from 'prom-client'
import { exceptionKinds } from '../domain/review/exception.ts'
import type { ClockSkew } from '../domain/runs/clocks.ts'
import type { Estimate } from '../domain/runs/run.ts'
import type { DatabaseState } from '../health/database-state.ts'
import type { Readiness } from '../health/readiness.ts'
import type { Endpoint } from '../outbox/webhooks/webhook-desk.ts'
import type { Vitals } from '../store/store.ts'

/**
 * The values read at each scrape. Each is read on its own: when one fails, the others are still
 * exported.
 */
export interface Readings {
  state(): Promise<State>
  /** One at least. */
  merchants(): readonly MerchantReading[]
  engine(): EngineReading
}

/** What this process knows of a merchant. */
export interface MerchantReading {
  readonly name: string
  /** Null: the breaker is closed. */
  readonly breakerReason: string | null
  /** Null: this node has not counted the backlog lately. */
  readonly backlog: Estimate | null
  readonly answers: { readonly uselessCount: number; readonly absentCount: number }
}

/** Whether budan is ready, and the values that this was decided by. */
export interface State {
  readonly readiness: Readiness
  readonly database: DatabaseState
  readonly skews: readonly ClockSkew[]
  /** Endpoints of webhooks; null or absent: they cannot be read now. */
  readonly endpoints?: readonly EndpointReading[] | null
}

type EndpointReading = Pick<Endpoint, 'name' | 'pending' | 'failed' | 'oldestPendingMs'>

export interface EngineReading {
  /** Null for an engine without a server. */
  readonly isUp: boolean | null
  /** Null for an engine without a queue, or while its server does not answer. */
  readonly jobs: Readonly<Record<'waiting' | 'active' | 'failed', number>> | null
  readonly lastTickAgeMs: number | null
}

const helps = {
  budan_ready: '1 while /readyz answers 200',
  budan_database_up:
    '1 while the database answers in time; what is read from it is absent otherwise',
  budan_database_writable: '1 after a write, 0 while writes are refused: read-only, or full',
  budan_clock_skew_seconds: 'How far the first clock of the pair is ahead of the second, at least',
  budan_orders: 'Orders by state; above 10,000, the estimate of the planner',
  budan_review_orders: 'Orders that wait for a person: in review, and not dismissed',
  budan_exceptions: 'Where money and books differ, and nobody has looked after it yet, by kind',
  budan_exceptions_amount_at_stake_fen: 'The sum of what these are about, in fen, by kind',
  budan_oldest_unasked_order_age_seconds:
    'Age of the oldest pending order that was never queried; 0 when there is none',
  budan_most_overdue_order_seconds: 'How far the most overdue query is behind its schedule',
  budan_last_finished_run_timestamp_seconds: 'When the last run finished; 0 when none has',
  budan_events_unpositioned:
    'Published events that have waited for their position for over a minute',
  budan_breaker_open: '1 while runs are held back because every query would fail',
  budan_useless_answers: 'Queries in a row without an answer that counts, of this process',
  budan_absent_answers: '"No such order" since the last word about a trade, to this process',
  budan_backlog_orders:
    'Orders due after the last run that this node made; absent when others made the last ones',
  budan_backlog_eta_seconds:
    'When the backlog will be done at the present rate; +Inf when it does not shrink',
  budan_webhook_pending_deliveries:
    'Deliveries that their endpoint has not taken yet, up to 10,000',
  budan_webhook_failed_deliveries: 'Deliveries that were given up, and are kept, up to 10,000',
  budan_webhook_oldest_pending_seconds:
    'Age of the oldest event that an endpoint has not taken; 0 when there is none',
  budan_engine_jobs:
    'Jobs of the queue that the nodes share; absent without one, or while it is away',
  budan_engine_up:
    '1 while the server of the queue answers; absent where the engine is local, or stopped',
  budan_engine_last_tick_age_seconds: 'Since this node last tried whether a run is due',
} as const

/** Null: the value is not known, and the gauge is left out. */
type Value = number | null | Labelled

interface Labelled {
  readonly label: string
  readonly values: Readonly<Record<string, number>>
  /** Labels that all values have. */
  readonly common?: Readonly<Record<string, string>>
}

type Values = Partial<Readonly<Record<keyof typeof helps, Value>>>

/**
 * Creates the gauges for one scrape. A value that cannot be read now is absent, even if it was exported
 * before: a value that is stale since an outage would look like the present one.
 */
export async function readGauges(readings: Readings): Promise<Registry> {
  const registry = new Registry()
  const read = [
    async () => ofState(await readings.state()),
    () => ofMerchants(readings.merchants()),
    () => ofEngine(readings.engine()),
  ]
  for (const values of await Promise.all(read.map(nothingIfFailed))) {
    for (const [name, value] of Object.entries(values)) exportGauge(registry, { name, value })
  }
  return registry
}

async function nothingIfFailed(read: () => Values | Promise<Values>): Promise<Values> {
  try {
    return await read()
  } catch {
    return {}
  }
}

function exportGauge(registry: Registry, { name, value }: { name: string; value: Value }): void {
  if (value === null) return
  const help = helps[name as keyof typeof helps]
  const registers = [registry]
  if (typeof value === 'number') {
    new Gauge({ name, help, registers }).set(value)
    return
  }
  const { label, values, common = {} } = value
  const labelNames = [label, ...Object.keys(common)]
  const gauge = new Gauge({ name, help, registers, labelNames })
  for (const [word, count] of Object.entries(values)) gauge.set({ [label]: word, ...common }, count)
}

function ofState({ readiness, database, skews, endpoints = null }: State): Values {
  const { ready, vitals } = readiness
  const { time, writeFault } = database
  const skewsByPair = skews.map(({ pair, aheadMs }) => [pair, aheadMs / 1000])
  return {
    budan_ready: Number(ready),
    budan_database_up: Number(time.kind === 'answered'),
    budan_database_writable:
      writeFault.kind === 'answered' ? Number(writeFault.value === null) : null,
    budan_clock_skew_seconds: { label: 'clocks', values: Object.fromEntries(skewsByPair) },
    ...(endpoints !== null && endpoints.length > 0 && ofEndpoints(endpoints)),
    ...(vitals !== null && {
      budan_orders: { label: 'status', values: vitals.ordersByStatus },
      budan_review_orders: vitals.reviewQueue,
      ...ofExceptions(vitals.exceptions),
      budan_oldest_unasked_order_age_seconds: (vitals.oldestUnaskedMs ?? 0) / 1000,
      budan_most_overdue_order_seconds: (vitals.mostOverdueMs ?? 0) / 1000,
      budan_events_unpositioned: vitals.unpositioned,
      budan_last_finished_run_timestamp_seconds: +(vitals.lastFinishedRunAt ?? 0) / 1000,
    }),
  }
}

/** Each kind, also where none is open: an alert can compare it. */
function ofExceptions(open: Vitals['exceptions']): Values {
  const of = (read: (kind: (typeof exceptionKinds)[number]) => number) => ({
    label: 'kind',
    values: Object.fromEntries(exceptionKinds.map((kind) => [kind, read(kind)])),
    common: { state: 'open' },
  })
  return {
    budan_exceptions: of((kind) => open[kind]?.count ?? 0),
    budan_exceptions_amount_at_stake_fen: of((kind) => Number(open[kind]?.amount ?? 0n)),
  }
}

/** With the name of the merchant where there are several. */
function ofMerchants(readings: readonly MerchantReading[]): Values {
  const each = readings.map((reading) => [reading.name, ofMerchant(reading)] as const)
  const [[, only]] = each as [(typeof each)[number]]
  if (each.length === 1) return only
  return Object.fromEntries(
    merchantGauges.map((gauge) => {
      const known = each.flatMap(([name, values]) =>
        typeof values[gauge] === 'number' ? [[name, values[gauge]] as const] : [],
      )
      return [gauge, { label: 'merchant', values: Object.fromEntries(known) }]
    }),
  )
}

function ofEndpoints(endpoints: readonly EndpointReading[]): Values {
  const labelled = (valueOfOne: (endpoint: EndpointReading) => number) => ({
    label: 'endpoint',
    values: Object.fromEntries(endpoints.map((each) => [each.name, valueOfOne(each)])),
  })
  return {
    budan_webhook_pending_deliveries: labelled(({ pending }) => pending),
    budan_webhook_failed_deliveries: labelled(({ failed }) => failed),
    budan_webhook_oldest_pending_seconds: labelled(
      ({ oldestPendingMs }) => (oldestPendingMs ?? 0) / 1000,
    ),
  }
}

const merchantGauges = [
  'budan_breaker_open',
  'budan_useless_answers',
  'budan_absent_answers',
  'budan_backlog_orders',
  'budan_backlog_eta_seconds',
] as const

function ofMerchant({ breakerReason, answers, backlog }: MerchantReading): Values {
  const { uselessCount, absentCount } = answers
  return {
    budan_breaker_open: Number(breakerReason !== null),
    ...{ budan_useless_answers: uselessCount, budan_absent_answers: absentCount },
    ...(backlog && {
      budan_backlog_orders: backlog.remaining,
      budan_backlog_eta_seconds: backlog.doneInMs === null ? Infinity : backlog.doneInMs / 1000,
    }),
  }
}

function ofEngine({ isUp, jobs, lastTickAgeMs }: EngineReading): Values {
  return {
    budan_engine_up: isUp === null ? null : Number(isUp),
    budan_engine_jobs: jobs && { label: 'state', values: { ...jobs } },
    budan_engine_last_tick_age_seconds: lastTickAgeMs === null ? null : lastTickAgeMs / 1000,
  }
}
