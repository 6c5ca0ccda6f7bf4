import { z } from 'zod'
import { isPaid, type Order, orderNoPattern } from '../orders/order.ts'
import type { World } from '../world.ts'
import { mchidMismatch, readJson } from './body.ts'
import { badPath } from './query.ts'
import { noContent, type Reply, refusal } from './reply.ts'
import type { Wire } from './wire.ts'

const closeBody = z.strictObject({ mchid: z.string().min(1).max(32) })

/** `POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close`. */
export function close(world: World, wire: Wire, outTradeNo: string | null): Reply {
  const body = readJson(wire, closeBody)
  if (!body.ok) return body.reply
  if (body.value.mchid !== world.mchid) return mchidMismatch(body.value.mchid, 'body')
  if (outTradeNo === null || !orderNoPattern.test(outTradeNo)) {
    return badPath('out_trade_no', outTradeNo)
  }
  const order = world.book.find(outTradeNo)
  if (!order) return switched(world.switches.close_absent)
  return closeOrder(world, order)
}

function closeOrder(world: World, order: Order): Reply {
  if (isPaid(order)) return refusal({ ...world.switches.close_paid, message: '订单已支付' })
  switch (order.state) {
    case 'CLOSED':
    case 'REVOKED':
      return switched(world.switches.close_closed)
    case 'USERPAYING':
      return refusal({ status: 202, code: 'USER_PAYING' })
    case 'ACCEPT':
      return refusal({ status: 403, code: 'TRADE_ERROR' })
    default:
      order.state = 'CLOSED'
      return noContent()
  }
}

function switched(outcome: 204 | { readonly status: number; readonly code: string }): Reply {
  return outcome === 204 ? noContent() : refusal(outcome)
}
