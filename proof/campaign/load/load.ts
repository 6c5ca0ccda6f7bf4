import type { Chance } from '../../../packages/simulator/src/chance.ts'
import { pause } from '../wait.ts'
import type { Api, Reply } from './api.ts'
import type { Gateway } from './gateway.ts'
import { type OrderPlan, planOrder } from './order-plan.ts'
import { pay } from './payer.ts'

/** One order that a caller requested, and what the campaign itself knows about it. */
export interface Purchase {
  readonly index: number
  readonly userId: string
  readonly amount: number
  /** The caller's idempotency key, sent with each try. Null for adopted orders, which have a number. */
  readonly key: string | null
  readonly plan: OrderPlan
  orderNo: string | null
  /** A node acknowledged it: from then on it may never be missing. */
  acknowledged: boolean
  /** By this machine's clock, which the database uses too. */
  paidAtMs: number | null
  /** A node answered 404 for it after it was acknowledged. */
  forgotten: boolean
}

export interface LoadOptions {
  readonly chance: Chance
  readonly api: Api
  readonly gateway: Gateway
  readonly ports: readonly number[]
  readonly notifyUrl: string
  readonly ttlMs: number
  readonly ordersPerSecond: number
  /** After it no new orders are placed. */
  readonly ending: AbortSignal
  /** After it callers and payers give up. */
  readonly over: AbortSignal
}

/** On a machine that cannot keep up, fewer orders are placed instead of ever more callers waiting. */
const underWayMax = 300

/** Few enough that each user has many orders, so that balances are sums. */
const userCount = 40

/** Places orders and pays them, each by its plan. */
export class Load {
  readonly purchases: Purchase[] = []
  readonly #options: LoadOptions
  readonly #underWay = new Set<Promise<void>>()
  readonly #failures: unknown[] = []

  constructor(options: LoadOptions) {
    this.#options = options
  }

  /** Places orders until `ending` aborts. */
  async run(): Promise<void> {
    const { chance, ordersPerSecond, ending } = this.#options
    for (let index = 1; !ending.aborted; index += 1) {
      const purchase = newPurchase(chance, index)
      this.purchases.push(purchase)
      this.#track(this.#play(purchase))
      const waitMs = (1_000 / ordersPerSecond) * 2 * chance.fraction('gap', index)
      await pause(waitMs, ending)
      while (this.unfinished >= underWayMax && !ending.aborted) await pause(100, ending)
    }
  }

  /** How many callers and payers have not finished. */
  get unfinished(): number {
    return this.#underWay.size
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  async #play(purchase: Purchase): Promise<void> {
    const buying = {
      ...this.#options,
      purchase,
      check: (path: string) => this.#check(purchase, path),
    }
    if (purchase.plan.adopted) await this.#adopt(purchase)
    else await this.#place(purchase)
    if (purchase.orderNo !== null) await pay(buying)
  }

  async #place(purchase: Purchase): Promise<void> {
    const { userId, amount, key } = purchase
    const body = { user_id: userId, amount, description: 'campaign', attach: key ?? '' }
    const reply = await this.#retry(purchase, { body, ...(key === null ? {} : { key }) })
    if (reply?.status !== 201) return
    purchase.orderNo = String(reply.body.order_no)
    purchase.acknowledged = true
  }

  /** The trade exists at the gateway already; the payer may pay before the adoption is done. */
  async #adopt(purchase: Purchase): Promise<void> {
    const { gateway, notifyUrl, ttlMs } = this.#options
    const { userId, amount, plan, index } = purchase
    const order_no = `CAMP${String(index).padStart(8, '0')}`
    const now = Date.now()
    const expires_at = new Date(now + ttlMs).toISOString()
    const total = plan.kind === 'wrong_amount' ? amount + 1 : amount
    const times = { created_at: new Date(now).toISOString(), expires_at }
    const put = { out_trade_no: order_no, total, notify_url: notifyUrl, attach: order_no, ...times }
    await gateway.control('POST', '/orders', put)
    purchase.orderNo = order_no
    const body = { adopt: true, order_no, user_id: userId, amount, ...times }
    const adoption = this.#retry(purchase, { body }).then((reply) => {
      purchase.acknowledged = reply?.status === 200 || reply?.status === 201
    })
    if (plan.moment < 0.3) this.#track(adoption)
    else await adoption
  }

  /** A failure here is the campaign's own: the simulator is gone, or rejects an input. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  /** Repeats a request at any node, as a careful caller does, until a status below 500 arrives. */
  async #retry(
    { index }: Purchase,
    request: { body: object; key?: string },
  ): Promise<Reply | null> {
    const { api, ports, chance, over } = this.#options
    for (let tries = 1; !over.aborted; tries += 1) {
      const port = chosen(ports, chance.fraction('node', index, tries))
      const reply = await api.call(port, { method: 'POST', path: '/v1/orders', ...request })
      if (reply !== null && reply.status < 500) return reply
      await pause(Math.min(100 * tries, 1_000), over)
    }
    return null
  }

  /** False if no node answered, or if the gateway's answer was unknown. */
  async #check(purchase: Purchase, path: string): Promise<boolean> {
    const { api, ports, chance } = this.#options
    const port = chosen(ports, chance.fraction('check', purchase.index, performance.now()))
    const reply = await api.call(port, { method: 'POST', path })
    if (reply?.status === 404 && purchase.acknowledged) purchase.forgotten = true
    return reply?.status === 200 && reply.body.trade_state !== null
  }
}

function newPurchase(chance: Chance, index: number): Purchase {
  const plan = planOrder(chance, index)
  return {
    index,
    userId: `u${Math.floor(userCount * chance.fraction('user', index))}`,
    amount: 2 + Math.floor(50_000 * chance.fraction('amount', index)),
    key: plan.adopted ? null : `campaign-${index}`,
    plan,
    orderNo: null,
    acknowledged: false,
    paidAtMs: null,
    forgotten: false,
  }
}

function chosen(ports: readonly number[], fraction: number): number {
  return ports[Math.floor(fraction * ports.length)] ?? 0
}
