import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import type { Event } from '../domain/event.ts'
import type { Order } from '../domain/order.ts'
import type { Audit } from '../store/store.ts'
import { type Fate, fates } from './fates.ts'
import { openStage, type Stage } from './stage.ts'

/** What the demo tells while it plays. */
export interface DemoListener {
  /** A new stretch of work; `total` steps. */
  stage(title: string, total: number): void
  progress(done: number): void
}

export interface DemoOptions {
  readonly version: string
  readonly listener: DemoListener
  /** Of budan's HTTP API; default 0: any free one. */
  readonly port?: number
  /** No longer than this, in milliseconds; what has not ended by then has not ended as it must. */
  readonly deadlineMs?: number
  /** Ends it early: what has not ended by then has not ended as it must. */
  readonly stopAsked?: Promise<void>
}

/** One order, what was done to it, and how it ended. */
export interface DemoOrder {
  readonly fate: Fate
  readonly order: Order
  readonly asItMust: boolean
}

export interface DemoReport {
  readonly orders: readonly DemoOrder[]
  readonly runs: number
  readonly audit: Audit
  /** Fen: what the gateway took for orders that were to be paid, and what budan credited. */
  readonly taken: bigint
  readonly credited: bigint
  readonly durationMs: number
  readonly ok: boolean
}

export interface Demo {
  readonly report: DemoReport
  readonly url: string
  readonly simulatorUrl: string
  readonly dir: string
  close(): Promise<void>
}

/** Enough for the slowest fate twice over, and under a minute from the first line to the last. */
const deadlineMsDefault = 50_000

/** Plays every fate and waits for its end. The caller closes what comes back. */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const startedAt = performance.now()
  options.listener.stage('Starting a simulated WeChat Pay and budan on a new embedded database', 0)
  const ends = new Ends(options.deadlineMs ?? deadlineMsDefault)
  void options.stopAsked?.then(() => ends.stop())
  const stage = await openStage({ ...options, onEvent: (event) => ends.hear(event) })
  try {
    const placed = await placeAll(stage, options.listener)
    stage.budan.start()
    options.listener.stage('The job runs; callbacks come, or do not', placed.length)
    await watch(stage, { placed, ends, listener: options.listener })
    const report = await reportOf(stage, { placed, startedAt })
    const { url, simulator, dir } = stage
    return { report, url, simulatorUrl: simulator.url, dir, close: () => stage.close() }
  } catch (error) {
    await stage.close()
    throw error
  }
}

interface Placed {
  readonly fate: Fate
  readonly orderNo: string
}

async function placeAll(stage: Stage, listener: DemoListener): Promise<readonly Placed[]> {
  const wanted = fates.flatMap((fate) => Array.from({ length: fate.count }, () => fate))
  listener.stage('Placing orders over the HTTP API', wanted.length)
  const limited = pLimit(5)
  let done = 0
  return Promise.all(
    wanted.map((fate, index) =>
      limited(async () => {
        const orderNo = await placeOne(stage.url, index)
        fate.begin(stage.simulator.control, orderNo)
        listener.progress(++done)
        return { fate, orderNo }
      }),
    ),
  )
}

/** A gateway that did not answer within the demo's short deadline is asked again, as any shop would. */
const placingsMax = 5

async function placeOne(url: string, index: number): Promise<string> {
  // The same key: if the first try did place the order after all, this finds it.
  const idempotencyKey = randomUUID()
  for (let tries = 1; ; tries += 1) {
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
    if (response.status !== 502 || tries === placingsMax) {
      throw new Error(`Cannot place an order: ${response.status} ${String(body.message)}`)
    }
  }
}

/** Wakes whoever waits, whenever something may have ended an order, and at the deadline. */
class Ends {
  readonly deadline: AbortSignal
  readonly #stop: AbortController
  #wake: () => void = () => {}

  constructor(deadlineMs: number) {
    this.#stop = new AbortController()
    this.deadline = AbortSignal.any([AbortSignal.timeout(deadlineMs), this.#stop.signal])
    this.deadline.addEventListener('abort', () => this.#wake())
  }

  stop(): void {
    this.#stop.abort()
  }

  hear(event: Event): void {
    if (event.type === 'order_credited' || event.type === 'run_finished') this.#wake()
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

async function watch(
  stage: Stage,
  watched: {
    placed: readonly Placed[]
    ends: Ends
    listener: DemoListener
  },
): Promise<void> {
  const { placed, ends, listener } = watched
  while (!ends.deadline.aborted) {
    const next = ends.next()
    const open = await openOrders(stage)
    listener.progress(placed.length - open)
    if (open === 0) return
    await next
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
    .filter(({ fate }) => fate.ends === 'paid')
    .reduce((sum, { order }) => sum + takenFor(stage, order.orderNo), 0n)
  const sound = Object.values(audit).every((count) => count === 0)
  return {
    ...{ orders, audit, taken, credited },
    runs: runs.items.length,
    durationMs: performance.now() - startedAt,
    ok: sound && taken === credited && orders.every(({ asItMust }) => asItMust),
  }
}

async function examine(stage: Stage, { fate, orderNo }: Placed): Promise<DemoOrder> {
  const order = await stage.budan.store.findOrder(orderNo)
  if (order === null) throw new Error(`Order "${orderNo}" is gone`)
  return { fate, order, asItMust: order.status === fate.ends }
}

/** What users were given, as their accounts say: an order credited twice would show here. */
async function creditedSum(stage: Stage, orders: readonly DemoOrder[]): Promise<bigint> {
  const users = new Set(orders.map(({ order }) => order.userId))
  const balances = await Promise.all([...users].map((user) => stage.budan.store.balance(user)))
  return balances.reduce((sum, { balance }) => sum + balance, 0n)
}

function takenFor({ simulator }: Stage, orderNo: string): bigint {
  return BigInt(simulator.control.order(orderNo).taken)
}
