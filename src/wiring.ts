import type { Alerts } from './alerts/alerts.ts'
import { openAlerts } from './alerts/open.ts'
import { beginSealing } from './audit/seal-old.ts'
import type { Config } from './config/config.ts'
import { redactorOf, secretsOf } from './config/redact.ts'
import { longestTimeoutMs, openDesks } from './desk.ts'
import { Desks, type NamedMerchant } from './desks.ts'
import { type Clock, systemClock } from './domain/clock.ts'
import type { Emit } from './domain/event.ts'
import { type SchedulePolicy, schedulePolicy } from './domain/runs/schedule.ts'
import type { Gateway } from './gateway/gateway.ts'
import { DatabaseWatch } from './health/database-state.ts'
import { readinessOf } from './health/readiness.ts'
import { valueIn } from './health/single-flight.ts'
import { reportForeign } from './job/foreign-orders.ts'
import { InFlight, StartStop, type Stoppable } from './job/in-flight.ts'
import { keepDaysDefault, pruningAfterRuns, type Retaining } from './job/retention.ts'
import type { Running } from './job/scan.ts'
import { createJob, type Job } from './job/tick.ts'
import { Feed } from './outbox/feed.ts'
import { Pump } from './outbox/pump.ts'
import { openWebhooks, type Webhooks } from './outbox/webhooks/open-webhooks.ts'
import type { Engine } from './queue/engine.ts'
import { openEngine } from './queue/open.ts'
import type { OnPaid } from './settle/settle.ts'
import type { Store } from './store/store.ts'
import { emitTo, withoutSecrets } from './telemetry/emit-to.ts'
import type { EngineReading, State } from './telemetry/gauges.ts'
import { createLog, logEvents } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'

/** What an embedder may put in the place of budan's own. */
export interface ServiceOptions {
  readonly store?: Store
  readonly gateway?: Gateway
  readonly clock?: Clock
  /** Used instead of the one that `engine.url` names. */
  readonly engine?: Engine
  /** Runs inside the crediting transaction. */
  readonly onPaid?: OnPaid
  /** Is called with every event, after the log and the metrics. */
  readonly onEvent?: Emit
}

/** The parts of an open service, connected to one another. */
export interface Wiring {
  /** The store, where events go, the schedule and the name of the node: what every run needs. */
  readonly running: Running
  readonly listeners: Set<Emit>
  readonly metrics: Pick<Metrics, 'read'>
  readonly desks: Desks
  readonly merchants: readonly NamedMerchant[]
  readonly retaining: Retaining
  readonly inFlight: InFlight
  readonly feed: Feed
  readonly webhooks: Webhooks
  /** Whether it is ready, and what that was decided by. */
  readonly state: () => Promise<State>
  readonly startStop: StartStop
}

export type WiringOptions = ServiceOptions & { readonly store: Store; readonly node: string }

/**
 * Connects all parts, by hand. No run is made and nothing is sent before the start; only the stored orders
 * are checked.
 */
export async function wire(config: Config, options: WiringOptions): Promise<Wiring> {
  const { store, node, onEvent } = options
  const clock = options.clock ?? systemClock
  const redact = redactorOf(secretsOf(config))
  const metrics = createMetrics({
    state: () => state(),
    merchants: () => desks.readings,
    engine: () => ({ ...readingOf(jobs.engine), lastTickAgeMs: jobs.job.lastTickAgeMs }),
    robots: (config.alerts ?? []).map(({ name }) => name),
  })
  const log = logEvents(createLog(config.log), redact)
  const listeners = new Set<Emit>([log, metrics.emit, ...(onEvent ? [onEvent] : [])])
  const policy = schedulePolicy(config.recharge, longestTimeoutMs(config))
  const running = { store, emit: emitTo(listeners, redact), policy, node }

  const onPaid = options.onPaid ? withoutSecrets(options.onPaid, redact) : null
  const desks = new Desks(openDesks({ config, clock, onPaid, ...running }, options.gateway ?? null))
  const retaining = retainingOf(config, { running, desks })
  const jobs = openJob(config, { running, desks, retaining, given: options.engine })
  const inFlight = new InFlight(stopDeadlineMs(policy))
  const outbox = await openOutbox(config, { running, desks, inFlight })
  listeners.add(outbox.pump.hint)
  const watch = new DatabaseWatch(store, { merchants: desks.merchants, clocks: desks.clocks })
  const state = stateOf(config, { running, desks, watch, ...jobs, ...outbox })
  const alerts = await openAlerts(config, { emit: running.emit, clock, policy, database: watch })
  if (alerts !== null) listeners.add((event) => alerts.receive(event))
  await checkStoredOrders({ running, desks, inFlight })

  const startStop = startStopOf([jobs.job, outbox.pump, outbox.webhooks.dispatcher], {
    ...{ inFlight, alerts },
  })
  const shared = { running, listeners, metrics, desks, retaining, inFlight }
  return { ...shared, ...outbox, state, startStop }
}

