import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { openAlerts } from './alerts/open.ts'
import { beginSealing } from './audit/seal-old.ts'
import { type Verified, type VerifyOptions, verifyCredits } from './audit/verify.ts'
import { type ConfigInput, completeConfig } from './config/complete.ts'
import type { Config } from './config/config.ts'
import { ConfigError } from './config/fault.ts'
import { redactorOf, secretsOf } from './config/redact.ts'
import { type Desk, factsOf, longestTimeoutMs, openDesks, wordReaders } from './desk.ts'
import {
  adoptAtDesks,
  Desks,
  merchantIn,
  type NamedMerchant,
  type OfMerchant,
  ofUser,
  runAtDesks,
  traceAtDesks,
} from './desks.ts'
import { assert } from './domain/assert.ts'
import { type Clock, systemClock } from './domain/clock.ts'
import type { Emit } from './domain/event.ts'
import type { ConfiguredMerchant } from './domain/merchant.ts'
import type { Actor, Order, Review } from './domain/order.ts'
import type { Estimate, Run, RunResult } from './domain/run.ts'
import { farthestMs, type SchedulePolicy, schedulePolicy } from './domain/schedule.ts'
import { type ExceptionDesk, exceptionDesk } from './exceptions/exception-desk.ts'
import type { Gateway, GatewayFacts, RawCallback, RejectedCallback } from './gateway/gateway.ts'
import { DatabaseWatch } from './health/database-state.ts'
import { type Readiness, readinessOf } from './health/readiness.ts'
import { valueIn } from './health/single-flight.ts'
import { countMax, together } from './job/backlog.ts'
import { reportForeign } from './job/foreign-orders.ts'
import { InFlight, StartStop } from './job/in-flight.ts'
import { keepDaysDefault, prune, pruningAfterRuns } from './job/retention.ts'
import { createJob } from './job/tick.ts'
import { type Abandoned, abandonOrder } from './orders/abandon.ts'
import type { Adoption } from './orders/adopt.ts'
import { type Receipt, receiveCallback, screenCallback } from './orders/callback.ts'
import { type CheckReport, checkOrder } from './orders/check.ts'
import { type Corrected, correctOrder } from './orders/correct.ts'
import { type Placement, placeOrder } from './orders/place.ts'
import type {
  AbandonRequest,
  AdoptRequest,
  CorrectRequest,
  PlaceRequest,
  ReviewRequest,
  RunWanted,
} from './orders/requests.ts'
import { type Previewed, previewReview, type Resolution, resolveReview } from './orders/review.ts'
import type { Traced } from './orders/trace.ts'
import { checkedRun } from './orders/validate.ts'
import { Feed, type FeedEvent, type FeedPage, type FeedPageRequest } from './outbox/feed.ts'
import { Pump } from './outbox/pump.ts'
import { openWebhooks } from './outbox/webhooks/open-webhooks.ts'
import type { WebhookDesk } from './outbox/webhooks/webhook-desk.ts'
import { ProofKeys } from './proof/keys.ts'
import type { Engine } from './queue/engine.ts'
import { openEngine } from './queue/open.ts'
import type { OnPaid } from './settle/settle.ts'
import type { OrderName } from './store/find-order.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { emitTo, withoutSecrets } from './telemetry/emit-to.ts'
import type { EngineReading, State } from './telemetry/gauges.ts'
import { createLog, logEvents } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'

