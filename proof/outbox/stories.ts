import { dayMs, hourMs, minuteMs, secondMs } from '../../src/text/time-units.ts'
import type { Cluster } from './cluster.ts'
import type { DatabaseServer } from './database.ts'
import type { OutboxNode } from './node.ts'
import type { Notifier } from './notifier.ts'
import {
  appid,
  type GatewayTrade,
  mchid,
  type Payment,
  type Payments,
  paymentCallback,
  type Refund,
  refundCallback,
} from './payments.ts'
import type { World } from './world.ts'

/**
 *   paid           as it should be              unknown        nobody adopts its number
 *   unpaid         it expires                   adopted_late   long after its payment
 *   late           paid when it has expired     twice          by two payments
 *   other_amount   it goes to review
 */
export type Story =
  | ('paid' | 'unpaid' | 'late' | 'other_amount' | 'twice')
  | ('unknown' | 'adopted_late')

const stories: readonly [Story, ...Story[]] = [
  ...(['paid', 'paid', 'paid', 'unpaid', 'late', 'other_amount', 'twice'] as const),
  ...(['unknown', 'adopted_late'] as const),
]

/** The truth about an order number: what was paid, and what went back. */
export interface Purchase {
  readonly orderNo: string
  readonly story: Story
  readonly amount: bigint
  readonly payments: Payment[]
  readonly refunds: Refund[]
}

interface StoriesParts {
  readonly world: World
  readonly cluster: Cluster
  readonly database: DatabaseServer
  readonly payments: Payments
  readonly notifier: Notifier
}

const ttlMs = 20 * minuteMs

/** A payment without an order is an exception after this time. */
const unknownAfterMs = 11 * minuteMs

/** Payers, the merchant's backend, the gateway's refunds, and the people at the desk. */
export class Stories {
  readonly purchases: Purchase[] = []
  /** Ids of exceptions that somebody was to close. */
  readonly closed = new Set<string>()
  readonly #parts: StoriesParts
  #underWay = 0
  #paymentCount = 0

  constructor(parts: StoriesParts) {
    this.#parts = parts
  }

  /** All that was begun is done, and nothing more begins. */
  get isDone(): boolean {
    return this.#underWay === 0
  }

  start(): void {
    const { random, scenario } = this.#parts.world
    for (let nth = 1; nth <= scenario.orderCount; nth += 1) {
      const purchase: Purchase = {
        ...{ orderNo: `SIM${String(nth).padStart(9, '0')}`, payments: [], refunds: [] },
        story: random.pick(stories),
        amount: BigInt(random.whole(2, 100_000)),
      }
      this.purchases.push(purchase)
      this.#after(random.next() * scenario.arrivalMs, 'an order', () => this.#begin(purchase))
    }
    for (let nth = random.whole(0, 3); nth > 0; nth -= 1) {
      this.#after(random.next() * scenario.faultyMs, 'a person', () => this.#closeAny())
    }
  }

