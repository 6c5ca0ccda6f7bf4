import type { WechatConfig } from '../../config/config.ts'
import { fenToNumber } from '../../domain/money.ts'
import type { PrepayOrder } from '../gateway.ts'
import type { SignedRequest } from './http/wire.ts'

type Identity = Pick<WechatConfig, 'mchId'>

export function orderQuery(orderNo: string, { mchId }: Identity): SignedRequest {
  return get(`/v3/pay/transactions/out-trade-no/${segment(orderNo)}?mchid=${segment(mchId)}`)
}

export function transactionQuery(transactionId: string, { mchId }: Identity): SignedRequest {
  return get(`/v3/pay/transactions/id/${segment(transactionId)}?mchid=${segment(mchId)}`)
}

export function closeRequest(orderNo: string, { mchId }: Identity): SignedRequest {
  const path = `/v3/pay/transactions/out-trade-no/${segment(orderNo)}/close`
  return { method: 'POST', path, body: JSON.stringify({ mchid: mchId }) }
}

export function certificatesRequest(): SignedRequest {
  return get('/v3/certificates')
}

/**
 * The same order gives the same bytes each time: WeChat Pay refuses a repetition that differs. It also
 * refuses nulls and unknown members, so a member without a value is left out.
 */
export function prepayRequest(
  order: PrepayOrder,
  { mchId, notifyUrl }: Identity & { notifyUrl: string },
): SignedRequest {
  const body = {
    appid: order.appid,
    mchid: mchId,
    description: order.description,
    out_trade_no: order.orderNo,
    time_expire: beijingTime(order.expiresAt),
    ...(order.attach ? { attach: order.attach } : {}),
    notify_url: notifyUrl,
    amount: { total: fenToNumber(order.amount), currency: order.currency },
  }
  return { method: 'POST', path: '/v3/pay/transactions/native', body: JSON.stringify(body) }
}

function get(path: string): SignedRequest {
  return { method: 'GET', path, body: '' }
}

/** `|` is legal in an order number and must be encoded; the signature covers the encoded path. */
function segment(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

const beijingOffsetMs = 8 * 3_600_000

/** RFC 3339 in whole seconds, rounded up like the ends of orders. */
function beijingTime(at: Date): string {
  const seconds = Math.ceil(at.getTime() / 1000)
  const local = new Date(seconds * 1000 + beijingOffsetMs)
  return `${local.toISOString().slice(0, 19)}+08:00`
}
