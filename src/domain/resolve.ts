import { createHash } from 'node:crypto'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { unreachable } from './assert.ts'
import {
  type Decision,
  describeUnknown,
  differentIdentity,
  paymentOf,
  payOrReview,
  refundStarted,
} from './decide.ts'
import { restated } from './former-reasons.ts'
import type { Order, OrderEvent, Review } from './order.ts'
import type { Answer, Trade } from './trade.ts'

/**
 * What an operator may ask for an order in review:
 *
 *   credit    only for a verified, paid trade that equals the order in every fact
 *   expire    only when the gateway says closed; an unpaid trade is closed first, and asked about again
 *   dismiss   for when nothing is owed to the payer, which only the operator can know: it leaves the
 *             queue, and comes back for a payment not known yet
 */
export type ReviewAction = 'credit' | 'expire' | 'dismiss'

export const reviewActions = ['credit', 'expire', 'dismiss'] as const

export type ResolutionDecision =
  | Extract<Decision, { kind: 'pay' }>
  | { readonly kind: 'expire'; readonly reason: string }
  /** Close its trade at the gateway, ask again, and decide on that answer. */
  | { readonly kind: 'close'; readonly reason: string }
  | { readonly kind: 'dismiss'; readonly payment: string | null; readonly reason: string }
  | { readonly kind: 'refuse'; readonly cause: RefusalCause; readonly reason: string }

/** Why an action on an order in review is refused. */
export type RefusalCause =
  | 'unanswered' // the gateway said nothing that can be believed
  | 'absent' // it knows no such order
  | 'different' // paid, but not as ordered; or the answer is about another trade
  | 'not_paid'
  | 'refunded'
  | 'paid' // it cannot expire
  | 'not_closed' // it still can be paid
  | 'dismissed' // it is already
  | 'unseen' // a payment came after the preview, so nobody has judged it

export interface ResolutionFacts {
  /** Another order that was credited for this answer's transaction id. */
  readonly transactionOwner: string | null
  /** See `Facts`. */
  readonly adoptAttach?: string | null
  /** The gateway was asked to close the trade, before this answer. */
  readonly closeTried: boolean
  /** Whether the operator saw this payment: nobody dismisses what they do not know of. */
  readonly isSeen: (payment: string) => boolean
}

/** Pure: what an operator's wish comes to, by the answer. Nobody is believed but the gateway. */
export function decideResolution(
  { order, action }: { readonly order: Order; readonly action: ReviewAction },
  answer: Answer,
  facts: ResolutionFacts,
): ResolutionDecision {
  if (action === 'dismiss') return decideDismissal(order, answer, facts)
  if (answer.kind === 'unknown') {
    return refuse('unanswered', `the gateway gave no answer: ${describeUnknown(answer)}`)
  }
  if (answer.kind === 'absent') return refuse('absent', 'the gateway knows no such order')
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
      return refuse('refunded', `it was paid, and ${refundStarted}`)
    case 'unpaid':
    case 'paying':
    case 'closed':
    case 'unlisted':
      return refuse('not_paid', `the gateway does not say paid, but ${trade.reported}`)
    default:
      return unreachable(trade.state)
  }
}

/** I5: only what nobody can pay any more. Absence is not authenticated, and no close. */
function decideExpiry(order: Order, trade: Trade, facts: ResolutionFacts): ResolutionDecision {
  const difference = differentIdentity(order, trade)
  if (difference !== null) {
    return refuse('different', `the answer is about another trade: ${difference}`)
  }
  switch (trade.state) {
    case 'closed':
      return { kind: 'expire', reason: 'its trade is closed' }
    case 'unpaid':
      // Another system placed it, and may still wait for its payment.
      if (order.expiresAt === null)
        return refuse(
          'not_closed',
          'its end is not known, so budan does not close its trade: correct its end first',
        )
      return facts.closeTried
        ? refuse(
            'not_closed',
            `the gateway was asked to close its trade, and still says ${trade.reported}`,
          )
        : {
            kind: 'close',
            reason: `the gateway says ${trade.reported}: its trade is closed, and asked about again`,
          }
    case 'paid':
      return refuse('paid', 'it was paid')
    case 'refunded':
      return refuse('refunded', `it was paid, and ${refundStarted}`)
    case 'paying':
      return refuse('not_closed', 'a payment is under way')
    case 'unlisted':
      return refuse('not_closed', `a trade state that budan does not know: ${trade.reported}`)
    default:
      return unreachable(trade.state)
  }
}

/** Without an answer too: a payment that turns up later brings it back. */
function decideDismissal(
  { dismissed }: Order,
  answer: Answer,
  { isSeen }: ResolutionFacts,
): ResolutionDecision {
  if (dismissed !== null) return refuse('dismissed', 'it was dismissed before')
  const payment = answer.kind === 'trade' ? paymentOf(answer.trade) : null
  if (payment !== null && !isSeen(payment)) {
    return refuse('unseen', 'the gateway says paid, and did not at the preview')
  }
  return { kind: 'dismiss', payment, reason: 'it leaves the queue, and stays in review' }
}

function refuse(cause: RefusalCause, reason: string): ResolutionDecision {
  return { kind: 'refuse', cause, reason }
}

/** What an operator had before their eyes: the newest event, and the payment that the gateway told of. */
export interface Seen {
  readonly eventId: string
  readonly isSeen: ResolutionFacts['isSeen']
}

/** To be given back with the resolution. Opaque to whoever carries it. */
export function seenMark({ id }: OrderEvent, answer: Answer): string {
  return `${id}.${digestOf(answer.kind === 'trade' ? paymentOf(answer.trade) : null)}`
}

/** Null: that is none of ours. */
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

/** Why an operator's wish comes too late, in words that name who was first. */
export interface Obstacle {
  readonly kind: 'not_in_review' | 'changed'
  readonly message: string
  /** What came first; null where no operator gave it its state. */
  readonly first: OrderEvent | null
}

/** Null: it is in review, and its newest event is still the one that was seen. */
export function obstacleTo(review: Review, eventId: string): Obstacle | null {
  const { order, resolved } = review
  const named = `order "${order.orderNo}"`
  if (order.status !== 'review') {
    const first = resolved?.stateSeq === order.stateSeq ? resolved : null
    const by = first === null ? '' : `: ${describeResolution(first)}`
    const message = `${named} is ${order.status}, not in review${by}`
    return { kind: 'not_in_review', message, first }
  }
  if (review.seen.id === eventId) return null
  const first = resolved !== null && isAfter(resolved, eventId) ? resolved : review.seen
  const message = `${named} has changed since the preview: ${describeResolution(first)}`
  return { kind: 'changed', message, first }
}

/** Who did it, and when. */
export function describeResolution({ at, kind, operator, source, decision, ...event }: OrderEvent) {
  const when = `at ${shanghaiTime(at)}`
  const reason = event.reason === null ? null : restated(event.reason)
  if (operator === null) return `${source} brought an answer ${when} (${reason ?? kind})`
  if (kind === 'dismissed') return `"${operator}" dismissed it ${when}`
  if (kind === 'resolved') return `"${operator}" ${pastOf[decision ?? ''] ?? kind} it ${when}`
  return `"${operator}" asked ${when} (${reason ?? kind})`
}

const pastOf: Readonly<Record<string, string>> = { pay: 'credited', expire: 'expired' }

/** Numbers of events grow, and are too long to compare as text. */
function isAfter({ id }: OrderEvent, eventId: string): boolean {
  return BigInt(id) > BigInt(eventId)
}
