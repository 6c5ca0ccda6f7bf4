import { assert, unreachable } from '../domain/assert.ts'
import type { Order, OrderEvent, Review } from '../domain/order.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import {
  conflictWith,
  type RefusalCause,
  type ResolutionDecision,
  type ReviewConflict,
  readSeenMark,
  type Seen,
  seenMark,
} from '../domain/resolve.ts'
import type { ReviewAction } from '../domain/review-action.ts'
import type { Answer, Evidence } from '../domain/trade.ts'
import { closeAndQuery, type Querying, queryOrder } from '../job/query.ts'
import {
  type PreviewedResolution,
  previewResolutions,
  type ResolutionRequest,
  settleResolution,
} from '../settle/resolution.ts'
import { reportedState, type Settling } from '../settle/settle.ts'
import { stakeOf } from './dismissal-stake.ts'
import type { ReviewRequest } from './requests.ts'
import { checkedKey, checkedResolution } from './validate.ts'

/** What the gateway says now, and what each action would therefore do. Nothing was changed. */
export interface ReviewPreview {
  readonly review: Review
  /** The gateway's own word; null when it said nothing of a trade. */
  readonly tradeState: string | null
  readonly answer: Answer
  readonly evidence: Evidence
  /** To be given with the resolution, which is refused if the order changes in between. */
  readonly seen: string
  readonly actions: Readonly<Record<ReviewAction, Prospect>>
}

/** What an action on an order in review would do. */
export interface Prospect {
  readonly possible: boolean
  /** What it would do, or why not, in English. */
  readonly effect: string
  /** What `effect` is the sentence of. */
  readonly codedEffect: Reason
}

/** A preview, or why there is none. */
export type Previewed =
  | { readonly kind: 'previewed'; readonly preview: ReviewPreview }
  | ReviewConflict

/** First step: asks the gateway now. Null when the order is not ours. */
export async function previewReview(
  checking: Querying & Settling,
  orderNo: string,
): Promise<Previewed | null> {
  checkedKey(orderNo, { name: 'orderNo', attempt: 'preview a review' })
  const found = await checking.store.findReview(orderNo)
  if (found === null) return null
  const leftBefore = conflictWith(found, found.seen.id)
  if (leftBefore !== null) return leftBefore
  const answer = await queryOrder(checking, found.order, { source: 'operator' })
  const previewed = await previewResolutions(checking, { orderNo, answer })
  if (previewed === null) return null
  const leftMeanwhile = conflictWith(previewed.review, previewed.review.seen.id)
  return leftMeanwhile ?? { kind: 'previewed', preview: previewOf(previewed, answer) }
}

function previewOf({ review, decisions }: PreviewedResolution, answer: Answer): ReviewPreview {
  const { order } = review
  const creditable = decisions.credit.kind === 'pay'
  const prospectOf = (decision: ResolutionDecision): Prospect => {
    const codedEffect = effectOf(decision, { order, answer, creditable })
    const possible = decision.kind !== 'refuse'
    return { possible, effect: sentenceOf(codedEffect), codedEffect }
  }
  return {
    review,
    tradeState: reportedState(answer),
    answer,
    evidence: answer.evidence,
    seen: seenMark(review.seen, answer),
    actions: {
      credit: prospectOf(decisions.credit),
      expire: prospectOf(decisions.expire),
      dismiss: prospectOf(decisions.dismiss),
    },
  }
}

function effectOf(
  decision: ResolutionDecision,
  facts: { order: Order; answer: Answer; creditable: boolean },
): Reason {
  const { amount, userId } = facts.order
  switch (decision.kind) {
    case 'pay': {
      const { transactionId } = decision.trade
      return { code: 'would_credit', amount: String(amount), userId, transactionId }
    }
    case 'expire':
      return { code: 'would_expire', because: decision.reason }
    case 'close':
      return { code: 'would_close' }
    case 'dismiss':
      return { code: 'would_dismiss', stake: stakeOf(facts.order, facts) }
    case 'refuse':
      return { code: 'not_possible', because: decision.reason }
    default:
      return unreachable(decision)
  }
}

/** What became of an action on an order in review. But for `resolved`, nothing was changed. */
export type Resolution =
  | {
      readonly kind: 'resolved'
      readonly action: ReviewAction
      readonly order: Order
      readonly event: OrderEvent
    }
  /** What the gateway says does not bear it. Recorded in the timeline. */
  | {
      readonly kind: 'refused'
      readonly cause: RefusalCause
      /** In English. */
      readonly message: string
      /** What `message` is the sentence of. */
      readonly codedReason: Reason
    }
  /** Somebody or something was first. Nothing was recorded. */
  | ReviewConflict

/**
 * Asks again: the preview's answer is never trusted. The question is put outside the transaction, the
 * decision made inside it, on the locked row. Null when the order is not ours.
 */
export async function resolveReview(
  checking: Querying & Settling,
  { orderNo, ...given }: ReviewRequest & { readonly orderNo: string },
): Promise<Resolution | null> {
  const request = checkedResolution(given)
  checkedKey(orderNo, { name: 'orderNo', attempt: 'resolve a review' })
  const seen = parsed(request)
  const found = await checking.store.findReview(orderNo)
  if (found === null) return null
  const conflict = conflictWith(found, seen.eventId)
  if (conflict !== null) return conflict

  const { order } = found
  const answer = await queryOrder(checking, order, { source: 'operator' })
  const resolving = { ...request, orderNo, seen, answer, closeTried: false }
  const first = await settleResolution(checking, resolving)
  if (first?.kind !== 'decided' || first.decision.kind !== 'close') {
    return resolutionOf(first, resolving)
  }
  const { name: operator, actor = null } = resolving
  const afterClose = await closeAndQuery(checking, order, { source: 'operator', operator, actor })
  if (afterClose === null) return refusedFor('unanswered', { code: 'close_not_answered' })
  const second = { ...resolving, answer: afterClose, closeTried: true }
  return resolutionOf(await settleResolution(checking, second), second)
}

function resolutionOf(
  end: Awaited<ReturnType<typeof settleResolution>>,
  { action }: ResolutionRequest,
): Resolution | null {
  if (end === null) return null
  if (end.kind === 'conflict') return end.conflict
  const { decision, order, event } = end
  switch (decision.kind) {
    case 'refuse':
      return refusedFor(decision.cause, decision.reason)
    case 'close':
      return refusedFor('not_closed', decision.reason)
    case 'pay':
    case 'expire':
    case 'dismiss':
      return { kind: 'resolved', action, order, event }
    default:
      return unreachable(decision)
  }
}

function refusedFor(cause: RefusalCause, reason: Reason): Resolution {
  return { kind: 'refused', cause, message: sentenceOf(reason), codedReason: reason }
}

function parsed({ seen }: ReviewRequest): Seen {
  const read = readSeenMark(seen)
  assert(read !== null, `Cannot resolve a review: seen must be a preview's, not "${seen}"`)
  return read
}
