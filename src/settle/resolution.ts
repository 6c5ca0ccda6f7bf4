import { unreachable } from '../domain/assert.ts'
import type { Emit } from '../domain/event.ts'
import type { Actor, Order, OrderEvent, OrderKey, Review } from '../domain/order.ts'
import {
  conflictWith,
  decideResolution,
  type ResolutionDecision,
  type ReviewConflict,
  type Seen,
} from '../domain/resolve.ts'
import type { ReviewAction } from '../domain/review-action.ts'
import type { Answer } from '../domain/trade.ts'
import type { Tx } from '../store/store.ts'
import { pay, reportedState, type Settling, wordsIn } from './settle.ts'

/** An action of an operator on an order in review, and the answer that it is decided by. */
export interface ResolutionRequest {
  readonly key: OrderKey
  readonly action: ReviewAction
  readonly name: string
  readonly reason: string
  readonly actor?: Actor | null
  readonly seen: Seen
  readonly answer: Answer
  readonly closeTried: boolean
}

export type ResolutionResult =
  /** Nothing was written. */
  | { readonly kind: 'conflict'; readonly conflict: ReviewConflict }
  /** Applied, or refused, with its event; for a close, nothing is written yet. */
  | {
      readonly kind: 'decided'
      readonly order: Order
      readonly decision: ResolutionDecision
      readonly event: OrderEvent
    }

/**
 * The same door as `settle`, for an operator: the request is decided on the row that is held locked,
 * and applied in one statement with its event. Null when the order is not ours.
 */
export async function settleResolution(
  settling: Settling,
  request: ResolutionRequest,
): Promise<ResolutionResult | null> {
  const result = await settling.store.transaction(async (tx): Promise<ResolutionResult | null> => {
    const locked = await lockReview(tx, request)
    if (locked === null) return null
    const { order } = locked.review
    const conflict = conflictWith(locked.review, request.seen.eventId)
    if (conflict !== null) return { kind: 'conflict', conflict }
    const decision = decideResolution({ order, action: request.action }, request.answer, {
      transactionOwner: locked.transactionOwner,
      adoptAttach: settling.adoptAttach ?? null,
      closeTried: request.closeTried,
      isSeen: request.seen.isSeen,
    })
    const resolved = await apply(tx, settling, { request, order, decision })
    const { seen: event } = await tx.reviewTrail(order.key)
    return { kind: 'decided', order: resolved, decision, event }
  })
  if (result?.kind === 'decided') emitResolution(settling.emit, request, result)
  return result
}

/** What each action would lead to. Nothing is written. */
export async function previewResolutions(
  settling: Settling,
  queried: { readonly key: OrderKey; readonly answer: Answer },
): Promise<PreviewedResolution | null> {
  return settling.store.transaction(async (tx) => {
    const locked = await lockReview(tx, queried)
    if (locked === null) return null
    const { review, transactionOwner } = locked
    const facts = {
      transactionOwner,
      adoptAttach: settling.adoptAttach ?? null,
      closeTried: false,
      isSeen: () => true,
    }
    const decide = (action: ReviewAction) =>
      decideResolution({ order: review.order, action }, queried.answer, facts)
    return {
      review,
      decisions: { credit: decide('credit'), expire: decide('expire'), dismiss: decide('dismiss') },
    }
  })
}

export interface PreviewedResolution {
  readonly review: Review
  readonly decisions: Readonly<Record<ReviewAction, ResolutionDecision>>
}

async function lockReview(
  tx: Tx,
  { key, answer }: { readonly key: OrderKey; readonly answer: Answer },
): Promise<{ review: Review; transactionOwner: string | null } | null> {
  const transactionId = answer.kind === 'trade' ? answer.trade.transactionId : null
  const locked = await tx.lockOrder(key, { transactionId })
  if (locked === null) return null
  const { order, transactionOwner } = locked
  return { review: { order, ...(await tx.reviewTrail(key)) }, transactionOwner }
}

interface Step {
  readonly request: ResolutionRequest
  readonly order: Order
  readonly decision: ResolutionDecision
}

async function apply(tx: Tx, settling: Settling, step: Step): Promise<Order> {
  const { order, decision, request } = step
  const resolved = { ...eventOf(settling, request), kind: 'resolved' } as const
  switch (decision.kind) {
    case 'pay': {
      const event = { ...resolved, decision: 'pay' } as const
      const words = wordsIn(request.answer)
      const payment = { order, decision, source: 'operator', event, words } as const
      const [paid] = await pay(tx, settling, [payment])
      return paid ?? order
    }
    case 'expire': {
      const event = { ...resolved, decision: 'expire' } as const
      return tx.changeStatus(order, { status: 'expired', event })
    }
    case 'dismiss': {
      const event = { ...resolved, kind: 'dismissed', decision: 'keep' } as const
      return tx.dismiss(order, { payment: decision.payment, event })
    }
    case 'refuse': {
      const { action } = request
      const reason = { code: 'action_refused', action, because: decision.reason } as const
      await tx.appendEvent(order.key, { ...resolved, kind: 'answered', decision: 'keep', reason })
      return order
    }
    case 'close':
      return order
    default:
      return unreachable(decision)
  }
}

function eventOf({ node }: Settling, { name, reason, answer, actor = null }: ResolutionRequest) {
  return {
    source: 'operator',
    tradeState: reportedState(answer),
    reason,
    alarm: false,
    evidence: answer.evidence,
    runId: null,
    node,
    operator: name,
    actor,
  } as const
}

function emitResolution(
  emit: Emit,
  { action, name }: ResolutionRequest,
  { order, decision }: Extract<ResolutionResult, { kind: 'decided' }>,
): void {
  const source = 'operator'
  const { orderNo } = order
  if (decision.kind === 'refuse' || decision.kind === 'close') return
  emit({ type: 'review_resolved', orderNo, action, operator: name })
  if (decision.kind === 'pay') {
    const { paidAt, creditedAt } = order
    emit({ type: 'order_credited', orderNo, source, paidAt, creditedAt })
  }
  if (decision.kind === 'expire') {
    emit({ type: 'order_expired', orderNo, source, reason: decision.reason })
  }
}
