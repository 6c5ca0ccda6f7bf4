import type { OrderPlan } from '../order-plan.ts'

/** What the gateway really knows of one order: the truth that the auditor compares with. */
export interface GatewayOrder {
  readonly orderNo: string
  readonly plan: OrderPlan
  /** As the trade is, or will be, placed. Budan may have been told something else. */
  readonly ordered: OrderedFacts
  /** Null: the gateway has no such order (yet). */
  trade: GatewayTrade | null
  /** The payer has the code to scan. */
  payerHasCode: boolean
  /** It will not have the order, however often it is told of it. */
  refusesPrepay: boolean
  /** It says that it knows no such order, although it does, until then. */
  falselyAbsentUntil: number
  wasFalselyAbsent: boolean
  /** It gives a state that is in no manual, until then. */
  unlistedUntil: number
  /** The payer pays the moment it is asked to close. */
  paysOnClose: boolean
  /** Every genuine word that left the gateway about this order, however it was asked for. */
  readonly sentAnswers: SentAnswer[]
  /** When it first gave a code for it, or told of its trade. */
  firstShownAt: number | null
  lastAbsentAt: number | null
  lastQueryAt: number | null
  /** Questions that got a reply worth a step in the schedule. */
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
  /** When it first could not be paid any more without having been paid. */
  closedAt: number | null
  /** From then on the gateway takes no money for it. */
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

/** The merchant number, and app ids: of which the first one or two are configured. */
export const mchid = '1900000001'
export const appids = ['wx0000000000000001', 'wx0000000000000003'] as const
export const merchant = { mchid, appid: appids[0] } as const

/** A trade that was paid, or still can be: nobody ended it, and somebody has its code. */
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
  { orderNo, ...ordered }: { orderNo: string } & OrderedFacts,
  plan: OrderPlan,
): GatewayOrder {
  return {
    ...{ orderNo, plan, ordered, trade: null },
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
  const { orderNo, ordered, plan } = gatewayOrder
  gatewayOrder.trade ??= {
    orderNo,
    ...ordered,
    mchid: plan.kind === 'paid_wrong_mchid' ? '1900000002' : mchid,
    appid: plan.kind === 'paid_wrong_appid' ? 'wx0000000000000002' : ordered.appid,
    state: 'NOTPAY',
    transactionId: null,
    paidAt: null,
    closedAt: null,
    endsAt: now + plan.openMs,
  }
  return gatewayOrder.trade
}

/** Some trades become closed at their end by themselves; others are unpaid for ever. */
export function closeIfEnded({ trade, plan }: GatewayOrder, now: number): void {
  if (trade === null || now < trade.endsAt || !plan.closesItself) return
  if (!['NOTPAY', 'USERPAYING', 'PAYERROR'].includes(trade.state)) return
  trade.state = 'CLOSED'
  trade.closedAt ??= trade.endsAt
}

/** The trade as WeChat Pay writes it, but for what is odd of it. */
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
      success_time: new Date(trade.paidAt ?? 0)
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
