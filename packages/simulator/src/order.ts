import type { JsonObject } from './merge.ts'

/**
 * An order as WeChat Pay knows it:
 *
 *   NOTPAY ──► SUCCESS ──► REFUND     past `expiresAt` it stays NOTPAY but cannot be paid;
 *      └─────► CLOSED                 after 7 days it closes by itself
 *
 * REVOKED, USERPAYING, PAYERROR, ACCEPT and invented states are only ever set from outside.
 */
export interface Order {
  readonly outTradeNo: string
  readonly appid: string
  readonly mchid: string
  readonly description: string
  /** Fen. */
  readonly total: number
  readonly currency: string
  readonly attach: string | null
  readonly notifyUrl: string | null
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  /** The prepay request in canonical form, for comparison with a repeated one; null: put in from outside. */
  readonly prepaid: string | null
  state: string
  codeUrl: string | null
  codeUrlExpiresAt: number
  /** The newest, which answers tell of, is last. */
  readonly payments: Payment[]
  /** Fen that went back. */
  refunded: number
  /** One for each time that money went back, the newest last. */
  readonly refunds: Refund[]
  /** Merged over every answer and callback about this order. */
  answered: JsonObject | null
  /** Its callbacks do not arrive any more. */
  losesCallbacks: boolean
}

export interface Payment {
  readonly transactionId: string
  readonly total: number
  /** What the payer paid after coupons. */
  readonly payerTotal: number
  readonly openid: string
  readonly bankType: string
  readonly paidAt: number
}

/** Money that goes back to a payer. */
export interface Refund {
  readonly refundId: string
  readonly outRefundNo: string
  readonly transactionId: string
  /** Fen: what goes back, and what the payment came to. */
  readonly amount: number
  readonly total: number
}

/** An order number as WeChat Pay takes it: 6 to 32 of these characters. */
export const orderNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/

const dayMs = 86_400_000

/** The life of an order without `time_expire`, and the age at which an unpaid one closes by itself. */
export const lifeMs = 7 * dayMs

/** The longest life that can be asked for; later ends are cut to this. */
export const lifeMsMax = 15 * dayMs

/** The least time that an order can be paid; a shorter `time_expire` is raised to this. */
export const expiryMsMin = 60_000

/** How long a `code_url` can be scanned. */
export const codeUrlMs = 2 * 3_600_000

export function isPaid(order: Order): boolean {
  return order.state === 'SUCCESS' || order.state === 'REFUND'
}

/** What the merchant has taken in for it, refunds not counted. Each payment is of the whole amount. */
export function taken(order: Order): number {
  return order.payments.reduce((sum, payment) => sum + payment.total, 0)
}
