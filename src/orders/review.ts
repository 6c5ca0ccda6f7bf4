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
} from '../domain/review/resolve.ts'
import type { ReviewAction } from '../domain/review/review-action.ts'
import type { Answer, Evidence } from '../domain/trade.ts'
import { closeAndQuery, type Querying, queryOrder } from '../job/query.ts'
import {
  type PreviewedResolution,
  previewResolutions,
  type ResolutionRequest,
  settleResolution,
} from '../settle/resolution.ts'
import { reportedState, type Settling } from '../settle/settle.ts'
import { findReview, type OrderName } from '../store/find-order.ts'
import { stakeOf } from './dismissal-stake.ts'
import type { ReviewRequest } from './requests.ts'
import { checkedKey, checkedResolution } from './validate.ts'

/** The gateway's answer now, and what each action would do with it. Nothing was changed. */
export interface ReviewPreview {
  readonly review: Review
  /** The trade's state as the gateway reports it; null when the answer was no trade. */
  readonly tradeState: string | null
  readonly answer: Answer
  readonly evidence: Evidence
  /** Sent with the resolution, which is refused if the order changes in between. */
  readonly seen: string
  readonly actions: Readonly<Record<ReviewAction, Prospect>>
}

/** Whether an action on an order in review is possible now, and what it would do. */
export interface Prospect {
  readonly possible: boolean
  /** What it would do, or why not, in English. */
  readonly effect: string
  /** The code and parameters that `effect` is made from. */
  readonly codedEffect: Reason
}

/** A preview, or why there is none. */
export type Previewed =
  | { readonly kind: 'previewed'; readonly preview: ReviewPreview }
  | ReviewConflict

/** The first step: queries the gateway now. Null when the order is not ours. */
export async function previewReview(
  checking: Querying & Settling,
  { orderNo, merchant }: OrderName,
): Promise<Previewed | null> {
  checkedKey(orderNo, { name: 'orderNo', attempt: 'preview a review' })
  const found = await findReview(checking.store, { orderNo, merchant })
  if (found === null) return null
  const leftBefore = conflictWith(found, found.seen.id)
  if (leftBefore !== null) return leftBefore
  const answer = await queryOrder(checking, found.order, { by: { source: 'operator' } })
  const previewed = await previewResolutions(checking, { key: found.order.key, answer })
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

/** The result of an action on an order in review. Only `resolved` changed the order. */
export type Resolution =
  | {
      readonly kind: 'resolved'
      readonly action: ReviewAction
      readonly order: Order
      readonly event: OrderEvent
    }
  /** The gateway's answer does not allow it. Recorded in the timeline. */
  | {
      readonly kind: 'refused'
      readonly cause: RefusalCause
      /** In English. */
      readonly message: string
      /** The code and parameters that `message` is made from. */
      readonly codedReason: Reason
    }
  /** With `reviews.four_eyes`: the request is recorded, and nothing was credited. */
  | {
      readonly kind: 'needs_second'
      readonly message: string
      readonly codedReason: Reason
      readonly order: Order
      /** Of the request. */
      readonly event: OrderEvent
    }
  /** With `reviews.four_eyes`: this person has requested it before, or the token is nobody's own. */
  | {
      readonly kind: 'same_person' | 'no_own_name'
      readonly message: string
      readonly codedReason: Reason
    }
  /** Another operator or an answer changed the order first. Nothing was recorded. */
  | ReviewConflict

/**
 * Queries the gateway again: the preview's answer is never used. The query is sent outside the
 * transaction, and the decision is made inside it, on the locked row. Null when the order is not ours.
 */
export async function resolveReview(
  checking: Querying & Settling,
  { orderNo, merchant = null, ...given }: ReviewRequest & OrderName,
): Promise<Resolution | null> {
  const request = checkedResolution(given)
  checkedKey(orderNo, { name: 'orderNo', attempt: 'resolve a review' })
  const seen = parsed(request)
  const found = await findReview(checking.store, { orderNo, merchant })
  if (found === null) return null
  const conflict = conflictWith(found, seen.eventId)
  if (conflict !== null) return conflict

  const { order } = found
  const answer = await queryOrder(checking, order, { by: { source: 'operator' } })
  const resolving = { ...request, key: order.key, seen, answer, closeTried: false }
  const first = await settleResolution(checking, resolving)
  if (first?.kind !== 'decided' || first.decision.kind !== 'close') {
    return resolutionOf(first, resolving)
  }
  const { name: operator, actor = null } = resolving
  const afterClose = await closeAndQuery(checking, order, {
    by: { source: 'operator', operator, actor },
  })
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
  if (end.kind === 'second_needed') {
    const { approval, order, event } = end
    const codedReason = { code: approval === 'first' ? 'waits_for_second' : approval } as const
    const said = { codedReason, message: sentenceOf(codedReason) }
    return approval === 'first'
      ? { kind: 'needs_second', ...said, order, event }
      : { kind: approval, ...said }
  }
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