  #begin(purchase: Purchase): void {
    const { world, payments } = this.#parts
    const { orderNo, story, amount } = purchase
    const { random } = world
    const trade: GatewayTrade = { orderNo, state: 'unpaid', payment: null }
    payments.trades.set(orderNo, trade)
    world.figures.count(`story:${story}`)
    if (story === 'adopted_late') {
      this.#after(random.between(0, 40) * minuteMs, 'adopt', () => this.#adopt(purchase))
    } else if (story !== 'unknown') this.#adopt(purchase)
    if (story === 'unpaid') return
    const payMs =
      story === 'late' ? random.between(25, 180) * minuteMs : random.skewed(0, ttlMs / 2)
    this.#after(payMs, 'a payment', () => {
      const paid = story === 'other_amount' ? amount + 1n : amount
      const payment = this.#pay(purchase, paid)
      trade.state = 'paid'
      trade.payment = payment
      this.#afterPayment(purchase, trade)
    })
  }

  #adopt({ orderNo, amount }: Purchase): void {
    const expiresAt = new Date(this.#parts.world.loop.now + ttlMs)
    this.#until('adopt', async (node) => {
      const request = { orderNo, userId: 'u1', amount, appid, expiresAt }
      const adoption = await node.adopt(request, mchid)
      return adoption?.kind === 'adopted' || adoption?.kind === 'exists'
    })
  }

  #pay(purchase: Purchase, amount: bigint): Payment {
    const { world, notifier } = this.#parts
    this.#paymentCount += 1
    const transactionId = `4200${String(this.#paymentCount).padStart(24, '0')}`
    const payment = { transactionId, amount, paidAt: new Date(world.loop.now) }
    const { orderNo, story } = purchase
    purchase.payments.push(payment)
    world.figures.count('payments')
    // Where only a callback can bring it here, there is one.
    if (story === 'paid' && world.random.chance(0.3)) return payment
    const callback = paymentCallback({ orderNo, state: 'paid', payment })
    const seenFrom = story === 'unknown' ? world.loop.now + unknownAfterMs : null
    notifier.send({ callback, seenFrom })
    if (world.random.chance(0.3)) {
      this.#after(world.random.skewed(secondMs, hourMs), 'the same callback', () =>
        notifier.send({ callback, seenFrom }),
      )
    }
    return payment
  }

  #afterPayment(purchase: Purchase, trade: GatewayTrade): void {
    const { random } = this.#parts.world
    const soon = () => random.skewed(minuteMs, 2 * hourMs)
    switch (purchase.story) {
      case 'other_amount':
        if (random.chance(0.6)) this.#after(soon(), 'a dismissal', () => this.#dismiss(purchase))
        return
      case 'twice':
        this.#after(soon(), 'a second payment', () => {
          const second = this.#pay(purchase, purchase.amount)
          if (random.chance(0.5)) {
            this.#after(soon(), 'a refund', () => this.#refund(purchase, second, [second.amount]))
          }
        })
        return
      case 'unknown':
        if (random.chance(0.5)) this.#after(soon(), 'a refund', () => this.#refundUnknown(purchase))
        return
      default:
        if (!random.chance(0.45)) return
        this.#after(soon(), 'a refund', () => this.#refundOrder(purchase, trade))
    }
  }

  /** The whole, a part, or the whole in two parts. */
  #partsOf(amount: bigint): readonly bigint[] {
    const { random } = this.#parts.world
    const part = BigInt(random.whole(1, Number(amount) - 1))
    return random.pick([[amount], [part], [part, amount - part]])
  }

  #refund(purchase: Purchase, payment: Payment, parts: readonly bigint[]): void {
    const { world, notifier } = this.#parts
    for (const [nth, refunded] of parts.entries()) {
      const { transactionId, amount: total } = payment
      const refundId = `5030${transactionId.slice(-8)}${nth}`
      const refund = { orderNo: purchase.orderNo, transactionId, refundId, refunded, total }
      purchase.refunds.push(refund)
      world.figures.count('refunds')
      const sending = { callback: refundCallback(refund), seenFrom: null }
      this.#after(world.random.skewed(0, 20 * minuteMs), 'a notice', () => notifier.send(sending))
      if (world.random.chance(0.4)) {
        this.#after(world.random.skewed(0, hourMs), 'the same notice', () => notifier.send(sending))
      }
    }
  }

  /** Its notices may come before the order is here, and before anybody here has seen the payment. */
  #refundOrder(purchase: Purchase, trade: GatewayTrade): void {
    const { payment } = trade
    if (payment === null) return
    trade.state = 'refunded'
    this.#refund(purchase, payment, this.#partsOf(purchase.amount))
    if (this.#parts.world.random.chance(0.4)) this.#check(purchase)
  }

  #refundUnknown(purchase: Purchase): void {
    const [payment] = purchase.payments
    if (payment !== undefined) this.#refund(purchase, payment, this.#partsOf(payment.amount))
  }

  #check({ orderNo }: Purchase): void {
    this.#until('check', async (node) => (await node.check(orderNo)) !== undefined)
  }

  /** Another payment brings it back. */
  #dismiss(purchase: Purchase): void {
    const { random } = this.#parts.world
    this.#until('dismiss', async (node) => {
      const resolution = await node.dismiss(purchase.orderNo)
      return resolution?.kind === 'resolved' || resolution?.kind === 'refused'
    })
    if (!random.chance(0.4)) return
    this.#after(random.skewed(minuteMs, hourMs), 'another payment', () =>
      this.#pay(purchase, purchase.amount + 1n),
    )
  }

  #closeAny(): void {
    const { world, database } = this.#parts
    this.#until('close an exception', async (node) => {
      const open = await database.rows<{ id: bigint }>(
        `select id from payment_exceptions where closed_at is null and kind <> 'review' order by id`,
      )
      const id = open[world.random.whole(0, open.length - 1)]?.id
      if (id === undefined) return true
      this.closed.add(String(id))
      const closed = await node.closeException(String(id))
      return closed !== null
    })
  }

  /** On any node, and again on another when it fails or dies, as clients do. */
  #until(label: string, work: (node: OutboxNode) => Promise<boolean>): void {
    const { world, cluster } = this.#parts
    this.#underWay += 1
    let isDone = false
    const attempt = () => {
      if (isDone) return
      const node = cluster.anyLive
      const finish = async (on: OutboxNode) => {
        if (!(await work(on)) || isDone) return
        isDone = true
        this.#underWay -= 1
      }
      if (node !== undefined) cluster.runOn(node, label, () => finish(node))
      world.after(world.random.between(8, 60) * secondMs, `${label} again`, attempt)
    }
    attempt()
  }

  #after(ms: number, label: string, fire: () => void): void {
    const { world } = this.#parts
    this.#underWay += 1
    world.after(Math.min(ms, dayMs * 5), label, () => {
      this.#underWay -= 1
      world.touch()
      fire()
    })
  }
}