/** What most of the parts need. */
interface SharedParts {
  readonly running: Running
  readonly desks: Desks
  readonly inFlight: InFlight
}

function retainingOf(
  { database, events }: Config,
  { running: { store, emit }, desks }: Pick<SharedParts, 'running' | 'desks'>,
): Retaining {
  return {
    ...{ store, emit, clocks: desks },
    retentionDays: database.retentionDays ?? 0,
    keepDays: events?.keepDays ?? keepDaysDefault,
  }
}

interface Jobs {
  readonly engine: Engine
  readonly job: Job
}

function openJob(
  { engine: { url }, database, recharge }: Config,
  {
    running,
    desks,
    retaining,
    given,
  }: Pick<SharedParts, 'running' | 'desks'> & { retaining: Retaining; given: Engine | undefined },
): Jobs {
  const { emit, policy } = running
  const { merchants } = desks
  const { intervalMs } = policy
  const engine =
    given ?? openEngine({ url, databaseUrl: database.url, merchants, emit, intervalMs })
  const job = createJob({
    ...{ running, merchants: desks.all },
    enabled: recharge.compensationEnabled,
    engine: pruningAfterRuns(engine, retaining),
  })
  return { engine, job }
}

interface Outbox extends Pick<Wiring, 'feed' | 'webhooks' | 'merchants'> {
  readonly pump: Pump
}

/** The pump gives published events their positions; the feed and the webhooks read them by these. */
async function openOutbox(
  config: Config,
  { running: { store, emit }, desks, inFlight }: SharedParts,
): Promise<Outbox> {
  const endpoints = config.webhooks ?? []
  const merchants = desks.all.map((desk) => ({ ...desk.merchant, name: desk.name }))
  const webhooks = await openWebhooks({ store, emit, merchants, endpoints })
  const onPositioned = () => webhooks.dispatcher.wake()
  const pump = new Pump({ store, emit, onPositioned, delivers: endpoints.length > 0 })
  const feed = new Feed({ store, pump, merchants, ended: () => inFlight.signal })
  return { webhooks, pump, feed, merchants }
}

function stateOf(
  { recharge }: Config,
  parts: Pick<SharedParts, 'running' | 'desks'> & Jobs & Outbox & { watch: DatabaseWatch },
): () => Promise<State> {
  const { running, desks, watch, job, engine, webhooks, pump } = parts
  return async () => {
    const [database, endpoints] = await Promise.all([watch.read(), webhooks.state()])
    const readiness = readinessOf({
      ...{ kind: running.store.kind, database, merchants: desks.all, policy: running.policy },
      enabled: recharge.compensationEnabled,
      runningMs: job.runningMs,
      engine: engine.vitals(),
      endpoints: valueIn(endpoints),
      positioningMs: pump.runningMs,
    })
    return { readiness, database, skews: desks.skews, endpoints: valueIn(endpoints) }
  }
}

function readingOf(engine: Engine): Pick<EngineReading, 'isUp' | 'jobs'> {
  const { state, jobs } = engine.vitals()
  const hasServer = state === 'up' || state === 'away'
  return { isUp: hasServer ? state === 'up' : null, jobs }
}

function startStopOf(
  working: readonly Stoppable[],
  { inFlight, alerts }: { inFlight: InFlight; alerts: Alerts | null },
): StartStop {
  return new StartStop({
    start() {
      alerts?.begin()
      for (const each of working) each.start()
    },
    async stop() {
      await inFlight.end(working.map((each) => each.stop()))
      await alerts?.end()
    },
  })
}

/**
 * Reports open orders of merchants that are not configured. Seals orders of before proofs: the first of
 * them at once, the rest in the background, because it may take long.
 */
async function checkStoredOrders({ running, desks, inFlight }: SharedParts): Promise<void> {
  const { store, emit } = running
  await reportForeign(running, desks.merchants)
  store.onProofFault((fault) => emit({ type: 'proof_failed', error: fault }))
  const sealing = await beginSealing({ store, emit, signal: inFlight.signal })
  void inFlight.track(sealing.rest)
}

/** After the calls in flight have met their own deadlines, this long for the database to answer. */
export const settleGraceMs = 10_000

function stopDeadlineMs(policy: SchedulePolicy): number {
  return policy.leaseMs - policy.runDeadlineMs + settleGraceMs
}
