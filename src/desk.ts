import pLimit from 'p-limit'
import type { Config, MerchantConfig, RechargeConfig } from './config/config.ts'
import { assert } from './domain/assert.ts'
import type { Clock } from './domain/clock.ts'
import type { Emit } from './domain/event.ts'
import type { ConfiguredMerchant } from './domain/merchant.ts'
import { Clocks } from './domain/runs/clocks.ts'
import type { SchedulePolicy } from './domain/runs/schedule.ts'
import {
  type Gateway,
  type GatewayFacts,
  type KnownKeys,
  merchantOf,
  type WordReaders,
} from './gateway/gateway.ts'
import { wechatFacts } from './gateway/wechat/facts.ts'
import { createWechatGateway } from './gateway/wechat/wechat.ts'
import { Backlog, type BacklogPolicy } from './job/backlog.ts'
import { Breaker } from './job/breaker.ts'
import type { MerchantWork } from './job/tick.ts'
import type { Adopting } from './orders/adopt.ts'
import type { Receiving } from './orders/callback.ts'
import { SettleGroups, settlersOf } from './settle/groups.ts'
import type { OnPaid, Settling } from './settle/settle.ts'
import type { Store } from './store/store.ts'

/**
 * What the service has for one merchant: its gateway, breaker, clocks, limits and backlog. None of it is
 * shared, so that what stops one merchant holds up no other.
 */
export interface Desk extends MerchantWork {
  readonly name: string
  /** Stands before the ids of its users; null: nothing does. */
  readonly userPrefix: string | null
  readonly merchant: ConfiguredMerchant
  readonly clocks: Clocks
  readonly adopting: Adopting
  readonly receiving: Receiving
  /** Which numbers may be adopted; null: any. */
  readonly adoptPrefixes: readonly string[] | null
}

/** What the desks of a service share. */
export interface DeskParts {
  readonly config: Config
  readonly store: Store
  readonly clock: Clock
  readonly policy: SchedulePolicy
  readonly emit: Emit
  readonly node: string
  readonly onPaid: OnPaid | null
  /** Answers of all merchants share transactions. */
  readonly groups: SettleGroups
}

/** An open gateway, and the merchant's own limits. */
interface DeskMerchant {
  readonly name: string
  /** Queries a second. */
  readonly maxQps: number
  readonly userPrefix: string | null
  readonly gateway: Gateway
}

function openDesk(parts: DeskParts, { name, maxQps, userPrefix, gateway }: DeskMerchant): Desk {
  const { config, store, clock, policy, emit, node, onPaid } = parts
  const { recharge, reviews } = config
  const fourEyes = reviews?.fourEyes ?? false
  const { compensationBatchSize: batchSize, compensationConcurrency: concurrency } = recharge
  const breaker = new Breaker(emit, { clock, causeWords: gateway.causeWords })
  const gatewayOffset = () => gateway.clockOffset?.() ?? null
  const clocks = new Clocks({ clock, gatewayOffset, emit })
  const settling: Settling = {
    ...{ store, clocks, policy, emit, node },
    ...{ adoptAttach: recharge.adoptAttach ?? null, fourEyes },
    ...(onPaid && { onPaid }),
  }
  const { groups } = parts
  const settlers = settlersOf(settling, { atOnce: concurrency, groups })
  const limited = pLimit(concurrency)
  const adoptPrefixes = recharge.adoptPrefixes ?? null
  const placing = { store, gateway, breaker, policy, clock, node, fourEyes }
  return {
    ...settling,
    ...{ gateway, breaker, clocks, batchSize, concurrency },
    ...{ name, userPrefix, merchant: merchantOf(gateway) },
    limit: (query) => groups.expecting(() => limited(query)),
    settleAnswer: settlers.answer,
    queriedTogether: store.kind === 'postgres' ? 1 : Math.max(embeddedGroup, concurrency),
    backlog: new Backlog({ ...backlogPolicy(recharge, policy), qpsMax: maxQps }),
    ...{ adopting: { ...placing, adoptPrefixes }, adoptPrefixes },
    receiving: { store, gateway, breaker, emit, node, adoptPrefixes, settle: settlers.callback },
  }
}

