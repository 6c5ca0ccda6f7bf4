import type { OrderStatus } from '../../src/domain/order-states.ts'
import type { Budan } from '../../src/service.ts'
import type { Database } from '../../src/store/database.ts'
import { run } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import type { Fault } from './life.ts'
import { type Ground, Lives } from './lives.ts'

/** An order of the story: what the gateway knows of it, and how it must end here. */
interface Expected {
  readonly name: string
  readonly end: OrderStatus
  readonly ttlMins: number
}

const expectedOrders: readonly Expected[] = [
  { name: 'paid', end: 'paid', ttlMins: 120 },
  { name: 'checked', end: 'paid', ttlMins: 120 },
  // Its answers make the absence of another credible.
  { name: 'unpaid', end: 'expired', ttlMins: 20 },
  { name: 'paid-at-close', end: 'paid', ttlMins: 3 },
  { name: 'closed', end: 'expired', ttlMins: 120 },
  { name: 'absent', end: 'expired', ttlMins: 3 },
  { name: 'wrong-amount', end: 'review', ttlMins: 120 },
]

/** Each step of 6 minutes outlasts every wait and lease; absent answers need three of them. */
const runsMax = 12

/** Orders with every expected end, from their first day to their last, with one fault somewhere in between. */
export class Story {
  readonly #ground: Ground
  readonly #database: Database
  readonly #lives: Lives
  readonly #name: string
  #placedNo = ''
  #wrong: string[] = []

  constructor(
    ground: Ground,
    { database, fault, name }: { database: Database; fault: Fault; name: string },
  ) {
    this.#ground = ground
    this.#database = database
    this.#lives = new Lives(ground, fault)
    this.#name = name
  }

  /** What was wrong in the end, or at the grave of a process. */
  async play(): Promise<readonly string[]> {
    await this.#place()
    for (const order of expectedOrders) await this.#adopt(order)
    await this.#callBack()
    await this.#insist((budan) => budan.checkOrder(this.#numberOf('checked')))
    this.#ground.pass(6)
    await this.#insist((budan) => this.#lives.job(budan))
    // Repeated after all is done: an order that is paid keeps what it has.
    await this.#callBack()
    for (let runs = 0; runs < runsMax && !(await this.#isOver()); runs += 1) {
      this.#ground.pass(6)
      await this.#insist((budan) => budan.run({ dryRun: false }))
    }
    await this.#dismiss('wrong-amount')
    await this.#lives.end()
    return [...this.#wrong, ...(await this.#unmet())]
  }

  async #place(): Promise<void> {
    const facts = { userId: this.#name, amount: 100n, description: 'credit', attach: null }
    const placement = await this.#insist(
      (budan) => budan.placeOrder({ ...facts, idempotencyKey: this.#name }),
      ({ kind }) => kind === 'placed',
    )
    if (placement.kind !== 'placed') throw new Error(placement.kind)
    this.#placedNo = placement.order.orderNo
    this.#ground.book.pay(this.#placedNo)
  }

  async #adopt({ name, ttlMins }: Expected): Promise<void> {
    const { book, now } = this.#ground
    const orderNo = this.#numberOf(name)
    const amount = name === 'wrong-amount' ? 101n : 100n
    const state = states[name] ?? 'unpaid'
    if (name !== 'absent')
      book.put(orderNo, { amount, state, paysAtClose: name === 'paid-at-close' })
    const createdAt = now()
    const facts = { orderNo, userId: this.#name, amount: 100n, description: '', createdAt }
    const expiresAt = new Date(+createdAt + ttlMins * 60_000)
    await this.#insist((budan) => budan.adoptOrder({ ...facts, expiresAt }))
  }

  async #callBack(): Promise<void> {
    const callback = { headers: {}, body: Buffer.from(this.#placedNo) }
    await this.#insist(
      (budan) => budan.receiveCallback(callback),
      ({ kind }) => kind === 'settled',
    )
  }

  /** What an operator does in the end: looks, and resolves what was seen. */
  async #dismiss(name: string): Promise<void> {
    const orderNo = this.#numberOf(name)
    const words = { action: 'dismiss', name: 'somebody', reason: 'paid back by hand' } as const
    await this.#insist(
      async (budan) => {
        const previewed = await budan.previewReview(orderNo)
        if (previewed?.kind === 'previewed') {
          await budan.resolveReview(orderNo, { ...words, seen: previewed.preview.seen })
        }
        return budan.store.findOrder(keyOf(orderNo))
      },
      (order) => order !== null && order.dismissed !== null,
    )
  }

  #insist<T>(request: (budan: Budan) => Promise<T>, until?: (answer: T) => boolean): Promise<T> {
    const grave = async () => {
      const torn = (await this.#rows()).filter((row) => !isWhole(row))
      this.#wrong.push(...torn.map((row) => `torn at the grave: ${JSON.stringify(row)}`))
    }
    return this.#lives.insist(request, { grave, ...(until && { until }) })
  }

  async #isOver(): Promise<boolean> {
    return (await this.#rows()).every(({ status }) => status !== 'pending')
  }

  async #unmet(): Promise<readonly string[]> {
    const rows = await this.#rows()
    const ends = new Map(expectedOrders.map(({ name, end }) => [this.#numberOf(name), end]))
    const unmet = rows.filter((row) => {
      const end = ends.get(row.order_no) ?? 'paid'
      const due = end === 'paid' ? (this.#ground.book.paidFor(row.order_no) ?? 0n) : 0n
      return row.status !== end || BigInt(row.credited) !== due || !isWhole(row)
    })
    const count = rows.length === expectedOrders.length + 1 ? [] : [`${rows.length} orders`]
    return [...count, ...unmet.map((row) => JSON.stringify(row))]
  }

  #numberOf(name: string): string {
    return `${this.#name}-${name}`
  }

  async #rows(): Promise<readonly OrderRow[]> {
    const rows = await run(
      { database: this.#database },
      `select o.order_no, o.status, o.state_seq,
         (select count(*)::int from order_events v
           where v.order_no = o.order_no and v.state_seq is not null) as states,
         (select count(*)::int from transfers t where t.order_no = o.order_no) as transfers,
         (select count(*)::int from entries e where e.order_no = o.order_no) as entries,
         (select coalesce(sum(e.amount), 0)::int from entries e
           where e.order_no = o.order_no and e.account = 'user:' || o.user_id) as credited
       from orders o where o.user_id = $1`,
      [this.#name],
    )
    return rows as unknown as readonly OrderRow[]
  }
}

const states: Readonly<Record<string, 'paid' | 'closed'>> = {
  paid: 'paid',
  checked: 'paid',
  closed: 'closed',
  'wrong-amount': 'paid',
}

interface OrderRow {
  readonly order_no: string
  readonly status: OrderStatus
  readonly state_seq: number
  readonly states: number
  readonly transfers: number
  readonly entries: number
  readonly credited: number
}

/** I1, I3, I6, whatever happened to the process: paid with all that belongs to it, or with nothing. */
function isWhole(row: OrderRow): boolean {
  const paid = row.status === 'paid'
  const booked = paid
    ? row.transfers === 1 && row.entries === 2 && row.credited > 0
    : row.transfers === 0 && row.entries === 0 && row.credited === 0
  return booked && row.states === row.state_seq
}
