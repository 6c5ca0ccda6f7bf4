import { z } from 'zod'
import { fenOf } from '../money.ts'
import type { Trade, TradeState } from '../trade.ts'

const word = z.string().regex(/^[\w-]{1,64}$/)

/**
 * A trade as a query answers and a notification carries it. Strict on what names the payment,
 * lenient on the rest: members come and go, and an unpaid trade may have no amount.
 */
const tradeBody = z.object({
  appid: word,
  mchid: word,
  out_trade_no: z.string().min(1).max(64),
  trade_state: word,
  transaction_id: word.nullish().catch(null),
  success_time: z.string().nullish().catch(null),
  attach: z.string().nullish().catch(null),
  amount: z.object({ total: z.unknown(), currency: z.unknown() }).partial().nullish().catch(null),
})

const states: Readonly<Record<string, TradeState>> = {
  SUCCESS: 'paid',
  REFUND: 'refunded',
  NOTPAY: 'unpaid',
  PAYERROR: 'unpaid',
  USERPAYING: 'paying',
  ACCEPT: 'paying',
  CLOSED: 'closed',
  REVOKED: 'closed',
}

/** Null when it is no trade, or one that says paid without saying by which payment. */
export function readTrade(body: unknown): Trade | null {
  const parsed = tradeBody.safeParse(body)
  if (!parsed.success) return null
  const trade = tradeOf(parsed.data)
  return trade.state === 'paid' && trade.transactionId === null ? null : trade
}

function tradeOf(body: z.infer<typeof tradeBody>): Trade {
  const currency = body.amount?.currency
  return {
    orderNo: body.out_trade_no,
    mchid: body.mchid,
    appid: body.appid,
    state: Object.hasOwn(states, body.trade_state)
      ? (states[body.trade_state] ?? 'unlisted')
      : 'unlisted',
    reported: body.trade_state,
    transactionId: body.transaction_id ?? null,
    amount: fenOf(body.amount?.total),
    currency: typeof currency === 'string' ? currency : null,
    paidAt: timeOf(body.success_time),
    attach: body.attach ?? null,
  }
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

function timeOf(text: string | null | undefined): Date | null {
  if (!text || !rfc3339.test(text)) return null
  const time = new Date(text)
  return Number.isNaN(time.getTime()) ? null : time
}
