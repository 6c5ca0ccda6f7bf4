import type { Order } from '../../../src/domain/order.ts'
import { isObject, objectIn, own } from '../callback/payment.ts'

/** A response as the oracle knows it. */
export interface ObservedReply {
  readonly status: number
  readonly body: Uint8Array
  /** `genuine`: by a known key, over these bytes, in time. `unsigned`: without any signature header. */
  readonly signed: 'genuine' | 'unsigned' | 'wrong'
}

/** The facts of a payment in an answer to a query. The code is independent of the program's reader. */
export interface PaidFacts {
  readonly orderNo: string
  readonly mchid: string
  readonly appid: string
  readonly transactionId: string
  /** Null if it is not a whole number below 2^53. */
  readonly amount: bigint | null
  readonly currency: string | null
}

/** The payment in a verified 200; null if there is none. */
export function paidFactsIn({ status, body, signed }: ObservedReply): PaidFacts | null {
  if (status !== 200 || signed !== 'genuine') return null
  const trade = objectIn(body)
  if (trade === null || own(trade, 'trade_state') !== 'SUCCESS') return null
  const [orderNo, mchid, appid, transactionId] = [
    'out_trade_no',
    'mchid',
    'appid',
    'transaction_id',
  ].map((key) => own(trade, key))
  if (typeof orderNo !== 'string' || orderNo === '' || orderNo.length > 64) return null
  if (!isName(mchid) || !isName(appid) || !isName(transactionId)) return null
  const amount = own(trade, 'amount')
  const parts = isObject(amount) ? amount : {}
  const [total, currency] = [own(parts, 'total'), own(parts, 'currency')]
  return {
    ...{ orderNo, mchid, appid, transactionId },
    amount:
      typeof total === 'number' && Number.isInteger(total) && Math.abs(total) < 2 ** 53
        ? BigInt(total)
        : null,
    currency: typeof currency === 'string' ? currency : null,
  }
}

/** True if every fact is as ordered. */
export function pays(facts: PaidFacts | null, order: Order): boolean {
  return (
    facts !== null &&
    facts.orderNo === order.orderNo &&
    facts.mchid === order.mchid &&
    facts.appid === order.appid &&
    facts.amount === order.amount &&
    facts.currency === order.currency
  )
}

/** A 404 with one of the two codes for it, rightly signed, or unsigned like most errors. */
export function saysAbsent({ status, body, signed }: ObservedReply): boolean {
  const code = own(objectIn(body) ?? {}, 'code')
  if (status !== 404 || signed === 'wrong' || typeof code !== 'string') return false
  return ['ORDERNOTEXIST', 'ORDERNOTEXISTS'].includes(code.toUpperCase().split('_').join(''))
}

/** A verified 204. */
export function saysClosed({ status, signed }: ObservedReply): boolean {
  return status === 204 && signed === 'genuine'
}

/** The code to scan in a verified 200. */
export function codeIn({ status, body, signed }: ObservedReply): string | null {
  if (status !== 200 || signed !== 'genuine') return null
  const code = own(objectIn(body) ?? {}, 'code_url')
  return typeof code === 'string' && code !== '' && code.length <= 512 ? code : null
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64 && /^[A-Za-z0-9_-]+$/.test(value)
}
