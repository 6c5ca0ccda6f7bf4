import { keyOf } from '../../../test/support/order-key.ts'
import type { Chance } from '../chance.ts'
import { type Counts, countsOf, type FuzzDatabase, inspectAudit } from '../database.ts'
import { type Keys, present } from '../keys.ts'
import { Finding } from '../target.ts'
import type { Payment } from './payment.ts'

/** An order as the oracle knows it. */
export interface ExpectedOrder {
  readonly orderNo: string
  readonly userId: string
  readonly amount: number
  state: 'open' | 'paid' | 'review'
  transactionId: string | null
}

export type Verdict = 'pay' | 'review' | 'keep' | 'unknown order'

/**
 * The credits that are expected, by rules and memory of its own, apart from the program. An inspection
 * compares all of them with the rows of the database.
 */
export class ExpectedBooks {
  readonly #orders = new Map<string, ExpectedOrder>()
  readonly #open: ExpectedOrder[] = []
  readonly #transactions = new Map<string, string>()
  readonly #database: FuzzDatabase
  readonly #keys: Keys
  #counts: Counts = { orders: 0, events: 0, transfers: 0, entries: 0 }

  constructor(database: FuzzDatabase, keys: Keys) {
    this.#database = database
    this.#keys = keys
  }

  /** An order that is not paid yet. New ones are placed so that there always is one. */
  async openOrder(chance: Chance): Promise<ExpectedOrder> {
    while (this.#open.length < openMin) await this.#place(chance)
    return chance.pick(this.#open)
  }

  /** One of the latest orders, in any state. */
  async anyOrder(chance: Chance): Promise<ExpectedOrder> {
    if (this.#orders.size === 0) await this.#place(chance)
    const all = [...this.#orders.values()].slice(-200)
    return chance.pick(all)
  }

  get transactionIds(): readonly string[] {
    return [...this.#transactions.keys()].slice(-20)
  }

  /** The decision that a genuine payment must lead to. */
  verdictOn(payment: Payment): Verdict {
    const entry = this.#orders.get(payment.orderNo)
    if (entry === undefined) return 'unknown order'
    if (entry.state !== 'open') return 'keep'
    const { merchant } = this.#keys
    const asOrdered =
      payment.appid === merchant.appid &&
      payment.total === entry.amount &&
      payment.currency === 'CNY'
    const owner = this.#transactions.get(payment.transactionId)
    return asOrdered && owner === undefined ? 'pay' : 'review'
  }

  /** Records a settlement. Each is one event. */
  settle(payment: Payment, verdict: Verdict): void {
    const entry = this.#orders.get(payment.orderNo)
    if (entry === undefined) return
    this.#add({ events: 1 })
    if (verdict === 'keep') return
    this.#open.splice(this.#open.indexOf(entry), 1)
    entry.state = verdict === 'pay' ? 'paid' : 'review'
    if (verdict !== 'pay') return
    entry.transactionId = payment.transactionId
    this.#transactions.set(payment.transactionId, entry.orderNo)
    this.#add({ transfers: 1, entries: 2 })
  }

  /** Compares row by row: nothing else was credited or written. */
  async inspect(): Promise<void> {
    const counts = await countsOf(this.#database)
    expectSame('rows', counts, this.#counts)
    const transfers = await this.#database.rows<{
      order_no: string
      transaction_id: string
      amount: unknown
      account: string
    }>(
      `select t.order_no, t.transaction_id, t.amount, e.account from transfers t
       join entries e on e.order_no = t.order_no and e.amount = t.amount order by t.order_no`,
    )
    const paid = [...this.#orders.values()].filter(({ state }) => state === 'paid')
    expectSame(
      'credits',
      transfers
        .map((row) => `${row.order_no} ${row.transaction_id} ${row.amount} ${row.account}`)
        .sort(),
      paid
        .map(
          (entry) => `${entry.orderNo} ${entry.transactionId} ${entry.amount} user:${entry.userId}`,
        )
        .sort(),
    )
    const reviews = await this.#database.rows<{ order_no: string }>(
      `select order_no from orders where status = 'review'`,
    )
    const inReview = [...this.#orders.values()].filter(({ state }) => state === 'review')
    expectSame(
      'reviews',
      reviews.map(({ order_no }) => order_no).sort(),
      inReview.map(({ orderNo }) => orderNo).sort(),
    )
    await inspectAudit(this.#database.store)
  }

  async #place(chance: Chance): Promise<void> {
    const { merchant } = this.#keys
    const number = this.#orders.size
    const orderNo = `RECH20261001083000${String(number).padStart(10, '0')}`
    const entry: ExpectedOrder = {
      ...{ orderNo, userId: `u${number % 50}`, state: 'open', transactionId: null },
      amount: chance.pick([1, 99, 100, 101, 1000, 12_345, Number.MAX_SAFE_INTEGER - 100 * number]),
    }
    const event = {
      orderNo,
      kind: 'created',
      source: 'api',
      tradeState: null,
      decision: null,
    } as const
    await this.#database.store.insertOrder(
      {
        ...{ orderNo, userId: entry.userId, amount: BigInt(entry.amount), currency: 'CNY' },
        ...{ description: '', attach: null, gateway: 'wechatpay', adopted: false },
        ...{ mchid: merchant.mchid, appid: merchant.appid, idempotencyKey: null },
        ...{ createdAt: present },
        end: { kind: 'after', ttlMs: 7_200_000 },
      },
      { ...event, reason: null, alarm: false, evidence: null, runId: null, node: null },
    )
    this.#orders.set(orderNo, entry)
    this.#open.push(entry)
    this.#add({ orders: 1, events: 1 })
    if (chance.percent(20)) await this.#expire(orderNo)
  }

  /** Some orders expire before their payment: late money is still credited. */
  async #expire(orderNo: string): Promise<void> {
    await this.#database.store.transaction(async (tx) => {
      const locked = await tx.lockOrder(keyOf(orderNo))
      if (locked === null) throw new Error(`No order "${orderNo}"`)
      const event = {
        orderNo,
        kind: 'answered',
        source: 'compensation',
        tradeState: 'CLOSED',
      } as const
      await tx.changeStatus(locked.order, {
        status: 'expired',
        event: {
          ...event,
          decision: 'expire',
          reason: '',
          alarm: false,
          evidence: null,
          runId: null,
          node: null,
        },
      })
    })
    this.#add({ events: 1 })
  }

  #add(more: Partial<Counts>): void {
    const added = Object.entries(more).map(([name, count]) => [
      name,
      this.#counts[name as keyof Counts] + count,
    ])
    this.#counts = { ...this.#counts, ...Object.fromEntries(added) }
  }
}

/** Enough open orders that hardly any input lacks one, and few enough that inputs share one. */
const openMin = 20

function expectSame(what: string, found: unknown, expected: unknown): void {
  const [ours, theirs] = [JSON.stringify(expected), JSON.stringify(found)]
  if (ours !== theirs) {
    throw new Finding(
      'wrong credit',
      `${what} are ${theirs.slice(0, 2000)}, ought to be ${ours.slice(0, 2000)}`,
      null,
    )
  }
}
