import type { Fate } from '../fate.ts'

/** What the gateway really knows of one order: the truth that the auditor compares with. */
export interface Dossier {
  readonly orderNo: string
  readonly fate: Fate
  /** As budan was told to expect it. */
  readonly ordered: { readonly amount: number; readonly currency: string }
  /** Null: the gateway has no such order (yet). */
  trade: TradeTruth | null
  /** The payer has the code to scan. */
  codeGiven: boolean
  /** It says that it knows no such order, although it does, until then. */
  lapsedUntil: number
  hasLapsed: boolean
  /** It gives a state that is in no manual, until then. */
  unlistedUntil: number
  /** The payer pays the moment it is asked to close. */
  paysOnClose: boolean
  /** Every genuine word that left the gateway about this order, however it was asked for. */
  readonly statements: Statement[]
  lastQuestionAt: number | null
  /** Questions that got a reply worth a step in the schedule. */
  answeredCount: number
}

export interface TradeTruth {
  readonly orderNo: string
  readonly mchid: string
  readonly appid: string
  amount: number
  currency: string
  state: 'NOTPAY' | 'USERPAYING' | 'SUCCESS' | 'REFUND' | 'CLOSED' | 'REVOKED' | 'PAYERROR'
  transactionId: string | null
  paidAt: number | null
  /** When it first could not be paid any more without having been paid. */
  closedAt: number | null
}

export type Statement =
  | { readonly kind: 'absent'; readonly at: number }
  | {
      readonly kind: 'trade'
      readonly at: number
      readonly orderNo: string
      readonly mchid: string
      readonly appid: string
      readonly state: string
      readonly transactionId: string | null
      readonly amount: number
      readonly currency: string
    }

export const merchant = { mchid: '1900000001', appid: 'wx0000000000000001' } as const

/** A trade that can still be paid: nobody ended it, and somebody has its code. */
export function isPayable({ trade, codeGiven }: Dossier): boolean {
  return trade !== null && codeGiven && !['CLOSED', 'REVOKED'].includes(trade.state)
}

export function openDossier(
  order: { orderNo: string; amount: number; currency: string },
  fate: Fate,
): Dossier {
  const { orderNo, ...ordered } = order
  return {
    ...{ orderNo, fate, ordered, trade: null },
    codeGiven: fate.arrival === 'adopted',
    lapsedUntil: 0,
    hasLapsed: false,
    unlistedUntil: 0,
    paysOnClose: fate.kind === 'paid_before_close',
    statements: [],
    lastQuestionAt: null,
    answeredCount: 0,
  }
}

export function openTrade(dossier: Dossier): TradeTruth {
  const { orderNo, ordered, fate } = dossier
  dossier.trade ??= {
    orderNo,
    mchid: fate.kind === 'paid_wrong_mchid' ? '1900000002' : merchant.mchid,
    appid: fate.kind === 'paid_wrong_appid' ? 'wx0000000000000002' : merchant.appid,
    ...ordered,
    state: 'NOTPAY',
    transactionId: null,
    paidAt: null,
    closedAt: null,
  }
  return dossier.trade
}

/** The trade as WeChat Pay writes it. */
export function tradeBody(trade: TradeTruth, state: string = trade.state): object {
  const paid = trade.transactionId !== null
  return {
    appid: trade.appid,
    mchid: trade.mchid,
    out_trade_no: trade.orderNo,
    trade_state: state,
    trade_state_desc: '—',
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
  }
}

export function stateTrade(
  dossier: Dossier,
  options: { at: number; state?: string; trade?: TradeTruth },
): void {
  const trade = options.trade ?? dossier.trade
  if (trade === null) return
  const { orderNo, mchid, appid, transactionId, amount, currency } = trade
  dossier.statements.push({
    kind: 'trade',
    at: options.at,
    state: options.state ?? trade.state,
    ...{ orderNo, mchid, appid, transactionId, amount, currency },
  })
}
