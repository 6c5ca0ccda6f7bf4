import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { indexOf, paidOrder } from '../numbered.ts'

/**
 * Whose orders the answers are about, and the key that signs them. Plain values, because they are
 * sent to the peer's process.
 */
export interface Signatory {
  readonly mchid: string
  readonly appid: string
  /** The gateway's key, as PEM. */
  readonly privateKey: string
  readonly serial: string
}

/** An order whose trade the peer answers with. */
export interface PaidOrder {
  readonly orderNo: string
  /** Fen. */
  readonly amount: number
  readonly transactionId: string
}

/** The trade states of WeChat Pay that the bench needs. */
export type TradeState = 'SUCCESS' | 'NOTPAY'

/** Complete HTTP responses by request path, signed now as WeChat Pay signs them. */
export function signAnswers(
  { orders, tradeState }: { orders: readonly PaidOrder[]; tradeState: TradeState },
  signatory: Signatory,
): ReadonlyMap<string, Buffer> {
  const key = createPrivateKey(signatory.privateKey)
  return new Map(
    orders.map((order) => [
      pathOf(order, signatory),
      signAnswer(order, { tradeState, signatory, key }),
    ]),
  )
}

/**
 * Signs each answer when it is requested, for any order of the bench; every `paidEvery`th is paid.
 * Meant for more orders than can be signed beforehand: a signature is valid for five minutes.
 */
export function signOnDemand(
  { paidEvery }: { paidEvery: number },
  signatory: Signatory,
): (path: string) => Buffer {
  const key = createPrivateKey(signatory.privateKey)
  return (path) => {
    const [, orderNo = ''] = orderPath.exec(path) ?? []
    const index = indexOf(orderNo)
    if (index === null) return absentResponse
    const tradeState = index % paidEvery === 0 ? 'SUCCESS' : 'NOTPAY'
    return signAnswer(paidOrder(index), { tradeState, signatory, key })
  }
}

const orderPath = /^\/v3\/pay\/transactions\/out-trade-no\/(\w+)\?/

function signAnswer(
  order: PaidOrder,
  { tradeState, signatory, key }: { tradeState: TradeState; signatory: Signatory; key: KeyObject },
): Buffer {
  const body = JSON.stringify(
    tradeState === 'SUCCESS' ? paidTrade(order, signatory) : unpaidTrade(order, signatory),
  )
  return response('200 OK', { headers: sealOf(body, { signatory, key }), body })
}

/** The headers that carry the signature of an answer or of a notification. */
export function sealOf(
  body: string,
  { signatory, key }: { signatory: Pick<Signatory, 'serial'>; key: KeyObject },
): readonly string[] {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = randomBytes(16).toString('hex')
  const signature = sign('sha256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), key)
  return [
    `Wechatpay-Timestamp: ${timestamp}`,
    `Wechatpay-Nonce: ${nonce}`,
    `Wechatpay-Signature: ${signature.toString('base64')}`,
    `Wechatpay-Serial: ${signatory.serial}`,
    'Wechatpay-Signature-Type: WECHATPAY2-SHA256-RSA2048',
  ]
}

/** The answer for an order without a signed answer. */
export const absentResponse = response('404 Not Found', {
  headers: [],
  body: JSON.stringify({ code: 'ORDER_NOT_EXIST', message: 'no such order' }),
})

function pathOf({ orderNo }: PaidOrder, { mchid }: Signatory): string {
  return `/v3/pay/transactions/out-trade-no/${orderNo}?mchid=${mchid}`
}

/**
 * Has all members that WeChat Pay sends, because parsing and masking them is part of a query's
 * cost.
 */
export function paidTrade(
  { orderNo, amount, transactionId }: PaidOrder,
  { mchid, appid }: Pick<Signatory, 'mchid' | 'appid'>,
) {
  return {
    appid,
    mchid,
    out_trade_no: orderNo,
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    transaction_id: transactionId,
    trade_type: 'NATIVE',
    bank_type: 'OTHERS',
    success_time: '2026-01-24T12:01:00+08:00',
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: amount, payer_total: amount, currency: 'CNY', payer_currency: 'CNY' },
  }
}

function unpaidTrade({ orderNo, amount }: PaidOrder, { mchid, appid }: Signatory) {
  return {
    appid,
    mchid,
    out_trade_no: orderNo,
    trade_state: 'NOTPAY',
    trade_state_desc: '订单未支付',
    amount: { total: amount, currency: 'CNY' },
  }
}

function response(
  status: string,
  { headers, body }: { headers: readonly string[]; body: string },
): Buffer {
  const lines = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Request-ID: 08F1C8E6BE0610D30118E3B6D85520-0',
    ...headers,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