/** One for each configured merchant, or one for an embedder's own gateway. */
export function openDesks(
  shared: Omit<DeskParts, 'groups'>,
  given: Gateway | null,
): readonly [Desk, ...Desk[]] {
  const { config, store } = shared
  const groups = new SettleGroups({ gatherMs: store.kind === 'postgres' ? gatherMs : 0 })
  const parts = { ...shared, groups }
  const { compensationMaxQps } = config.recharge
  if (given !== null) {
    const own = { name: 'default', maxQps: compensationMaxQps, userPrefix: null }
    return [openDesk(parts, { ...own, gateway: given })]
  }
  const [first, ...others] = config.merchants.map((merchant) => {
    const { name, userPrefix } = merchant
    const maxQps = merchant.maxQps ?? compensationMaxQps
    const isOnly = config.merchants.length === 1
    const own = isOnly ? parts : { ...parts, emit: emitAs(parts.emit, name) }
    const gateway = openGateway(own, { merchant, maxQps })
    return openDesk(own, { name, maxQps, userPrefix, gateway })
  })
  assert(first !== undefined, 'Cannot open a service without a merchant')
  return [first, ...others]
}

/**
 * Readers of what each gateway has signed. A key that is configured must be the one that was kept with a
 * proof; without any, the keys that were kept are believed, as their seals show.
 */
export function wordReaders(
  merchants: readonly MerchantConfig[],
  given: GatewayFacts | null = null,
): WordReaders {
  const known: KnownKeys = {
    opening: merchants.map(({ apiV3Key }) => apiV3Key),
    signing: new Map(
      merchants.flatMap(({ publicKey }) => (publicKey ? [[publicKey.id, publicKey.key]] : [])),
    ),
  }
  return (name) => {
    const gateway = [given, wechatFacts].find((each) => each?.name === name)
    const read = gateway?.readWords
    return read ? (words) => read.call(gateway, words, known) : null
  }
}

function emitAs(emit: Emit, merchantName: string): Emit {
  return (event) => emit({ ...event, merchantName })
}

function openGateway(
  { config, store, clock, emit }: DeskParts,
  { merchant, maxQps }: { merchant: MerchantConfig; maxQps: number },
): Gateway {
  return createWechatGateway(merchant, {
    ...{ emit, clock, maxQps },
    limiter: store.rateLimiter,
    // A run, another by hand, and orders being placed meanwhile: none waits for a socket.
    connections: 2 * config.recharge.compensationConcurrency + placingConnections,
  })
}

/** See `Scanning`: enough for one statement to write the unpaid ones. */
const embeddedGroup = 25

/** See `SettleGroups`. Long enough for a whole group at 1,000 answers a second. */
const gatherMs = 50

/** Orders placed, checked and closed at the same moment, at a busy merchant's. */
const placingConnections = 32

function backlogPolicy(recharge: RechargeConfig, { intervalMs }: SchedulePolicy): BacklogPolicy {
  return {
    intervalMs,
    batchSize: recharge.compensationBatchSize,
    drain: recharge.compensationDrain,
    qpsMax: recharge.compensationMaxQps,
  }
}

/** A run's deadline leaves time for the slowest call. */
export function longestTimeoutMs({ merchants }: Config): number {
  if (merchants.length === 0) return embeddedTimeoutMs
  return Math.max(...merchants.map(({ timeoutMs }) => timeoutMs))
}

/** For an embedder's own gateway, whose deadlines are not in the configuration: WeChat Pay's default. */
const embeddedTimeoutMs = 5000

/** What others may know of the gateway. */
export function factsOf(gateway: Gateway): GatewayFacts & { readonly canTrace: boolean } {
  const { name, label } = gateway
  return {
    ...{ name, label, canTrace: gateway.queryByTransactionId !== undefined },
    callbackReply: (end) => gateway.callbackReply(end),
    isLikeCallback: (headers) => gateway.isLikeCallback?.(headers) ?? false,
  }
}
