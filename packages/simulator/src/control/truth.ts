import type { CallbackState } from '../callbacks/delivery.ts'
import type { NotifyingWorld } from '../callbacks/notifier.ts'
import { beijingTime } from '../clock.ts'
import type { JsonObject } from '../merge.ts'
import { type Order, type Payment, taken } from '../orders/order.ts'

/** An order as it is, also where answers and callbacks say something else. */
export interface OrderView {
  readonly out_trade_no: string
  readonly trade_state: string
  readonly appid: string
  readonly mchid: string
  readonly description: string
  /** Fen. */
  readonly total: number
  readonly currency: string
  readonly attach: string | null
  readonly notify_url: string | null
  readonly created_at: string
  readonly expires_at: string
  /** Past its end: it cannot be paid, although its state may be NOTPAY. */
  readonly expired: boolean
  readonly code_url: string | null
  readonly payments: readonly PaymentView[]
  /** Fen: sums of the payments and of the refunds. */
  readonly taken: number
  readonly refunded: number
  readonly answered: JsonObject | null
  readonly loses_callbacks: boolean
  readonly callback: CallbackState | 'none'
}

interface PaymentView {
  readonly transaction_id: string
  readonly total: number
  readonly payer_total: number
  readonly openid: string
  readonly bank_type: string
  readonly paid_at: string
}

/** Who paid what, and what was refunded. A merchant's books have to agree with it. */
export interface Truth {
  readonly orders: number
  readonly paid: number
  /** Fen. */
  readonly taken: number
  readonly refunded: number
  readonly paid_orders: readonly OrderView[]
}

export function viewOf(world: NotifyingWorld, order: Order): OrderView {
  return {
    out_trade_no: order.outTradeNo,
    trade_state: order.state,
    appid: order.appid,
    mchid: order.mchid,
    description: order.description,
    total: order.total,
    currency: order.currency,
    attach: order.attach,
    notify_url: order.notifyUrl,
    created_at: beijingTime(order.createdAt),
    expires_at: beijingTime(order.expiresAt),
    expired: world.clock.now() >= order.expiresAt,
    code_url: order.codeUrl,
    payments: order.payments.map(paymentView),
    taken: taken(order),
    refunded: order.refunded,
    answered: order.answered,
    loses_callbacks: order.losesCallbacks,
    callback: world.notifier.state(order.outTradeNo),
  }
}

export function truthOf(world: NotifyingWorld): Truth {
  const paid = [...world.book.all()].filter((order) => order.payments.length > 0)
  return {
    orders: world.book.size,
    paid: paid.length,
    taken: paid.reduce((sum, order) => sum + taken(order), 0),
    refunded: paid.reduce((sum, order) => sum + order.refunded, 0),
    paid_orders: paid.map((order) => viewOf(world, order)),
  }
}

function paymentView(payment: Payment): PaymentView {
  return {
    transaction_id: payment.transactionId,
    total: payment.total,
    payer_total: payment.payerTotal,
    openid: payment.openid,
    bank_type: payment.bankType,
    paid_at: beijingTime(payment.paidAt),
  }
}
