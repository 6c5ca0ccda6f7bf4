import { unreachable } from '../domain/assert.ts'
import type { Emit } from '../domain/event.ts'
import type { Actor, Order, OrderEvent, OrderKey, Review } from '../domain/order.ts'
import {
  conflictWith,
  decideResolution,
  type ResolutionDecision,
  type ReviewConflict,
  type Seen,
} from '../domain/review/resolve.ts'
import type { ReviewAction } from '../domain/review/review-action.ts'
import { type Approval, approvalOf } from '../domain/review/second-person.ts'
import type { Answer } from '../domain/trade.ts'
import { concernedAmong, emitRaised, type Raised, raisedBy } from '../exceptions/record.ts'
import type { LockedOrder, Tx } from '../store/store.ts'
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
  /** `first` was recorded; the others changed nothing. `event`: of the first request. */
  | {
      readonly kind: 'second_needed'
      readonly approval: Exclude<Approval, 'second'>
      readonly order: Order
      readonly event: OrderEvent
    }
  /** Applied, or refused, with its event; for a close, nothing is written yet. */
  | {
      readonly kind: 'decided'
      readonly order: Order
      readonly decision: ResolutionDecision
      readonly event: OrderEvent
      /** Of what was known of its payments before it was credited. */
      readonly raised: Raised
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
    const step = { request, order, decision }
    const requested = await secondPerson(tx, settling, { ...step, review: locked.review })
    if (requested.kind === 'stop') return requested.result
    const resolved = await apply(tx, settling, { ...step, requestedBy: requested.requestedBy })
    const { seen: event } = await tx.reviewTrail(order.key)
    const credited = resolved.status === 'paid' ? [resolved] : []
    const isConcerned = (await concernedAmong(tx, credited)).size > 0 || locked.row.isConcerned
    const row = { ...locked.row, isConcerned }
    const settled = { locked: row, order: resolved, answer: request.answer }
    return {
      kind: 'decided',
      order: resolved,
      decision,
      event,
      raised: await raisedBy(tx, settled),
    }
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
): Promise<{ review: Review; row: LockedOrder; transactionOwner: string | null } | null> {
  const transactionId = answer.kind === 'trade' ? answer.trade.transactionId : null
  const locked = await tx.lockOrder(key, { transactionId })
  if (locked === null) return null
  const { order, transactionOwner } = locked
  return { review: { order, ...(await tx.reviewTrail(key)) }, row: locked, transactionOwner }
}

interface Step {
  readonly request: ResolutionRequest
  readonly order: Order
  readonly decision: ResolutionDecision
}

/** On the locked row, so that no race of two requests is carried out by one person. */
async function secondPerson(
  tx: Tx,
  settling: Settling,
  { request, order, decision, review }: Step & { readonly review: Review },
): Promise<Requested> {
  if (settling.fourEyes !== true || decision.kind !== 'pay')
    return { kind: 'go', requestedBy: null }
  const { actor = null } = request
  const facts = {
    ...{ action: 'credit', amount: String(order.amount), user_id: order.userId },
    ...{ transaction_id: decision.trade.transactionId, state_seq: order.stateSeq },
  }
  const requested = await tx.secondNeeded(order.key)
  const approval = approvalOf(requested, { actor, facts })
  if (approval === 'second') return { kind: 'go', requestedBy: requested?.actor?.name ?? null }
  if (approval === 'first') {
    const event = eventOf(settling, request)
    const evidence = { ...event.evidence, second_needed: facts }
    const about = { kind: 'second_needed', decision: 'keep', alarm: true, evidence } as const
    await tx.appendEvent(order.key, { ...event, ...about })
  }
  const event = (await tx.secondNeeded(order.key)) ?? review.seen
  return { kind: 'stop', result: { kind: 'second_needed', approval, order, event } }
}

type Requested =
  | { readonly kind: 'go'; readonly requestedBy: string | null }
  | { readonly kind: 'stop'; readonly result: ResolutionResult }

async function apply(
  tx: Tx,
  settling: Settling,
  step: Step & { readonly requestedBy: string | null },
): Promise<Order> {
  const { order, decision, request, requestedBy } = step
  const resolved = { ...eventOf(settling, request), kind: 'resolved' } as const
  switch (decision.kind) {
    case 'pay': {
      const evidence =
        requestedBy === null
          ? resolved.evidence
          : { ...resolved.evidence, requested_by: requestedBy }
      const event = { ...resolved, decision: 'pay', evidence } as const
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
  { order, decision, raised }: Extract<ResolutionResult, { kind: 'decided' }>,
): void {
  const source = 'operator'
  const { orderNo } = order
  if (decision.kind === 'refuse' || decision.kind === 'close') return
  emit({ type: 'review_resolved', orderNo, action, operator: name })
  emit({ type: 'exception_closed', kind: 'review', orderNo, by: name })
  emitRaised(emit, raised)
  if (decision.kind === 'pay') {
    const { paidAt, creditedAt } = order
    emit({ type: 'order_credited', orderNo, source, paidAt, creditedAt })
  }
  if (decision.kind === 'expire') {
    emit({ type: 'order_expired', orderNo, source, reason: decision.reason })
  }
}
