import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { ExpectedError } from '../domain/assert.ts'
import type { Order } from '../domain/order.ts'
import type { Audit } from '../store/store.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { openStage, type Stage } from './stage.ts'

export interface DemoListener {
  stage(title: string, total: number): void
  progress(done: number): void
}

export interface DemoOptions {
  readonly version: string
  readonly listener: DemoListener
  /** Of budan's HTTP API; default 0: any free one. */
  readonly port?: number
  /** The longest time, in milliseconds. An order that has not ended by then counts as wrong. */
  readonly deadlineMs?: number
  /** Ends the demo early, as the deadline does. */
  readonly stopRequested?: Promise<void>
}

export interface DemoOrder {
  readonly scenario: Scenario
  readonly order: Order
  readonly asExpected: boolean
}

export interface DemoReport {
  readonly orders: readonly DemoOrder[]
  readonly runs: number
  readonly audit: Audit
  /** Fen: the payments of all orders that are expected to be paid, and the credits. */
  readonly taken: bigint
  readonly credited: bigint
  readonly shop: ShopReport
  readonly durationMs: number
  readonly ok: boolean
}

/** What the shop's backend has got. */
export interface ShopReport {
  /** Each counted once, by type. */
  readonly events: Readonly<Record<string, number>>
  /** Requests with an event that it had already. */
  readonly repeated: number
  readonly orders: number
  /** Fen: what it has credited in its own books. */
  readonly credited: bigint
}

export interface Demo {
  readonly report: DemoReport
  readonly url: string
  readonly simulatorUrl: string
  readonly dir: string
  close(): Promise<void>
}

/** Twice the time of the slowest scenario; the whole demo takes less than a minute. */
const deadlineMsDefault = 50_000

/** Plays all scenarios and waits for the ends of their orders. The caller closes the result. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const startedAt = performance.now()
  options.listener.stage('Starting a simulated WeChat Pay and budan on a new embedded database', 0)
  const stop = new AbortController()
  void options.stopRequested?.then(() => stop.abort())
  const latest = AbortSignal.timeout(options.deadlineMs ?? deadlineMsDefault)
  const deadline = AbortSignal.any([latest, stop.signal])
  const stage = await openStage(options)
  try {
    const placed = await placeAll(stage, options.listener)
    stage.budan.start()
    options.listener.stage('The job runs; callbacks come, or do not', placed.length)
    await watch(stage, { placed: placed.length, listener: options.listener, deadline })
    options.listener.stage("What the shop's backend has not got yet is sent again", 0)
    await delivered(stage, deadline)
    const report = await reportOf(stage, { placed, startedAt })
    const { url, simulator, dir } = stage
    return { report, url, simulatorUrl: simulator.url, dir, close: () => stage.close() }
  } catch (error) {
    await stage.close()
    throw error
  }
}

interface Placed {
  readonly scenario: Scenario
  readonly orderNo: string
}

async function placeAll(stage: Stage, listener: DemoListener): Promise<readonly Placed[]> {
  const played = scenarios.flatMap((each) => Array.from({ length: each.count }, () => each))
  listener.stage('Placing orders over the HTTP API', played.length)
  const limited = pLimit(5)
  let done = 0
  return Promise.all(
    played.map((scenario, index) =>
      limited(async () => {
        const orderNo = await placeOne(stage.url, index)
        scenario.begin(stage.simulator.control, orderNo)
        listener.progress(++done)
        return { scenario, orderNo }
      }),
    ),
  )
}

/** A gateway that exceeds the demo's short time-out gets the request again, as a merchant would send it. */
const attemptsMax = 5

async function placeOne(url: string, index: number): Promise<string> {
  // The same key in each attempt: if an earlier one placed the order, the next finds it.
  const idempotencyKey = randomUUID()
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(`${url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify({
        user_id: `user-${index % 10}`,
        amount: 1000 + index,
        description: 'demo recharge',
      }),
    })
    const body = (await response.json()) as { order_no?: unknown; message?: unknown }
    if (response.status === 201 && typeof body.order_no === 'string') return body.order_no
    if (response.status !== 502 || attempt === attemptsMax) {
      throw new ExpectedError(`Cannot place an order: ${response.status} ${String(body.message)}`)
    }
  }
}

/** A fifth of the time between two runs: the report comes soon after the last order has ended. */
const lookMs = 250

async function watch(
  stage: Stage,
  { placed, listener, deadline }: { placed: number; listener: DemoListener; deadline: AbortSignal },
): Promise<void> {
  while (!deadline.aborted) {
    const open = await openOrders(stage)
    listener.progress(placed - open)
    if (open === 0) return
    await delay(lookMs, undefined, { signal: deadline }).catch(() => undefined)
  }
}

/** Resolves once the shop has answered each event with 2xx, or at the deadline. */
async function delivered({ budan }: Stage, deadline: AbortSignal): Promise<void> {
  while (!deadline.aborted) {
    const positioned = await budan.store.positionEvents({ limit: 1000 })
    const endpoints = await budan.webhooks.endpoints()
    if (positioned.count === 0 && endpoints.every(({ pending }) => pending === 0)) return
    await delay(lookMs, undefined, { signal: deadline }).catch(() => undefined)
  }
}

async function openOrders({ budan }: Stage): Promise<number> {
  const byMerchant = await budan.store.openOrders()
  return byMerchant.reduce((sum, { count }) => sum + count, 0)
}

async function reportOf(
  stage: Stage,
  { placed, startedAt }: { placed: readonly Placed[]; startedAt: number },
): Promise<DemoReport> {
  const { store } = stage.budan
  const orders = await Promise.all(placed.map((one) => examine(stage, one)))
  const audit = await store.audit()
  const runs = await store.listRuns({ limit: 200, cursor: null })
  const credited = await creditedSum(stage, orders)
  const taken = orders
    .filter(({ scenario }) => scenario.expected === 'paid')
    .reduce((sum, { order }) => sum + takenFor(stage, order.orderNo), 0n)
  const sound = Object.values(audit).every((count) => count === 0)
  const shop = shopReport(stage)
  return {
    ...{ orders, audit, taken, credited, shop },
    runs: runs.items.length,
    durationMs: performance.now() - startedAt,
    ok:
      sound &&
      taken === credited &&
      taken === shop.credited &&
      orders.every(({ asExpected }) => asExpected),
  }
}

async function examine(stage: Stage, { scenario, orderNo }: Placed): Promise<DemoOrder> {
  const order = await stage.budan.findOrder(orderNo)
  if (order === null) throw new Error(`Order "${orderNo}" is gone`)
  return { scenario, order, asExpected: order.status === scenario.expected }
}

function shopReport({ shop: { books } }: Stage): ShopReport {
  const events = Object.values(books.events).reduce((sum, count) => sum + count, 0)
  return {
    events: books.events,
    repeated: books.requests - events,
    orders: books.credits.size,
    credited: [...books.credits.values()].reduce((sum, amount) => sum + amount, 0n),
  }
}

/** Sum of the users' balances: it shows an order that was credited twice. */
async function creditedSum(stage: Stage, orders: readonly DemoOrder[]): Promise<bigint> {
  const users = new Set(orders.map(({ order }) => order.userId))
  const balances = await Promise.all([...users].map((user) => stage.budan.store.balance(user)))
  return balances.reduce((sum, { balance }) => sum + balance, 0n)
}

function takenFor({ simulator }: Stage, orderNo: string): bigint {
  return BigInt(simulator.control.order(orderNo).taken)
}
