import { merchantOptions, type Simulator, SimulatorClock, startSimulator } from 'budan-simulator'
import type { Config, RechargeConfig } from '../../src/config/config.ts'
import type { Event } from '../../src/domain/event.ts'
import { type Budan, openService } from '../../src/service.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { configOf, sharedMerchant } from '../support/world.ts'

export interface FleetOptions {
  readonly engineUrl: string
  readonly intervalMs: number
  readonly recharge?: Partial<RechargeConfig>
  readonly timeoutMs?: number
}

export interface FleetNode {
  readonly budan: Budan
  readonly events: readonly Event[]
}

/** Nodes of budan on one PostgreSQL, one engine and one gateway, all on the real clock. */
export class Fleet {
  readonly #nodes: FleetNode[] = []
  readonly #options: FleetOptions
  readonly #config: Config
  readonly simulator: Simulator
  readonly store: Store

  constructor(
    options: FleetOptions,
    parts: { config: Config; simulator: Simulator; store: Store },
  ) {
    this.#options = options
    this.#config = parts.config
    this.simulator = parts.simulator
    this.store = parts.store
  }

  get events(): readonly Event[] {
    return this.#nodes.flatMap(({ events }) => events)
  }

  get databaseUrl(): string {
    return this.#config.database.url
  }

  async join(count = 1): Promise<readonly FleetNode[]> {
    const joined: FleetNode[] = []
    for (let n = 0; n < count; n += 1) {
      const events: Event[] = []
      const budan = await openService(this.#config, { onEvent: (event) => events.push(event) })
      joined.push({ budan, events })
    }
    this.#nodes.push(...joined)
    for (const { budan } of joined) budan.start()
    return joined
  }

  /** Orders that are due at once, every second one of them paid. */
  async adopt(count: number, prefix = 'ORDER'): Promise<void> {
    const { budan } = (await this.#idle()) as FleetNode
    const createdAt = new Date(Date.now() - 3_600_000)
    const expiresAt = new Date(Date.now() + 86_400_000)
    const one = async (n: number) => {
      const orderNo = `${prefix}-${100_000 + n}`
      this.simulator.control.putOrder({ out_trade_no: orderNo, total: 100 })
      if (n % 2 === 0) this.simulator.control.pay(orderNo)
      const facts = { orderNo, userId: `u${n % 10}`, amount: 100n, description: '' }
      await budan.adoptOrder({ ...facts, createdAt, expiresAt })
    }
    // As many side by side as there are connections.
    for (let n = 0; n < count; n += 10) {
      const some = Array.from({ length: Math.min(10, count - n) }, (_, at) => one(n + at))
      await Promise.all(some)
    }
  }

  /** Resolves as soon as it is so; looks every few milliseconds, and says what it missed. */
  async until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 120_000) {
    const deadline = performance.now() + withinMs
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async paidCount(): Promise<number> {
    return (await this.store.vitals([this.#merchant()])).ordersByStatus.paid
  }

  dueCount(): Promise<number> {
    return this.store.countDue({ merchant: this.#merchant(), thresholdMs: 0, countMax: 1_000_000 })
  }

  /** Whether `count` slots in a row had their run. A busy machine may begin with a gap. */
  async hadInRow(count: number): Promise<boolean> {
    const slots = new Set(await this.#slotNumbers())
    return [...slots].some((slot) =>
      Array.from({ length: count }, (_, n) => slot + n).every((each) => slots.has(each)),
    )
  }

  /** How many slots had a run, and how many runs too many. */
  async slots(): Promise<{ had: number; doubled: number }> {
    const slots = await this.#slotNumbers()
    const had = new Set(slots).size
    return { had, doubled: slots.length - had }
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ budan }) => budan.close()))
    await this.store.close()
    await this.simulator.stop()
  }

  async #slotNumbers(): Promise<readonly number[]> {
    const slots: number[] = []
    let cursor: string | null = null
    do {
      const page = await this.store.listRuns({ limit: 200, cursor })
      for (const { slot } of page.items) {
        if (slot !== null) slots.push(Math.round(+slot / this.#options.intervalMs))
      }
      cursor = page.nextCursor
    } while (cursor !== null)
    return slots
  }

  /** One that adopts orders and does nothing else. */
  async #idle(): Promise<FleetNode> {
    const idle = this.#nodes.find(({ events }) => events.length === 0)
    if (idle !== undefined) return idle
    const budan = await openService(this.#config)
    this.#nodes.push({ budan, events: [] })
    return { budan, events: [] }
  }

  #merchant() {
    const { mchId, appId } = this.#config.merchants[0] ?? { mchId: '', appId: '' }
    return { gateway: 'wechatpay', mchid: mchId, appid: appId }
  }
}

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const merchant = await sharedMerchant()
  const simulator = await startSimulator({
    ...merchantOptions(merchant),
    clock: new SimulatorClock({ stepped: false }),
    signing: 'public_key',
    seed: 'engine',
  })
  const intervalMins = options.intervalMs / 60_000
  const recharge = {
    compensationIntervalMins: intervalMins,
    compensationThresholdMins: 0,
    compensationRecheckMins: [60],
    compensationMaxQps: 10_000,
    ...options.recharge,
  }
  const { timeoutMs = 5000 } = options
  const url = await freshPostgresUrl()
  const config: Config = {
    ...configOf(simulator, { merchant, recharge, timeoutMs }),
    database: { url, retentionDays: 0 },
    engine: { url: options.engineUrl },
  }
  return new Fleet(options, { config, simulator, store: await openStore(url) })
}
