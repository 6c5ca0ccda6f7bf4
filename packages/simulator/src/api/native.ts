import { z } from 'zod'
import { ordersMax } from '../orders/book.ts'
import {
  expiryMsMin,
  isPaid,
  lifeMs,
  lifeMsMax,
  type Order,
  orderNoPattern,
} from '../orders/order.ts'
import type { World } from '../world.ts'
import { mchidMismatch, readJson } from './body.ts'
import { parameterError, type Reply, refusal, success } from './reply.ts'
import type { Wire } from './wire.ts'

/** Characters of four bytes in UTF-8 (emoji) are refused. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\u{10000}-\u{10ffff}]*$/u)
const required = (max: number) => text(max).min(1)

const goods = z.strictObject({
  merchant_goods_id: required(32),
  wechatpay_goods_id: text(32).optional(),
  goods_name: text(256).optional(),
  quantity: z.int().min(1),
  unit_price: z.int().min(0),
})

const store = z.strictObject({
  id: required(32),
  name: text(256).optional(),
  area_code: text(32).optional(),
  address: text(512).optional(),
})

/** All members that the Native prepay documents; others are refused. */
const prepayBody = z.strictObject({
  appid: required(32),
  mchid: required(32),
  description: required(127),
  out_trade_no: z.string().regex(orderNoPattern),
  time_expire: z.iso.datetime({ offset: true }).optional(),
  attach: text(128).optional(),
  notify_url: required(255),
  goods_tag: text(32).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({ total: z.int().min(1), currency: z.literal('CNY').default('CNY') }),
  detail: z
    .strictObject({
      cost_price: z.int().min(0).optional(),
      invoice_id: text(32).optional(),
      goods_detail: z.array(goods).min(1).optional(),
    })
    .optional(),
  scene_info: z
    .strictObject({
      payer_client_ip: required(45),
      device_id: text(32).optional(),
      store_info: store.optional(),
    })
    .optional(),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
})

type PrepayBody = z.output<typeof prepayBody>

/** `POST /v3/pay/transactions/native`. */
export function prepay(world: World, wire: Wire): Reply {
  const body = readJson(wire, prepayBody)
  if (!body.ok) return body.reply
  const wrong = merchantError(world, body.value) ?? notifyUrlError(world, body.value)
  if (wrong) return wrong
  const known = world.book.find(body.value.out_trade_no)
  return known ? prepayAgain(world, known, body.value) : prepayFirst(world, body.value)
}

function prepayFirst(world: World, body: PrepayBody): Reply {
  const now = world.clock.now()
  const expiresAt = expiryOf(world, body.time_expire, now)
  if (typeof expiresAt !== 'number') return expiresAt
  if (world.book.size >= ordersMax) return refusal({ status: 500, code: 'SYSTEM_ERROR' })
  const order = world.book.add({
    outTradeNo: body.out_trade_no,
    appid: body.appid,
    mchid: body.mchid,
    description: body.description,
    total: body.amount.total,
    currency: body.amount.currency,
    attach: body.attach ?? null,
    notifyUrl: body.notify_url,
    createdAt: now,
    expiresAt,
    prepaid: JSON.stringify(body),
    state: 'NOTPAY',
  })
  return success({ code_url: world.book.issueCodeUrl(order) })
}

/** The same parameters get a new code; different ones are refused. */
function prepayAgain(world: World, order: Order, body: PrepayBody): Reply {
  if (isPaid(order)) {
    return refusal({ ...world.switches.prepay_paid, message: '该订单已支付' })
  }
  if (order.state === 'CLOSED' || order.state === 'REVOKED') {
    return refusal({ status: 400, code: 'ORDER_CLOSED' })
  }
  // The parsed body has its members in the schema's order, so equal requests have equal texts.
  if (order.prepaid !== JSON.stringify(body)) {
    return refusal({ status: 403, code: 'OUT_TRADE_NO_USED', message: '201 商户订单号重复' })
  }
  if (world.clock.now() >= order.expiresAt) {
    return refusal({ status: 400, code: 'INVALID_REQUEST', message: '订单已失效' })
  }
  return success({ code_url: world.book.issueCodeUrl(order) })
}

function merchantError(world: World, body: PrepayBody): Reply | null {
  if (body.mchid !== world.mchid) return mchidMismatch(body.mchid, 'body')
  if (world.appids.includes(body.appid)) return null
  return refusal({ status: 400, code: 'APPID_MCHID_NOT_MATCH' })
}

function notifyUrlError(world: World, body: PrepayBody): Reply | null {
  const url = URL.canParse(body.notify_url) ? new URL(body.notify_url) : null
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  const plain = url?.protocol === 'http:' && (loopback || world.switches.any_http_notify_url)
  const fits = url && (url.protocol === 'https:' || plain) && !/[?#]/.test(body.notify_url)
  return fits
    ? null
    : parameterError('notify_url格式错误', {
        field: '/notify_url',
        value: body.notify_url,
        issue: '须为https地址，且不能携带参数',
        location: 'body',
      })
}

/** The time is raised to a minute from now, and cut to fifteen days from now; one in the past is refused. */
function expiryOf(world: World, timeExpire: string | undefined, now: number): number | Reply {
  if (timeExpire === undefined) return now + lifeMs / world.timeScale
  const time = Date.parse(timeExpire)
  if (time > now) {
    return Math.min(Math.max(time, now + expiryMsMin / world.timeScale), now + lifeMsMax)
  }
  return parameterError('time_expire超出有效范围', {
    field: '/time_expire',
    value: timeExpire,
    issue: '已过期',
    location: 'body',
  })
}
