import type { JsonObject } from '../merge.ts'

/**
 * An order as WeChat Pay knows it:
 *
 *   NOTPAY ──► SUCCESS ──► REFUND     past `expiresAt` it stays NOTPAY but cannot be paid;
 *      └─────► CLOSED                 after 7 days it becomes CLOSED
 *
 * REVOKED, USERPAYING, PAYERROR, ACCEPT and invented states are only set by the control interface.
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
  /** Milliseconds since 1970, like all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  /** The prepay request in canonical form, for comparison with a repeated one; null: put in from outside. */
  readonly prepaid: string | null
  state: string
  codeUrl: string | null
  codeUrlExpiresAt: number
  /** Newest last. Answers contain the newest. */
  readonly payments: Payment[]
  /** Fen. */
  refunded: number
  /** Newest last. */
  readonly refunds: Refund[]
  /** Merged over every answer and callback about this order. */
  answered: JsonObject | null
  /** All further callbacks are lost. */
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

export interface Refund {
  readonly refundId: string
  readonly outRefundNo: string
  readonly transactionId: string
  /** Fen: of the refund, and of the whole payment. */
  readonly amount: number
  readonly total: number
}

/** The order numbers that WeChat Pay accepts: 6 to 32 of these characters. */
export const orderNoPattern = /^[0-9A-Za-z_\-|*]{6,32}$/

const dayMs = 86_400_000

/** The life of an order without `time_expire`, and the age at which an unpaid order is closed. */
export const lifeMs = 7 * dayMs

/** The longest life of an order; a later `time_expire` is cut to this. */
export const lifeMsMax = 15 * dayMs

/** The shortest life of an order; an earlier `time_expire` is raised to this. */
export const expiryMsMin = 60_000

/** How long a `code_url` can be scanned. */
export const codeUrlMs = 2 * 3_600_000

export function isPaid(order: Order): boolean {
  return order.state === 'SUCCESS' || order.state === 'REFUND'
}

/** Sum of the payments; refunds are not subtracted. Each payment is of the whole amount. */
export function taken(order: Order): number {
  return order.payments.reduce((sum, payment) => sum + payment.total, 0)
}