/** The whole of budan, as the web pages, the command line and embedders use it. */
export interface Budan extends ExceptionDesk {
  /** For reading: orders, events, accounts, runs, audit. */
  readonly store: Store
  /**
   * Stores an order and opens its trade. Repeat with the same key after `unanswered`, or after a
   * throw: it is the same order. Throws `StoreError` when the database is not available.
   */
  placeOrder(request: PlaceRequest & OfMerchant): Promise<Placement>
  /**
   * Takes over an order that another system placed; it is queried from the next run on. May be
   * repeated. Throws `StoreError` when the database is not available.
   */
  adoptOrder(request: AdoptRequest & OfMerchant): Promise<Adoption>
  /**
   * The same for many orders at once, each with its own result, in their order. Those of one merchant are
   * stored together: when it throws, none of them is known to be stored, and all may be repeated.
   */
  adoptOrders(requests: readonly (AdoptRequest & OfMerchant)[]): Promise<readonly Adoption[]>
  /** Corrects an adopted order of which nothing was credited. Null when the order is not here. */
  correctOrder(orderNo: string, request: CorrectRequest & OfMerchant): Promise<Corrected | null>
  /** Gives up an order that the gateway never accepted. Null when the order is not here. */
  abandonOrder(orderNo: string, request: AbandonRequest & OfMerchant): Promise<Abandoned | null>
  /** Null when it is not here. Throws `SeveralOrdersError` where several merchants have this number. */
  findOrder(orderNo: string, which?: OfMerchant): Promise<Order | null>
  /** The order with what its timeline says of its review, whatever its state; otherwise as `findOrder`. */
  findReview(orderNo: string, which?: OfMerchant): Promise<Review | null>
  /** Queries the gateway now and settles the answer; null when the order is not ours. */
  checkOrder(
    orderNo: string,
    by?: OfMerchant & { readonly actor?: Actor },
  ): Promise<CheckReport | null>
  /**
   * Queries the gateway for the order of a payment, by the gateway's own number of the payment. Nothing is
   * settled. Without a merchant, those that are configured are queried one after the other.
   */
  traceTransaction(transactionId: string, which?: OfMerchant): Promise<Traced>
  /** Queries the gateway now, and returns what each action on an order in review would do. Null when it is not ours. */
  previewReview(orderNo: string, which?: OfMerchant): Promise<Previewed | null>
  /** Queries again, and applies an operator's action only if the answer allows it. Null when it is not ours. */
  resolveReview(orderNo: string, request: ReviewRequest & OfMerchant): Promise<Resolution | null>
  /**
   * Verifies a callback and settles it, or notes the refund that it is about; resolves after the commit.
   * Throws when the database is not available: answer 5xx, and the gateway sends it again.
   */
  receiveCallback(callback: RawCallback, which?: OfMerchant): Promise<Receipt>
  /** Why a callback with such headers is rejected whatever its body is: the body need not be read then. */
  screenCallback(
    headers: RawCallback['headers'],
    which?: OfMerchant,
  ): Promise<RejectedCallback | null>
  /** A page of what is published, oldest first: once a credit, an end, a review. See `FeedPageRequest`. */
  readEvents(request?: FeedPageRequest): Promise<FeedPage>
  /**
   * The same event by event, as they come, until the signal or a stop. Keep the `cursor` of the last one
   * with what it caused, and go on after it.
   */
  events(request?: Omit<FeedPageRequest, 'limit' | 'waitMs'>): AsyncIterable<FeedEvent>
  /** Endpoints that events are sent to: tests, and what is sent again. */
  readonly webhooks: WebhookDesk
  /** Runs now, at most one batch, and waits for the end. `actor`: in the timelines of its orders. */
  run(wanted: RunWanted): Promise<{ run: Run; results: readonly RunResult[] }>
  /**
   * Verifies every credit against the gateway's signature and the seals. Reads all of them; `onProgress`
   * is called with how many were verified.
   */
  verifyCredits(options?: Pick<VerifyOptions, 'onProgress' | 'signal'>): Promise<Verified>
  /** How many orders are due now, and when they will be done if runs go on as configured. */
  backlog(): Promise<Estimate>
  /**
   * Whether paid orders are being credited now, check by check. Never throws: a database that is not
   * available is a check that fails.
   */
  readiness(): Promise<Readiness>
  /** Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>
  /** Emits to the log, the metrics and every listener. */
  readonly emit: Emit
  /** Calls the listener with every event from now on, until the returned function is called. */
  listen(listener: Emit): () => void
  /** Who takes the money. */
  readonly gateway: GatewayFacts & { readonly canTrace: boolean }
  /** Whose orders these are; the first of several. */
  readonly merchant: ConfiguredMerchant
  /** All of them, by the names that they have in the configuration. */
  readonly merchants: readonly NamedMerchant[]
  /** When runs are made, and orders queried. */
  readonly policy: SchedulePolicy
  /** Whether runs are made by the clock (`compensation_enabled`), or by hand alone. */
  readonly isScheduled: boolean
  /** Whether `adopt_prefixes` limits which order numbers may be adopted. */
  readonly hasAdoptPrefixes: boolean
  /** Starts the clock; again after a stop. Does nothing when running or disabled. */
  start(): void
  /** Stops the clock and waits for what is in flight, within its deadline. May be called twice. */
  stop(): Promise<void>
  /** Stops, and gives back the store and the gateway. */
  close(): Promise<void>
}

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

/**
 * Opens the database (bringing its schema up to date) and the gateway, and wires the stages.
 * Nothing runs before `start()`. What the configuration leaves out has its default. Throws
 * `ConfigError` for a configuration that is wrong, and `StoreError` when the database is not available,
 * or was migrated by a newer program in a way that this one cannot live with.
 */
