import type { Chance } from '../chance.ts'
import { beijingTime, type SimulatorClock } from '../clock.ts'
import { codeUrlMs, lifeMs, type Order, type Payment } from './order.ts'

/** An order takes about 1 kB, so that a load test without end cannot take all memory. */
export const ordersMax = 1_000_000

export type OrderFacts = Pick<
  Order,
  | 'outTradeNo'
  | 'appid'
  | 'mchid'
  | 'description'
  | 'total'
  | 'currency'
  | 'attach'
  | 'notifyUrl'
  | 'createdAt'
  | 'expiresAt'
  | 'prepaid'
  | 'state'
>

export interface PaymentFacts {
  readonly transactionId?: string | undefined
  readonly payerTotal?: number | undefined
  readonly openid?: string | undefined
  readonly bankType?: string | undefined
  readonly paidAt?: number | undefined
}

/** All orders, by their number and by the transaction ids of their payments. */
export class Book {
  readonly #clock: SimulatorClock
  readonly #chance: Chance
  readonly #timeScale: number
  readonly #orders = new Map<string, Order>()
  readonly #byTransaction = new Map<string, { order: Order; payment: Payment }>()

  constructor(world: { clock: SimulatorClock; chance: Chance; timeScale: number }) {
    this.#clock = world.clock
    this.#chance = world.chance
    this.#timeScale = world.timeScale
  }

  get size(): number {
    return this.#orders.size
  }

  find(outTradeNo: string): Order | null {
    const order = this.#orders.get(outTradeNo)
    return order ? this.#aged(order) : null
  }

  findPayment(transactionId: string): { order: Order; payment: Payment } | null {
    return this.#byTransaction.get(transactionId) ?? null
  }

  *all(): Generator<Order> {
    for (const order of this.#orders.values()) yield this.#aged(order)
  }

  add(facts: OrderFacts): Order {
    const order: Order = {
      ...facts,
      codeUrl: null,
      codeUrlExpiresAt: 0,
      payments: [],
      refunded: 0,
      refunds: [],
      answered: null,
      losesCallbacks: false,
    }
    this.#orders.set(order.outTradeNo, order)
    return order
  }

  /** Issues a new code to scan. The code before it stops working. */
  issueCodeUrl(order: Order): string {
    const code = this.#chance.nonce().slice(0, 9)
    const codeUrl = `weixin://wxpay/bizpayurl?pr=${code}`
    order.codeUrl = codeUrl
    order.codeUrlExpiresAt = this.#clock.now() + codeUrlMs / this.#timeScale
    return codeUrl
  }

  /** Records a payment. The caller has checked that the order can be paid (`paymentError`). */
  pay(order: Order, facts: PaymentFacts): Payment {
    const paidAt = facts.paidAt ?? this.#clock.now()
    const payment = {
      transactionId: facts.transactionId ?? this.#transactionId(order, paidAt),
      total: order.total,
      payerTotal: facts.payerTotal ?? order.total,
      openid: facts.openid ?? `oSim${this.#chance.digits(24, 'openid', order.outTradeNo)}`,
      bankType: facts.bankType ?? 'OTHERS',
      paidAt,
    }
    order.payments.push(payment)
    order.state = 'SUCCESS'
    this.#byTransaction.set(payment.transactionId, { order, payment })
    return payment
  }

  clear(): void {
    this.#orders.clear()
    this.#byTransaction.clear()
  }

  /** 28 digits that contain the day, like real ones. */
  #transactionId(order: Order, paidAt: number): string {
    const day = beijingTime(paidAt).slice(0, 10).replaceAll('-', '')
    for (let attempt = order.payments.length; ; attempt += 1) {
      const digits = this.#chance.digits(16, 'transaction', order.outTradeNo, attempt)
      const id = `4200${digits.slice(0, 6)}${day}${digits.slice(6)}`
      if (!this.#byTransaction.has(id)) return id
    }
  }

  /** Closes an order that is too old: after seven days, or at its `time_expire` if that is later. No timer runs; each read does it. */
  #aged(order: Order): Order {
    const closesAt = Math.max(order.createdAt + lifeMs / this.#timeScale, order.expiresAt)
    if (order.state === 'NOTPAY' && this.#clock.now() >= closesAt) order.state = 'CLOSED'
    return order
  }
}
