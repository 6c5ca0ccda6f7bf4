import { orderNoPattern } from '../orders/order.ts'
import { tradeOf } from '../orders/trade.ts'
import type { World } from '../world.ts'
import { mchidMismatch } from './body.ts'
import { parameterError, type Reply, refusal, success } from './reply.ts'
import type { Wire } from './wire.ts'

const absent = { status: 404, code: 'ORDER_NOT_EXIST' } as const

/** `GET /v3/pay/transactions/out-trade-no/{out_trade_no}?mchid=`. */
export function query(world: World, wire: Wire, outTradeNo: string | null): Reply {
  const wrong = mchidError(world, wire)
  if (wrong) return wrong
  if (outTradeNo === null || !orderNoPattern.test(outTradeNo)) {
    return badPath('out_trade_no', outTradeNo)
  }
  const order = world.book.find(outTradeNo)
  return order ? success(tradeOf(order, world.switches)) : refusal(absent)
}

/** `GET /v3/pay/transactions/id/{transaction_id}?mchid=`. */
export function queryById(world: World, wire: Wire, transactionId: string | null): Reply {
  const wrong = mchidError(world, wire)
  if (wrong) return wrong
  if (transactionId === null || !/^[0-9A-Za-z]{1,32}$/.test(transactionId)) {
    return badPath('transaction_id', transactionId)
  }
  const found = world.book.findPayment(transactionId)
  if (!found) return refusal(absent)
  return success(tradeOf(found.order, world.switches, found.payment))
}

function mchidError(world: World, wire: Wire): Reply | null {
  const [mchid, ...more] = wire.query.getAll('mchid')
  if (mchid === undefined || more.length > 0) {
    return parameterError('输入源"/query/mchid"映射到字段"直连商户号"必填', {
      field: '/mchid',
      value: '',
      location: 'query',
    })
  }
  return mchid === world.mchid ? null : mchidMismatch(mchid, 'query')
}

export function badPath(field: string, value: string | null): Reply {
  return parameterError(`输入源"/uri_template/${field}"的值不合规则`, {
    value: value ?? '',
    location: 'uri_template',
  })
}