export async function openService(
  given: ConfigInput,
  options: ServiceOptions = {},
): Promise<Budan> {
  const config = completeConfig(given)
  if (config.merchants.length === 0 && options.gateway === undefined) {
    throw new ConfigError(['wechat: not set: give the merchant, or a gateway of your own'])
  }
  const node = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`
  const { clock } = options
  const { keys: proofKeys } = config.proof
  const store =
    options.store ?? (await openStore(config.database.url, { proofKeys, ...(clock && { clock }) }))
  try {
    await store.migrate()
    return await wire(config, { ...options, store, node })
  } catch (error) {
    await store.close()
    throw error
  }
}

type Parts = ServiceOptions & { readonly store: Store; readonly node: string }

async function wire(config: Config, parts: Parts): Promise<Budan> {
  const { store, node } = parts
  const redact = redactorOf(secretsOf(config))
  const log = logEvents(createLog(config.log), redact)
  const metrics = createMetrics({
    state,
    merchants: () => desks.readings,
    engine: () => ({ ...readingOf(engine), lastTickAgeMs: job.lastTickAgeMs }),
    robots: (config.alerts ?? []).map(({ name }) => name),
  })
  const listeners = new Set<Emit>([log, metrics.emit, ...(parts.onEvent ? [parts.onEvent] : [])])
  const emit = emitTo(listeners, redact)
  const clock = parts.clock ?? systemClock
  const { recharge } = config
  const policy = schedulePolicy(recharge, longestTimeoutMs(config))
  const onPaid = parts.onPaid ? withoutSecrets(parts.onPaid, redact) : null
  const deskParts = { config, store, clock, policy, emit, node, onPaid }
  const desks = new Desks(openDesks(deskParts, parts.gateway ?? null))
  const { merchant, gateway } = desks.first
  const [merchants, clocks] = [desks.merchants, desks.clocks]
  const retaining = {
    ...{ store, emit, clocks: desks },
    retentionDays: config.database.retentionDays ?? 0,
    keepDays: config.events?.keepDays ?? keepDaysDefault,
  }
  const urls = { url: config.engine.url, databaseUrl: config.database.url }
  const engine =
    parts.engine ?? openEngine({ ...urls, merchants, emit, intervalMs: policy.intervalMs })
  const running = { store, emit, policy, node }
  const job = createJob({
    ...{ running, merchants: desks.all },
    enabled: recharge.compensationEnabled,
    engine: pruningAfterRuns(engine, retaining),
  })
  const inFlight = new InFlight(stopDeadlineMs(policy))
  const endpoints = config.webhooks ?? []
  const onPositioned = () => webhooks.dispatcher.wake()
  const pump = new Pump({ store, emit, onPositioned, delivers: endpoints.length > 0 })
  listeners.add(pump.hint)
  const named = desks.all.map((desk) => ({ ...desk.merchant, name: desk.name }))
  const feed = new Feed({ store, pump, merchants: named, ended: () => inFlight.signal })
  const webhooks = await openWebhooks({ store, emit, merchants: named, endpoints })
  const watch = new DatabaseWatch(store, { merchants, clocks })
  async function state(): Promise<State> {
    const [database, endpoints] = await Promise.all([watch.read(), webhooks.state()])
    const readiness = readinessOf({
      ...{ kind: store.kind, database, merchants: desks.all, policy },
      enabled: recharge.compensationEnabled,
      runningMs: job.runningMs,
      engine: engine.vitals(),
      endpoints: valueIn(endpoints),
      positioningMs: pump.runningMs,
    })
    return { readiness, database, skews: desks.skews, endpoints: valueIn(endpoints) }
  }
  const atDesk = <T>(
    name: OfMerchant & { readonly orderNo: string },
    work: (desk: Desk, name: Required<OrderName>) => Promise<T>,
  ) => inFlight.track(desks.nameOf(store, name).then((named) => work(named.desk, named.name)))
  const alerts = await openAlerts(config, { emit, clock, policy, database: watch })
  if (alerts !== null) listeners.add((event) => alerts.receive(event))
  const startStop = new StartStop({
    start() {
      alerts?.begin()
      for (const each of [job, pump, webhooks.dispatcher]) each.start()
    },
    async stop() {
      await inFlight.end([job, pump, webhooks.dispatcher].map((each) => each.stop()))
      await alerts?.end()
    },
  })
  await reportForeign(running, merchants)
  store.onProofFault((fault) => emit({ type: 'proof_failed', error: fault }))
  const verifying = {
    keys: new ProofKeys(config.proof.keys),
    readWords: wordReaders(config.merchants, parts.gateway),
  }
  const sealing = await beginSealing({ store, emit, signal: inFlight.signal })
  // In the background: it takes as long as the database is large.
  void inFlight.track(sealing.rest)

  return {
    store,
    emit,
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    gateway: factsOf(gateway),
    merchant,
    merchants: named,
    webhooks: webhooks.desk,
    policy,
    isScheduled: recharge.compensationEnabled,
    hasAdoptPrefixes: recharge.adoptPrefixes != null,
    placeOrder: async (request) => {
      const desk = desks.named(merchantIn(request))
      return inFlight.track(placeOrder(desk.adopting, ofUser(desk, request)))
    },
    adoptOrder: async (request) => {
      const [adoption] = await inFlight.track(adoptAtDesks(desks, [request]))
      assert(adoption !== undefined, 'An adoption has no result')
      return adoption
    },
    adoptOrders: (requests) => inFlight.track(adoptAtDesks(desks, requests)),
    correctOrder: (orderNo, request) =>
      atDesk({ orderNo, ...merchantIn(request) }, (desk, name) =>
        correctOrder(desk.adopting, { ...ofUser(desk, request), ...name }),
      ),
    abandonOrder: (orderNo, request) =>
      atDesk({ orderNo, ...merchantIn(request) }, (desk, name) =>
        abandonOrder(desk, { ...request, ...name }),
      ),
    findOrder: (orderNo, which) => desks.find(store, { orderNo, ...which }),
    findReview: async (orderNo, which) => {
      const order = await desks.find(store, { orderNo, ...which })
      return order && store.findReview(order.key)
    },
    checkOrder: (orderNo, { merchant: of, actor = null } = {}) =>
      atDesk({ orderNo, merchant: of }, (desk, name) => checkOrder(desk, { ...name, actor })),
    traceTransaction: (transactionId, which) =>
      inFlight.track(traceAtDesks(desks, { transactionId, ...which })),
    previewReview: (orderNo, which) => atDesk({ orderNo, ...which }, previewReview),
    resolveReview: (orderNo, request) =>
      atDesk({ orderNo, ...merchantIn(request) }, (desk, name) =>
        resolveReview(desk, { ...request, ...name }),
      ),
    ...exceptionDesk({ store, emit, desks, inFlight }),
    receiveCallback: async (callback, which = {}) =>
      inFlight.track(receiveCallback(desks.calledBack(which).receiving, callback)),
    screenCallback: async (headers, which = {}) =>
      inFlight.track(screenCallback(desks.calledBack(which).receiving, headers)),
    run: async (wanted) => {
      const request = { ...checkedRun(wanted), signal: inFlight.signal }
      const made = runAtDesks(running, { desks, ...request })
      if (request.dryRun || recharge.compensationEnabled) return inFlight.track(made)
      // Where runs are made by hand alone, nobody else prunes.
      const endsAt = performance.now() + pruneByHandMs
      return inFlight.track(made.finally(() => prune(retaining, { ...request, endsAt })))
    },
    verifyCredits: (verification) =>
      inFlight.track(verifyCredits(store, { ...verifying, ...verification })),
    backlog: async () => {
      const due = { thresholdMs: policy.thresholdMs, farthestMs: farthestMs(policy), countMax }
      const estimates = desks.all.map(async ({ backlog, merchant: each }) =>
        backlog.estimate(await store.countDue({ ...due, merchant: each })),
      )
      return together(await Promise.all(estimates))
    },
    readiness: async () => (await state()).readiness,
    metrics: () => metrics.read(),
    readEvents: (request) => inFlight.track(feed.read(request)),
    events: (request) => feed.follow(request),
    start: () => startStop.start(),
    stop: () => startStop.stop(),
    close: async () => {
      await startStop.stop()
      await Promise.all(desks.all.map((desk) => desk.gateway.stop()))
      // Work that met no deadline may still hold a connection.
      await Promise.race([store.close(), delay(settleGraceMs, undefined, { ref: false })])
    },
  }
}

/** A caller waits for the answer. */
const pruneByHandMs = 1_000

function readingOf(engine: Engine): Pick<EngineReading, 'isUp' | 'jobs'> {
  const { state, jobs } = engine.vitals()
  const hasServer = state === 'up' || state === 'away'
  return { isUp: hasServer ? state === 'up' : null, jobs }
}

/** After the calls in flight have met their own deadlines, this long for the database to answer. */
const settleGraceMs = 10_000

function stopDeadlineMs(policy: SchedulePolicy): number {
  return policy.leaseMs - policy.runDeadlineMs + settleGraceMs
}
