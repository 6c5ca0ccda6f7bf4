import { z } from 'zod'
import { ordersMax } from '../orders/book.ts'
import { isPaid, lifeMs, type Order, taken } from '../orders/order.ts'
import type { World } from '../world.ts'
import { ControlError } from './control-error.ts'
import { parse } from './parse.ts'
import { type PutInput, putInput } from './put-input.ts'

/** Changes of an order without a request of the merchant: by the control interface. */

export function findOrder(world: World, orderNo: string): Order {
  const order = world.book.find(orderNo)
  if (order) return order
  throw new ControlError(404, 'NO_SUCH_ORDER', `Cannot find order "${orderNo}"`)
}

export function putOrder(world: World, input: PutInput): Order {
  const put = parse(putInput, input)
  if (world.book.find(put.out_trade_no)) {
    throw new ControlError(409, 'ORDER_EXISTS', `Cannot put order "${put.out_trade_no}" twice`)
  }
  if (world.book.size >= ordersMax) {
    throw new ControlError(409, 'FULL', `Cannot keep more than ${ordersMax} orders`)
  }
  const createdAt = put.created_at ? Date.parse(put.created_at) : world.clock.now()
  return world.book.add({
    outTradeNo: put.out_trade_no,
    appid: put.appid ?? world.appid,
    mchid: put.mchid ?? world.mchid,
    description: put.description ?? 'put in from outside',
    total: put.total,
    currency: put.currency ?? 'CNY',
    attach: put.attach ?? null,
    notifyUrl: put.notify_url ?? null,
    createdAt,
    expiresAt: put.expires_at ? Date.parse(put.expires_at) : createdAt + lifeMs / world.timeScale,
    prepaid: null,
    state: 'NOTPAY',
  })
}

export function closeNow(order: Order): void {
  if (isPaid(order)) throw conflict('close paid', order)
  order.state = 'CLOSED'
}

/** Any refund, also a partial one, makes the trade REFUND. */
export function refund(
  world: World,
  order: Order,
  input: { readonly amount?: number | undefined },
): void {
  const left = taken(order) - order.refunded
  const payment = order.payments.at(-1)
  if (left <= 0 || payment === undefined) throw conflict('refund unpaid or refunded', order)
  const amount = parse(z.int().min(1).max(left).default(left), input.amount)
  const nth = order.refunds.length
  order.refunds.push({
    refundId: `5030${world.chance.digits(24, 'refund', order.outTradeNo, nth)}`,
    outRefundNo: `${order.outTradeNo}-${nth + 1}`,
    transactionId: payment.transactionId,
    ...{ amount, total: payment.total },
  })
  order.refunded += amount
  order.state = 'REFUND'
}

/** Returns what was paid. */
export function revoke(order: Order): void {
  order.refunded = taken(order)
  order.state = 'REVOKED'
}

function conflict(attempt: string, order: Order): ControlError {
  return new ControlError(409, 'CONFLICT', `Cannot ${attempt} order "${order.outTradeNo}"`)
}
