import type { Fate } from '../fate.ts'

/** What the gateway really knows of one order: the truth that the auditor compares with. */
export interface Dossier {
  readonly orderNo: string
  readonly fate: Fate
  /** As the trade is, or will be, placed. Budan may have been told something else. */
  readonly ordered: Ordered
  /** Null: the gateway has no such order (yet). */
  trade: TradeTruth | null
  /** The payer has the code to scan. */
  codeGiven: boolean
  /** It will not have the order, however often it is told of it. */
  refusesPrepay: boolean
  /** It says that it knows no such order, although it does, until then. */
  lapsedUntil: number
  hasLapsed: boolean
  /** It gives a state that is in no manual, until then. */
  unlistedUntil: number
  /** The payer pays the moment it is asked to close. */
  paysOnClose: boolean
  /** Every genuine word that left the gateway about this order, however it was asked for. */
  readonly statements: Statement[]
  /** When it first gave a code for it, or told of its trade. */
  shownAt: number | null
  lastAbsentAt: number | null
  lastQuestionAt: number | null
  /** Questions that got a reply worth a step in the schedule. */
  answeredCount: number
}

export interface Ordered {
  readonly amount: number
  readonly currency: string
  readonly appid: string
  readonly attach: string | null
}

export interface TradeTruth {
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

export type Statement =
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
export function isPayable(dossier: Dossier, now: number): boolean {
  const { trade, codeGiven } = dossier
  if (trade === null || !codeGiven) return false
  if (isPaid(trade)) return true
  return !['CLOSED', 'REVOKED'].includes(trade.state) && now < trade.endsAt
}

export function isPaid({ state }: TradeTruth): boolean {
  return state === 'SUCCESS' || state === 'REFUND'
}

export function openDossier(
  { orderNo, ...ordered }: { orderNo: string } & Ordered,
  fate: Fate,
): Dossier {
  return {
    ...{ orderNo, fate, ordered, trade: null },
    codeGiven: fate.arrival === 'adopted',
    refusesPrepay: fate.kind === 'refused_prepay',
    lapsedUntil: 0,
    hasLapsed: false,
    unlistedUntil: 0,
    paysOnClose: fate.kind === 'paid_before_close',
    statements: [],
    shownAt: null,
    lastAbsentAt: null,
    lastQuestionAt: null,
    answeredCount: 0,
  }
}

export function openTrade(dossier: Dossier, now: number): TradeTruth {
  const { orderNo, ordered, fate } = dossier
  dossier.trade ??= {
    orderNo,
    ...ordered,
    mchid: fate.kind === 'paid_wrong_mchid' ? '1900000002' : mchid,
    appid: fate.kind === 'paid_wrong_appid' ? 'wx0000000000000002' : ordered.appid,
    state: 'NOTPAY',
    transactionId: null,
    paidAt: null,
    closedAt: null,
    endsAt: now + fate.openMs,
  }
  return dossier.trade
}

/** Some trades become closed at their end by themselves; others are unpaid for ever. */
export function passEnd({ trade, fate }: Dossier, now: number): void {
  if (trade === null || now < trade.endsAt || !fate.closesItself) return
  if (!['NOTPAY', 'USERPAYING', 'PAYERROR'].includes(trade.state)) return
  trade.state = 'CLOSED'
  trade.closedAt ??= trade.endsAt
}

/** The trade as WeChat Pay writes it, but for what is odd of it. */
export function tradeBody(
  trade: TradeTruth,
  { state = trade.state, oddity = null }: { state?: string; oddity?: Fate['oddity'] } = {},
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

export function stateTrade(
  dossier: Dossier,
  options: { at: number; state?: string; trade?: TradeTruth },
): void {
  const trade = options.trade ?? dossier.trade
  if (trade === null) return
  dossier.shownAt ??= options.at
  const { orderNo, mchid, appid, attach, transactionId, amount, currency } = trade
  dossier.statements.push({
    kind: 'trade',
    at: options.at,
    state: options.state ?? trade.state,
    ...{ orderNo, mchid, appid, attach, transactionId, amount, currency },
  })
}
