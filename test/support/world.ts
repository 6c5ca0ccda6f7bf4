import { createPrivateKey, createPublicKey } from 'node:crypto'
import {
  type Control,
  generateMerchant,
  type Merchant,
  merchantOptions,
  type NoticeInput,
  type Signing,
  type Simulator,
  SimulatorClock,
  startSimulator,
} from 'budan-simulator'
import { afterEach } from 'vitest'
import type { Config, RechargeConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import type { Order, OrderEvent } from '../../src/domain/order.ts'
import type { RawCallback } from '../../src/gateway/gateway.ts'
import { type Budan, openService, type ServiceOptions } from '../../src/service.ts'
import type { Store } from '../../src/store/store.ts'
import { openLetterbox } from './letterbox.ts'
import { keyOf } from './order-key.ts'
import { freshStore, testProofKeys } from './stores.ts'

/** One merchant for each process: making RSA keys takes tenths of a second. */
const merchantOnce: { made?: Promise<Merchant> } = {}

export function sharedMerchant(): Promise<Merchant> {
  merchantOnce.made ??= generateMerchant()
  return merchantOnce.made
}

export interface WorldOptions extends Omit<ServiceOptions, 'clock'> {
  readonly kind?: 'pglite' | 'postgres'
  readonly recharge?: Partial<RechargeConfig>
  readonly fourEyes?: boolean
  readonly retentionDays?: number
  readonly timeoutMs?: number
  readonly signing?: Signing
  /** The time of the gateway and of budan's process; the store's own clock may differ. */
  readonly startAt?: Date
  /** How far the clock of budan's process is off the gateway's at the moment; the store's is right. */
  readonly skewMs?: () => number
  /** Of the configuration; the simulator keeps the merchant's own. */
  readonly mchId?: string
  readonly appId?: string
  /** Further app ids, of the configuration and at the gateway. */
  readonly appIds?: readonly string[]
  readonly alerts?: Config['alerts']
  readonly webhooks?: Config['webhooks']
}

/**
 * budan, a store and a simulator of the gateway on one stepped clock, which moves only when a test
 * steps it. Queries go over real HTTP, and money through a real database.
 */
export interface World {
  readonly budan: Budan
  readonly store: Store
  readonly simulator: Simulator
  readonly control: Control
  readonly config: Config
  readonly events: readonly Event[]
  now(): Date
  /** Both clocks. */
  advanceMins(minutes: number): Promise<void>
  /** Resolves with the next event of that type, or one that has been seen already after `from`. */
  waitFor(type: Event['type'], options?: { from?: number }): Promise<Event>
  /** Puts an order at the gateway alone. */
  put(orderNo: string, options: { amount: number }): void
  /** Puts an order at the gateway and adopts it here. */
  adopt(
    orderNo: string,
    options?: { amount?: number; userId?: string; ttlMins?: number; description?: string },
  ): Promise<Order>
  order(orderNo: string): Promise<Order>
  timeline(orderNo: string): Promise<readonly OrderEvent[]>
  balance(userId: string): Promise<bigint>
  /** The bytes of a callback for the order's payment, sent now. */
  callback(orderNo: string): Promise<RawCallback>
  /** The bytes of a notice of the order's newest refund, sent now. */
  refundNotice(orderNo: string, input?: NoticeInput): Promise<RawCallback>
  /** Whether every readiness check passes, except that of the schedule, which most tests do not start. */
  ready(): Promise<boolean>
  close(): Promise<void>
}

const startAtDefault = new Date('2026-01-24T07:00:00Z')

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const merchant = await sharedMerchant()
  const clock = new SimulatorClock({ stepped: true, startAt: options.startAt ?? startAtDefault })
  const simulator = await startSimulator({
    ...merchantOptions(merchant),
    clock,
    signatureNow: () => clock.now(),
    signing: options.signing ?? 'public_key',
    appids: options.appIds ?? [],
    seed: 'flow',
  })
  const now = () => new Date(clock.now())
  const store = options.store ?? (await freshStore(options.kind ?? 'pglite', { clock: now }))
  const config = configOf(simulator, { merchant, ...options })
  const events = new EventLog()
  const letterbox = await openLetterbox()
  const budan = await openService(config, {
    ...options,
    store,
    clock: () => new Date(clock.now() + (options.skewMs?.() ?? 0)),
    onEvent: (event) => events.add(event),
  })
  const { control } = simulator
  const put: World['put'] = (orderNo, { amount }) => {
    const notify_url = letterbox.urlFor(orderNo)
    control.putOrder({ out_trade_no: orderNo, total: amount, notify_url })
  }
  return {
    ...{ budan, store, simulator, control, config, now },
    events: events.all,
    advanceMins: (minutes) => control.advance(minutes * 60_000),
    waitFor: (type, { from = 0 } = {}) => events.wait(type, from),
    put,
    adopt: async (
      orderNo,
      { amount = 100, userId = 'u1', ttlMins = 120, description = '' } = {},
    ) => {
      put(orderNo, { amount })
      const expiresAt = new Date(clock.now() + ttlMins * 60_000)
      const facts = { orderNo, userId, amount: BigInt(amount), description }
      const adoption = await budan.adoptOrder({ ...facts, createdAt: now(), expiresAt })
      if (!('order' in adoption)) throw new Error(adoption.message)
      return adoption.order
    },
    order: async (orderNo) => {
      const order = await store.findOrder(keyOf(orderNo))
      if (order === null) throw new Error(`No order "${orderNo}"`)
      return order
    },
    timeline: async (orderNo) => {
      const page = await store.listOrderEvents(keyOf(orderNo), { limit: 200, cursor: null })
      return page.items
    },
    balance: async (userId) => (await store.balance(userId)).balance,
    callback: async (orderNo) => {
      const next = letterbox.next({ kind: 'payment', orderNo })
      await control.redeliver(orderNo)
      return next
    },
    refundNotice: async (orderNo, input = {}) => {
      const next = letterbox.next({ kind: 'notice', orderNo })
      await control.noticeRefund(orderNo, input)
      return next
    },
    ready: async () => {
      const { checks } = await budan.readiness()
      return checks.every(({ name, ok }) => ok || name === 'schedule')
    },
    close: async () => {
      await budan.close()
      await simulator.stop()
      await letterbox.close()
    },
  }
}

