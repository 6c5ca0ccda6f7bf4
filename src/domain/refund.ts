import type { MerchantIdentity } from './merchant.ts'
import type { Fen } from './money.ts'
import type { Order, OrderEvent } from './order.ts'
import type { Reason } from './reason.ts'
import type { Evidence, RefundState } from './trade.ts'

/** A gateway's callback about a refund that was made there. It moves no money here. */
export interface RefundNotice {
  /** Null when the notice names no order. */
  readonly orderNo: string | null
  /** The gateway's number of the payment that goes back. */
  readonly transactionId: string | null
  /** The gateway's number of the refund; absent or null: not said. */
  readonly refundId?: string | null
  /** The same in each notice that reports this refund in this state. */
  readonly key: string
  readonly state: RefundState
  /** The gateway's own word for the state, for people. */
  readonly reported: string
  /** What goes back, and what the payment came to. Null when the gateway did not say. */
  readonly refunded: Fen | null
  readonly total: Fen | null
  /** With `refund`: the gateway's own words, and with `refund_key`. */
  readonly evidence: Evidence
}

/** A notice that no order had when it came, and the node that received it. */
export interface EarlyNotice extends MerchantIdentity {
  readonly notice: RefundNotice
  readonly node: string | null
}

/** What is written to the timeline. */
export interface Noticed {
  readonly reason: Reason
  /** An operator has to look. */
  readonly alarm: boolean
}

/** A notice settles nothing: the order stays as it is, and so does what was credited. */
export function noticedOf(order: Order, notice: RefundNotice): Noticed {
  const { transactionId } = notice
  const isOfAnother =
    order.transactionId !== null && transactionId !== null && transactionId !== order.transactionId
  const { state, reported, refunded, total, refundId = null } = notice
  return {
    reason: {
      ...{ code: 'refund_notice', state, reported },
      refunded: refunded === null ? null : String(refunded),
      total: total === null ? null : String(total),
      otherTransactionId: isOfAnother ? transactionId : null,
      ...{ transactionId, refundId },
    },
    alarm: needsPerson(order, notice),
  }
}

/**
 * Yes for a credited order whose money goes back, and for an expired one, which was paid after all. An
 * order in review is looked at in any case, and a pending one is queried soon: its trade will say
 * "refunded".
 */
function needsPerson({ status }: Order, { state }: RefundNotice): boolean {
  return status === 'expired' || (status === 'paid' && state !== 'closed')
}

/** Whether this entry of a timeline is the same notice, received before. */
export function isSameNotice({ evidence }: OrderEvent, { key }: RefundNotice): boolean {
  return evidence?.refund_key === key
}
