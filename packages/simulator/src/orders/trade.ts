import { beijingTime } from '../clock.ts'
import { type JsonObject, merged } from '../merge.ts'
import type { Switches } from '../switches.ts'
import type { Order, Payment } from './order.ts'

const descriptions: Readonly<Record<string, string>> = {
  SUCCESS: '支付成功',
  REFUND: '转入退款',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  REVOKED: '已撤销',
  USERPAYING: '用户支付中',
  PAYERROR: '支付失败',
  ACCEPT: '已接收，等待扣款',
}

/** The trade in answers to queries: the order's state now, with its newest payment or the given one. */
export function tradeOf(
  order: Order,
  switches: Switches,
  payment: Payment | undefined = order.payments.at(-1),
): JsonObject {
  return describe(order, { state: order.state, payment, switches })
}

/** The trade in a callback: the success of a payment, also if the order has changed since. */
export function successOf(order: Order, payment: Payment, switches: Switches): JsonObject {
  return describe(order, { state: 'SUCCESS', payment, switches })
}

interface View {
  readonly state: string
  readonly payment: Payment | undefined
  readonly switches: Switches
}

function describe(order: Order, view: View): JsonObject {
  const { state, payment, switches } = view
  const trade: JsonObject = {
    appid: order.appid,
    mchid: order.mchid,
    out_trade_no: order.outTradeNo,
    trade_state: state,
    trade_state_desc: descriptions[state] ?? state,
    ...(payment ? paidMembers(order, payment) : unpaidMembers(order, switches)),
    ...(switches.extra_fields ? { settlement_hint: 'T1', undocumented: { version: 3 } } : {}),
  }
  const attach = order.attach ?? (switches.empty_attach ? '' : null)
  if (attach !== null) trade.attach = attach
  if (switches.empty_promotion_detail) trade.promotion_detail ??= []
  return order.answered ? merged(trade, order.answered) : trade
}

function paidMembers(order: Order, payment: Payment): JsonObject {
  const coupon = payment.total - payment.payerTotal
  return {
    transaction_id: payment.transactionId,
    trade_type: 'NATIVE',
    bank_type: payment.bankType,
    success_time: beijingTime(payment.paidAt),
    payer: { openid: payment.openid },
    amount: {
      total: payment.total,
      payer_total: payment.payerTotal,
      currency: order.currency,
      payer_currency: order.currency,
    },
    ...(coupon > 0 ? { promotion_detail: [promotion(coupon, order.currency)] } : {}),
  }
}

function unpaidMembers(order: Order, switches: Switches): JsonObject {
  return switches.unpaid_amount ? { amount: { total: order.total, currency: order.currency } } : {}
}

function promotion(amount: number, currency: string): JsonObject {
  return {
    coupon_id: '109519',
    name: '满减券',
    scope: 'GLOBAL',
    type: 'CASH',
    amount,
    stock_id: '931386',
    wechatpay_contribute: amount,
    merchant_contribute: 0,
    other_contribute: 0,
    currency,
  }
}