/** Opens worlds for one test file, and closes them after each test. */
export function useWorlds(defaults: WorldOptions = {}): (options?: WorldOptions) => Promise<World> {
  const worlds: World[] = []
  afterEach(async () => {
    for (const opened of worlds.splice(0)) await opened.close()
  })
  return async (options = {}) => {
    const opened = await openWorld({ ...defaults, ...options })
    worlds.push(opened)
    return opened
  }
}

export function configOf(
  simulator: Pick<Simulator, 'url'>,
  {
    merchant,
    recharge,
    fourEyes = false,
    retentionDays,
    timeoutMs,
    signing,
    mchId,
    appId,
    appIds = [],
    alerts,
    webhooks,
  }: WorldOptions & { merchant: Merchant },
): Config {
  const { wechatpay } = merchant
  const mchid = mchId ?? merchant.mchid
  const appids = [appId ?? merchant.appid, ...appIds] as const
  return {
    server: { host: '127.0.0.1', port: 0, apiToken: null },
    ...(alerts !== undefined && { alerts }),
    ...(webhooks !== undefined && { webhooks }),
    database: { url: 'pglite:memory', retentionDays: retentionDays ?? 0 },
    engine: { url: 'local' },
    recharge: {
      compensationEnabled: true,
      compensationIntervalMins: 5,
      compensationThresholdMins: 5,
      compensationBatchSize: 50,
      compensationConcurrency: 5,
      compensationRecheckMins: [5, 5, 10, 15, 30, 60],
      compensationDrain: false,
      compensationMaxQps: 10_000,
      orderTtlMins: 120,
      ...recharge,
    },
    merchants: [
      {
        ...{ name: 'default', gateway: 'wechatpay' },
        baseUrl: simulator.url,
        mchId: mchid,
        appId: appids[0],
        appIds: appids,
        serialNo: merchant.serialNo,
        privateKey: createPrivateKey(merchant.privateKeyPem),
        apiV3Key: Buffer.from(merchant.apiV3Key),
        notifyUrl: 'http://127.0.0.1:9/v1/callbacks/wechatpay',
        publicKey:
          signing === 'certificate'
            ? null
            : { id: wechatpay.publicKeyId, key: createPublicKey(wechatpay.publicKeyPem) },
        timeoutMs: timeoutMs ?? 5000,
        ...{ maxQps: null, userPrefix: null },
      },
    ],
    reviews: { fourEyes },
    merchantIds: [{ name: 'default', gateway: 'wechatpay', mchid, appids }],
    log: { level: 'silent', format: 'json' },
    proof: { keys: testProofKeys },
  }
}

/** The events so far, and the promises that wait for one. */
class EventLog {
  readonly all: Event[] = []
  #waiting: { type: Event['type']; resolve: (event: Event) => void }[] = []

  add(event: Event): void {
    this.all.push(event)
    for (const one of this.#waiting.filter(({ type }) => type === event.type)) one.resolve(event)
    this.#waiting = this.#waiting.filter(({ type }) => type !== event.type)
  }

  wait(type: Event['type'], from: number): Promise<Event> {
    const seen = this.all.slice(from).find((event) => event.type === type)
    if (seen !== undefined) return Promise.resolve(seen)
    return new Promise((resolve) => this.#waiting.push({ type, resolve }))
  }
}
