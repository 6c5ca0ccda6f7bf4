import type { SimMerchant } from '../merchants/merchant.ts'
import type { OrderPlan } from '../plan/order-plan.ts'

/** The true state of one order at the gateway, with which the auditor compares budan's rows. */
export interface GatewayOrder {
  readonly orderNo: string
  readonly merchant: SimMerchant
  readonly plan: OrderPlan
  /** The facts with which the trade is or will be placed. An adoption may have other facts by mistake. */
  readonly ordered: OrderedFacts
  /** Null: the gateway has no such order, or not yet. */
  trade: GatewayTrade | null
  /** The payer has a code to scan. */
  payerHasCode: boolean
  /** The gateway refuses each attempt to place this order. */
  refusesPrepay: boolean
  /** Until then, the gateway falsely answers "no such order". */
  falselyAbsentUntil: number
  wasFalselyAbsent: boolean
  /** Until then, the gateway answers an undocumented state. */
  unlistedUntil: number
  /** The payer pays just before the close arrives. */
  paysOnClose: boolean
  /** Every genuine answer about this order that the gateway sent, by query or callback. */
  readonly sentAnswers: SentAnswer[]
  /** When the gateway first returned a code for it, or answered with its trade. */
  firstShownAt: number | null
  lastAbsentAt: number | null
  lastQueryAt: number | null
  /** How many queries got an answer that may count as a check in the schedule. */
  answeredCount: number
}

export interface OrderedFacts {
  readonly amount: number
  readonly currency: string
  readonly appid: string
  readonly attach: string | null
}

export interface GatewayTrade {
  readonly orderNo: string
  readonly mchid: string
  readonly appid: string
  readonly attach: string | null
  amount: number
  currency: string
  state: 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'REVOKED' | 'PAYERROR'
  transactionId: string | null
  paidAt: number | null
  /** The clock of its gateway minus the true time. */
  readonly clockMs: number
  /** When the unpaid trade was closed. */
  closedAt: number | null
  /** From then on the gateway accepts no payment. */
  readonly endsAt: number
}

export type SentAnswer =
  | { readonly kind: 'absent'; readonly at: number }
  | {
      readonly kind: 'trade'
      readonly at: number
      readonly orderNo: string
      readonly mchid: string
      readonly appid: string
      readonly attach: string | null
      readonly state: string
      readonly transactionId: string | null
      readonly amount: number
      readonly currency: string
    }

/** The app ids of all merchants, of which the first one or two are configured. */
export const appids = ['wx0000000000000001', 'wx0000000000000003'] as const

/** True for a trade that was paid, or that can still be paid because it is open and the payer has its code. */
export function isPayable(gatewayOrder: GatewayOrder, now: number): boolean {
  const { trade, payerHasCode } = gatewayOrder
  if (trade === null || !payerHasCode) return false
  if (isPaid(trade)) return true
  return !['CLOSED', 'REVOKED'].includes(trade.state) && now < trade.endsAt
}

export function isPaid({ state }: GatewayTrade): boolean {
  return state === 'SUCCESS' || state === 'REFUND'
}

export function newGatewayOrder(
  { orderNo, merchant, ...ordered }: { orderNo: string; merchant: SimMerchant } & OrderedFacts,
  plan: OrderPlan,
): GatewayOrder {
  return {
    ...{ orderNo, merchant, plan, ordered, trade: null },
    payerHasCode: plan.arrival === 'adopted',
    refusesPrepay: plan.kind === 'refused_prepay',
    falselyAbsentUntil: 0,
    wasFalselyAbsent: false,
    unlistedUntil: 0,
    paysOnClose: plan.kind === 'paid_before_close',
    sentAnswers: [],
    firstShownAt: null,
    lastAbsentAt: null,
    lastQueryAt: null,
    answeredCount: 0,
  }
}

export function openTrade(gatewayOrder: GatewayOrder, now: number): GatewayTrade {
  const { orderNo, merchant, ordered, plan } = gatewayOrder
  gatewayOrder.trade ??= {
    orderNo,
    ...ordered,
    mchid: plan.kind === 'paid_wrong_mchid' ? merchant.otherMchid : merchant.mchid,
    appid: plan.kind === 'paid_wrong_appid' ? 'wx0000000000000002' : ordered.appid,
    state: 'NOTPAY',
    transactionId: null,
    paidAt: null,
    clockMs: merchant.clockMs,
    closedAt: null,
    endsAt: now + plan.openMs,
  }
  return gatewayOrder.trade
}

/** After their end, some trades become closed; others stay unpaid for ever. */
export function closeIfEnded({ trade, plan }: GatewayOrder, now: number): void {
  if (trade === null || now < trade.endsAt || !plan.closesItself) return
  if (!['NOTPAY', 'USERPAYING', 'PAYERROR'].includes(trade.state)) return
  trade.state = 'CLOSED'
  trade.closedAt ??= trade.endsAt
}

/** The trade in WeChat Pay's JSON, with the unusual values of its plan. */
export function tradeBody(
  trade: GatewayTrade,
  { state = trade.state, oddity = null }: { state?: string; oddity?: OrderPlan['oddity'] } = {},
): object {
  const paid = trade.transactionId !== null
  return {
    appid: trade.appid,
    mchid: trade.mchid,
    out_trade_no: trade.orderNo,
    trade_state: state,
    trade_state_desc: '—',
    ...(trade.attach !== null && { attach: trade.attach }),
    ...(paid && {
      transaction_id: trade.transactionId,
      success_time: new Date((trade.paidAt ?? 0) + trade.clockMs)
        .toISOString()
        .replace('.000', '')
        .replace('Z', '+00:00'),
      payer: { openid: 'oSimulated0000000000000000' },
    }),
    ...((paid || trade.amount % 2 === 0) && {
      amount: { total: trade.amount, payer_total: trade.amount, currency: trade.currency },
    }),
    ...oddity,
  }
}

export function recordSentTrade(
  gatewayOrder: GatewayOrder,
  options: { at: number; state?: string; trade?: GatewayTrade },
): void {
  const trade = options.trade ?? gatewayOrder.trade
  if (trade === null) return
  gatewayOrder.firstShownAt ??= options.at
  const { orderNo, mchid, appid, attach, transactionId, amount, currency } = trade
  gatewayOrder.sentAnswers.push({
    kind: 'trade',
    at: options.at,
    state: options.state ?? trade.state,
    ...{ orderNo, mchid, appid, attach, transactionId, amount, currency },
  })
}
