import type { Fen } from '../../../domain/money.ts'

/** A line of a bill: what happened at `at`. */
export interface BillRow {
  /** The first line of the file is 1. */
  readonly line: number
  /**
   * What the line records, and not how the trade is today: the payment of a trade that was refunded
   * later stays a payment. `revoked`: a paid trade was reversed.
   */
  readonly kind: 'payment' | 'refund' | 'revoked'
  /** When it was paid, or when the refund was accepted. */
  readonly at: Date
  readonly appId: string
  readonly mchid: string
  readonly transactionId: string
  readonly orderNo: string
  /** What was ordered; of a refund 0 in most bills. */
  readonly amount: Fen
  /** Null for a payment. */
  readonly refund: BillRefund | null
}

export interface BillRefund {
  readonly refundId: string
  /** The merchant's own number of the refund. */
  readonly refundNo: string
  /** What was to be returned, coupons included. */
  readonly amount: Fen
  /**
   * On the day of the bill; it is never updated. `failed`: nothing was returned. `unsettled`: under way,
   * or a word that is not known.
   */
  readonly status: 'succeeded' | 'failed' | 'unsettled'
}
