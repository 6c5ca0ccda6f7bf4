import { createHash } from 'node:crypto'
import { unreachable } from '../assert.ts'
import {
  causeAndMessage,
  type Decision,
  differentIdentity,
  paymentOf,
  payOrReview,
} from '../decide.ts'
import type { Order, OrderEvent, Review } from '../order.ts'
import { type Happened, type Reason, sentenceOf } from '../reason.ts'
import type { Answer, Trade } from '../trade.ts'
import { todaysReason } from './former-reasons.ts'
import type { ReviewAction } from './review-action.ts'

export type ResolutionDecision =
  | Extract<Decision, { kind: 'pay' }>
  | { readonly kind: 'expire'; readonly reason: Reason }
  /** Close the trade at the gateway, query again, and decide on that answer. */
  | { readonly kind: 'close'; readonly reason: Reason }
  | { readonly kind: 'dismiss'; readonly payment: string | null; readonly reason: Reason }
  | { readonly kind: 'refuse'; readonly cause: RefusalCause; readonly reason: Reason }

/** Why an action on an order in review is refused. */
export type RefusalCause =
  | 'unanswered' // no verified answer from the gateway
  | 'absent' // it knows no such order
  | 'different' // paid, but not as ordered; or the answer is about another trade
  | 'not_paid'
  | 'refunded'
  | 'paid' // it cannot expire
  | 'not_closed' // it still can be paid
  | 'dismissed' // it is already
  | 'unseen' // a payment came after the preview, so the operator has not judged it

export interface ResolutionFacts {
  /** Another order that was credited for this answer's transaction id. */
  readonly transactionOwner: string | null
  /** See `Facts`. */
  readonly adoptAttach?: string | null
  /** A close was sent to the gateway before this answer. */
  readonly closeTried: boolean
  /** Whether the operator saw this payment: a payment that they did not see is not dismissed. */
  readonly isSeen: (payment: string) => boolean
}

/** Pure: what an operator's request leads to. Only the gateway's answer decides, not the operator's word. */
export function decideResolution(
  { order, action }: { readonly order: Order; readonly action: ReviewAction },
  answer: Answer,
  facts: ResolutionFacts,
): ResolutionDecision {
  if (action === 'dismiss') return decideDismissal(order, answer, facts)
  if (answer.kind === 'unknown') {
    return refuse('unanswered', { code: 'review_no_answer', ...causeAndMessage(answer) })
  }
  if (answer.kind === 'absent') return refuse('absent', { code: 'absent' })
  return action === 'credit'
    ? decideCredit(order, answer.trade, facts)
    : decideExpiry(order, answer.trade, facts)
}

/** I2: by the same comparison as every other credit. */
function decideCredit(order: Order, trade: Trade, facts: ResolutionFacts): ResolutionDecision {
  switch (trade.state) {
    case 'paid': {
      const decision = payOrReview(order, trade, facts)
      return decision.kind === 'pay' ? decision : refuse('different', decision.reason)
    }
    case 'refunded':
      return refuse('refunded', { code: 'refund_started' })
    case 'unpaid':
    case 'paying':
    case 'closed':
    case 'unlisted':
      return refuse('not_paid', { code: 'not_paid', state: trade.reported })
    default:
      return unreachable(trade.state)
  }
}

/** I5: only a trade that can no longer be paid. Absence is not authenticated, so it closes nothing. */
function decideExpiry(order: Order, trade: Trade, facts: ResolutionFacts): ResolutionDecision {
  const difference = differentIdentity(order, trade)
  if (difference !== null) {
    return refuse('different', { code: 'about_another_trade', difference })
  }
  switch (trade.state) {
    case 'closed':
      return { kind: 'expire', reason: { code: 'trade_closed' } }
    case 'unpaid':
      // Another system placed it, and may still wait for its payment.
      if (order.expiresAt === null) return refuse('not_closed', { code: 'end_unknown' })
      return facts.closeTried
        ? refuse('not_closed', { code: 'still_open', state: trade.reported })
        : { kind: 'close', reason: { code: 'to_be_closed', state: trade.reported } }
    case 'paid':
      return refuse('paid', { code: 'was_paid' })
    case 'refunded':
      return refuse('refunded', { code: 'refund_started' })
    case 'paying':
      return refuse('not_closed', { code: 'payment_under_way' })
    case 'unlisted':
      return refuse('not_closed', { code: 'unlisted_state', state: trade.reported })
    default:
      return unreachable(trade.state)
  }
}

