import { z } from 'zod'
import { fenOf } from '../../domain/money.ts'
import type { Evidence, Trade, TradeState } from '../../domain/trade.ts'
import { readTime } from '../../text/rfc3339.ts'
import { maskTrade } from './evidence.ts'
import { parseJson } from './json.ts'
import { ignore, type Note } from './notes.ts'

const word = z.string().regex(/^[\w-]{1,64}$/)

/**
 * A trade, in the answer to a query or in a notification. The members that identify the payment are
 * strict. The others are optional, and no value of theirs is refused: no decision uses them, so they
 * must not prevent a credit. An unpaid trade may have no amount.
 */
const tradeBody = z.object({
  appid: word,
  mchid: word,
  out_trade_no: z.string().min(1).max(64),
  trade_state: word,
  transaction_id: word.nullish().catch(null),
  success_time: z.unknown().optional(),
  attach: z.unknown().optional(),
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

/** A trade, and its evidence for people: `{trade}`, and `{notes}` if a part of it was cut or dropped. */
export interface SeenTrade {
  readonly trade: Trade
  readonly evidence: Evidence
}

/** Null when the bytes contain no trade that can be used. `signedAt` is by the gateway's clock. */
export function seeTrade(
  bytes: Uint8Array,
  { signedAt, notes: before = [] }: { signedAt: Date; notes?: readonly string[] },
): SeenTrade | null {
  const notes = [...before]
  const note = (text: string) => void notes.push(text)
  const body = parseJson(bytes, note)
  const trade = readTrade(body, { signedAt, note })
  if (trade === null) return null
  const masked = maskTrade(body, note)
  return { trade, evidence: { trade: masked, ...(notes.length > 0 && { notes }) } }
}

interface ReadOptions {
  /** When the gateway signed it. */
  readonly signedAt?: Date
  readonly note?: Note
}

/** Null when it is not a trade, or is a paid trade without a transaction id. */
export function readTrade(body: unknown, options: ReadOptions = {}): Trade | null {
  const parsed = tradeBody.safeParse(body)
  if (!parsed.success) return null
  const trade = tradeOf(parsed.data, options)
  return trade.state === 'paid' && trade.transactionId === null ? null : trade
}

/** The reason of a review quotes the currency. A longer one is wrong anyway, and may be cut. */
const currencyLengthMax = 256

function tradeOf(body: z.infer<typeof tradeBody>, options: ReadOptions): Trade {
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
    currency: typeof currency === 'string' ? currency.slice(0, currencyLengthMax) : null,
    paidAt: paidAtOf(body.success_time, options),
    attach: typeof body.attach === 'string' ? body.attach : null,
  }
}

/** A payment time further ahead than this is wrong: no two clocks differ by a day. */
const aheadMsMax = 86_400_000

/** Null for a value that cannot be the time of the payment. The payment is credited all the same. */
function paidAtOf(value: unknown, { signedAt, note = ignore }: ReadOptions): Date | null {
  if (value === undefined || value === null || value === '') return null
  const name = 'success_time'
  const time = typeof value === 'string' ? readTime(value) : null
  if (time === null) note(`${name} not used: no RFC 3339 time of the years 2000 to 2099`)
  else if (signedAt && +time > +signedAt + aheadMsMax) {
    note(`${name} not used: more than a day ahead of the gateway's clock`)
    return null
  }
  return time
}
