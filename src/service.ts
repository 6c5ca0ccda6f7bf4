import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type Verified, type VerifyOptions, verifyCredits } from './audit/verify.ts'
import { type ConfigInput, completeConfig } from './config/complete.ts'
import type { Config } from './config/config.ts'
import { ConfigError } from './config/fault.ts'
import { type Desk, factsOf, wordReaders } from './desk.ts'
import {
  adoptAtDesks,
  merchantIn,
  type NamedMerchant,
  type OfMerchant,
  ofUser,
  runAtDesks,
  traceAtDesks,
} from './desks.ts'
import { assert } from './domain/assert.ts'
import type { Emit } from './domain/event.ts'
import type { ConfiguredMerchant } from './domain/merchant.ts'
import type { Actor, Order, Review } from './domain/order.ts'
import type { Estimate, Run, RunResult } from './domain/runs/run.ts'
import { farthestMs, type SchedulePolicy } from './domain/runs/schedule.ts'
import { type ExceptionDesk, exceptionDesk } from './exceptions/exception-desk.ts'
import type { Gateway, GatewayFacts, RawCallback, RejectedCallback } from './gateway/gateway.ts'
import type { Readiness } from './health/readiness.ts'
import { countMax, together } from './job/backlog.ts'
import { prune } from './job/retention.ts'
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
import type { FeedEvent, FeedPage, FeedPageRequest } from './outbox/feed.ts'
import type { WebhookDesk } from './outbox/webhooks/webhook-desk.ts'
import { ProofKeys } from './proof/keys.ts'
import type { OrderName } from './store/find-order.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { type ServiceOptions, settleGraceMs, type Wiring, wire } from './wiring.ts'

export type { ServiceOptions } from './wiring.ts'

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

/**
 * Opens the database (bringing its schema up to date) and the gateway, and connects the parts.
 * No run is made before `start()`. What the configuration leaves out has its default. Throws
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
    const wiring = await wire(config, { ...options, store, node })
    return budanOn(config, { wiring, gateway: options.gateway })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** What callers can do. A stop waits for each call. */
function budanOn(config: Config, { wiring, gateway }: BudanParts): Budan {
  const { running, listeners, metrics, desks, inFlight, feed, startStop } = wiring
  const { store, emit, policy } = running
  const { recharge } = config
  return {
    ...{ store, emit, policy, merchants: wiring.merchants, webhooks: wiring.webhooks.desk },
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    gateway: factsOf(desks.first.gateway),
    merchant: desks.first.merchant,
    isScheduled: recharge.compensationEnabled,
    hasAdoptPrefixes: recharge.adoptPrefixes != null,
    ...placingOn(wiring),
    ...orderCallsOn(wiring),
    ...exceptionDesk({ store, emit, desks, inFlight }),
    receiveCallback: async (callback, which = {}) =>
      inFlight.track(receiveCallback(desks.calledBack(which).receiving, callback)),
    screenCallback: async (headers, which = {}) =>
      inFlight.track(screenCallback(desks.calledBack(which).receiving, headers)),
    ...runCallsOn(config, wiring),
    verifyCredits: verifyingOn(config, { wiring, gateway }),
    readiness: async () => (await wiring.state()).readiness,
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

interface BudanParts {
  readonly wiring: Wiring
  /** The embedder's own. */
  readonly gateway: Gateway | undefined
}

function placingOn({
  desks,
  inFlight,
}: Wiring): Pick<Budan, 'placeOrder' | 'adoptOrder' | 'adoptOrders'> {
  return {
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
  }
}

type OrderCall = 'correctOrder' | 'abandonOrder' | 'checkOrder' | 'previewReview' | 'resolveReview'

function orderCallsOn({
  running: { store },
  desks,
  inFlight,
}: Wiring): Pick<Budan, OrderCall | 'findOrder' | 'findReview' | 'traceTransaction'> {
  const atDesk = <T>(
    name: OfMerchant & { readonly orderNo: string },
    work: (desk: Desk, name: Required<OrderName>) => Promise<T>,
  ) => inFlight.track(desks.nameOf(store, name).then((named) => work(named.desk, named.name)))
  return {
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
    checkOrder: (orderNo, { merchant, actor = null } = {}) =>
      atDesk({ orderNo, merchant }, (desk, name) => checkOrder(desk, { ...name, actor })),
    traceTransaction: (transactionId, which) =>
      inFlight.track(traceAtDesks(desks, { transactionId, ...which })),
    previewReview: (orderNo, which) => atDesk({ orderNo, ...which }, previewReview),
    resolveReview: (orderNo, request) =>
      atDesk({ orderNo, ...merchantIn(request) }, (desk, name) =>
        resolveReview(desk, { ...request, ...name }),
      ),
  }
}

function runCallsOn(
  { recharge }: Config,
  { running, desks, inFlight, retaining }: Wiring,
): Pick<Budan, 'run' | 'backlog'> {
  return {
    run: async (wanted) => {
      const request = { ...checkedRun(wanted), signal: inFlight.signal }
      const made = runAtDesks(running, { desks, ...request })
      if (request.dryRun || recharge.compensationEnabled) return inFlight.track(made)
      // Where runs are made by hand alone, nobody else prunes.
      const endsAt = performance.now() + pruneByHandMs
      return inFlight.track(made.finally(() => prune(retaining, { ...request, endsAt })))
    },
    backlog: async () => {
      const { store, policy } = running
      const due = { thresholdMs: policy.thresholdMs, farthestMs: farthestMs(policy), countMax }
      const estimates = desks.all.map(async ({ backlog, merchant }) =>
        backlog.estimate(await store.countDue({ ...due, merchant })),
      )
      return together(await Promise.all(estimates))
    },
  }
}

function verifyingOn(
  { proof, merchants }: Config,
  { wiring: { running, inFlight }, gateway }: BudanParts,
): Budan['verifyCredits'] {
  const verifying = {
    keys: new ProofKeys(proof.keys),
    readWords: wordReaders(merchants, gateway),
  }
  return (verification) =>
    inFlight.track(verifyCredits(running.store, { ...verifying, ...verification }))
}

/** A caller waits for the answer. */
const pruneByHandMs = 1_000