/** Possible without an answer too: a payment that turns up later reopens the review. */
function decideDismissal(
  { dismissed }: Order,
  answer: Answer,
  { isSeen }: ResolutionFacts,
): ResolutionDecision {
  if (dismissed !== null) return refuse('dismissed', { code: 'dismissed_before' })
  const payment = answer.kind === 'trade' ? paymentOf(answer.trade) : null
  if (payment !== null && !isSeen(payment)) {
    return refuse('unseen', { code: 'payment_not_seen' })
  }
  return { kind: 'dismiss', payment, reason: { code: 'dismissible' } }
}

function refuse(cause: RefusalCause, reason: Reason): ResolutionDecision {
  return { kind: 'refuse', cause, reason }
}

/** What the operator saw in the preview: the newest event, and the payment that the gateway reported. */
export interface Seen {
  readonly eventId: string
  readonly isSeen: ResolutionFacts['isSeen']
}

/** To be sent back with the resolution. Opaque to the client. */
export function seenMark({ id }: OrderEvent, answer: Answer): string {
  return `${id}.${digestOf(answer.kind === 'trade' ? paymentOf(answer.trade) : null)}`
}

/** Null: it is not one of ours. */
export function readSeenMark(mark: string): Seen | null {
  const [, eventId, digest] = /^(\d{1,18})\.([0-9a-f]{16})$/.exec(mark) ?? []
  if (eventId === undefined) return null
  return { eventId, isSeen: (payment) => digestOf(payment) === digest }
}

function digestOf(payment: string | null): string {
  return createHash('sha256')
    .update(payment ?? '')
    .digest('hex')
    .slice(0, 16)
}

/** Why an operator's request is too late: the order changed after the preview. */
export interface ReviewConflict {
  readonly kind: 'not_in_review' | 'changed'
  /** In English. */
  readonly message: string
  /** What `message` is the sentence of. */
  readonly codedReason: Reason
  /** What came first; null where no operator gave it its state. */
  readonly first: OrderEvent | null
}

/** Null: it is in review, and its newest event is still the one in the preview. */
export function conflictWith(review: Review, eventId: string): ReviewConflict | null {
  const { order, resolved } = review
  const { orderNo, status } = order
  if (status !== 'review') {
    const first = resolved?.stateSeq === order.stateSeq ? resolved : null
    const because: Reason = {
      code: 'not_in_review',
      orderNo,
      status,
      first: first && happened(first),
    }
    return conflict('not_in_review', because, first)
  }
  if (review.seen.id === eventId) return null
  const first = resolved !== null && isAfter(resolved, eventId) ? resolved : review.seen
  const because: Reason = { code: 'changed_since_preview', orderNo, first: happened(first) }
  return conflict('changed', because, first)
}

function conflict(
  kind: ReviewConflict['kind'],
  because: Reason,
  first: OrderEvent | null,
): ReviewConflict {
  return { kind, message: sentenceOf(because), codedReason: because, first }
}

/** Who did it, and when. */
export function happened(event: OrderEvent): Happened {
  const { at, kind, source, operator, decision } = event
  return { at: at.toISOString(), kind, source, operator, decision, reason: todaysReason(event) }
}

/** Numbers of events grow, and are too long to compare as text. */
function isAfter({ id }: OrderEvent, eventId: string): boolean {
  return BigInt(id) > BigInt(eventId)
}
