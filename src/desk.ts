import pLimit from 'p-limit'
import type { Config, MerchantConfig, RechargeConfig } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import { Clocks } from './domain/clocks.ts'
import type { Emit } from './domain/event.ts'
import type { ConfiguredMerchant } from './domain/merchant.ts'
import type { SchedulePolicy } from './domain/schedule.ts'
import { type Gateway, merchantOf } from './gateway/gateway.ts'
import { createWechatGateway } from './gateway/wechat/wechat.ts'
import { Backlog, type BacklogPolicy } from './job/backlog.ts'
import { Breaker } from './job/breaker.ts'
import type { MerchantWork } from './job/tick.ts'
import type { Adopting } from './orders/adopt.ts'
import type { Receiving } from './orders/callback.ts'
import { settlersOf } from './settle/groups.ts'
import type { OnPaid, Settling } from './settle/settle.ts'
import type { Store } from './store/store.ts'

/**
 * What the service has for one merchant: its gateway, breaker, clocks, limits and backlog. None of it is
 * shared, so that what stops one merchant holds up no other.
 */
export interface Desk extends MerchantWork {
  readonly merchant: ConfiguredMerchant
  readonly clocks: Clocks
  readonly adopting: Adopting
  readonly receiving: Receiving
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
}

export function openDesk(parts: DeskParts, gateway: Gateway): Desk {
  const { config, store, clock, policy, emit, node, onPaid } = parts
  const { recharge } = config
  const { compensationBatchSize: batchSize, compensationConcurrency: concurrency } = recharge
  const breaker = new Breaker(emit, { clock, causeWords: gateway.causeWords })
  const gatewayOffset = () => gateway.clockOffset?.() ?? null
  const clocks = new Clocks({ clock, gatewayOffset, emit })
  const settling: Settling = {
    ...{ store, clocks, policy, emit, node },
    adoptAttach: recharge.adoptAttach ?? null,
    ...(onPaid && { onPaid }),
  }
  const settlers = settlersOf(settling, { atOnce: concurrency })
  const placing = { store, gateway, breaker, policy, clock, node }
  return {
    ...settling,
    ...{ gateway, breaker, clocks, batchSize },
    merchant: merchantOf(gateway),
    limit: pLimit(concurrency),
    settleAnswer: settlers.answer,
    queriedTogether: store.kind === 'postgres' ? 1 : Math.max(embeddedGroup, concurrency),
    backlog: new Backlog(backlogPolicy(recharge, policy)),
    adopting: { ...placing, adoptPrefixes: recharge.adoptPrefixes ?? null },
    receiving: { store, gateway, breaker, emit, node, settle: settlers.callback },
  }
}

export function openGateway(
  { config, store, clock, emit }: Omit<DeskParts, 'onPaid' | 'policy' | 'node'>,
  merchant: MerchantConfig,
): Gateway {
  const { recharge } = config
  return createWechatGateway(merchant, {
    emit,
    clock,
    maxQps: merchant.maxQps ?? recharge.compensationMaxQps,
    limiter: store.rateLimiter,
    // A run, another by hand, and orders being placed meanwhile: none waits for a socket.
    connections: 2 * recharge.compensationConcurrency + placingConnections,
  })
}

/** See `Scanning`: enough for one statement to write the unpaid ones. */
const embeddedGroup = 25

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
