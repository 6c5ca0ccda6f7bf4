import { type Fen, formatFen } from './money.ts'
import type { Order, OrderEvent } from './order.ts'
import type { Evidence } from './trade.ts'

/** What became of a refund. `unlisted` is a word that we do not know: never guessed at. */
export type RefundState = 'succeeded' | 'abnormal' | 'closed' | 'under_way' | 'unlisted'

/** What a gateway told, unasked, of a refund that somebody made there. It moves no money here. */
export interface RefundNotice {
  /** Null when the notice names no order. */
  readonly orderNo: string | null
  /** The gateway's number of the payment that goes back. */
  readonly transactionId: string | null
  /** The same for each time that this refund is told to be in this state. */
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

/** What the timeline says of it. */
export interface Noticed {
  readonly reason: string
  /** Somebody has to look. */
  readonly alarm: boolean
}

/** A notice settles nothing: the order stays as it is, and so does what was credited. */
export function noticedOf(order: Order, notice: RefundNotice): Noticed {
  const { transactionId } = notice
  const isOfAnother =
    order.transactionId !== null && transactionId !== null && transactionId !== order.transactionId
  const refund = `a refund of ${sumOf(notice)} ${outcomeOf(notice)}`
  return {
    reason: isOfAnother
      ? `${refund}, of another payment than the one credited (${transactionId})`
      : refund,
    alarm: needsPerson(order, notice),
  }
}

/**
 * A credited order whose money goes back, and an expired one, which was paid after all. In review a
 * person looks in any case, and a pending order is queried soon: its trade will say "refunded".
 */
function needsPerson({ status }: Order, { state }: RefundNotice): boolean {
  return status === 'expired' || (status === 'paid' && state !== 'closed')
}

function sumOf({ refunded, total }: RefundNotice): string {
  if (refunded === null) return 'an amount that is not said'
  return total === null ? formatFen(refunded) : `${formatFen(refunded)} of ${formatFen(total)}`
}

function outcomeOf({ state, reported }: RefundNotice): string {
  switch (state) {
    case 'succeeded':
      return 'was made at the gateway'
    case 'abnormal':
      return 'is stuck at the gateway: it has to be made there by hand'
    case 'closed':
      return 'was given up at the gateway'
    case 'under_way':
      return 'was started at the gateway'
    default:
      return `is in a state that budan does not know: ${reported}`
  }
}

/** Whether this line of a timeline is that notice, told before. */
export function isSameNotice({ evidence }: OrderEvent, { key }: RefundNotice): boolean {
  return evidence?.refund_key === key
}
