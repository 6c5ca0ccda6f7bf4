import { unreachable } from '../domain/assert.ts'
import type { Emit } from '../domain/event.ts'
import type { Actor, Order, OrderEvent, Review } from '../domain/order.ts'
import {
  decideResolution,
  type Obstacle,
  obstacleTo,
  type ResolutionDecision,
  type Seen,
} from '../domain/resolve.ts'
import type { ReviewAction } from '../domain/review-action.ts'
import type { Answer } from '../domain/trade.ts'
import type { Tx } from '../store/store.ts'
import { pay, reportedState, type Settling } from './settle.ts'

/** What an operator wants of an order in review, and the answer that bears it or not. */
export interface ResolutionRequest {
  readonly orderNo: string
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
  | { readonly kind: 'obstructed'; readonly obstacle: Obstacle }
  /** Carried out, or refused, with its event; a close is decided and nothing written. */
  | {
      readonly kind: 'decided'
      readonly order: Order
      readonly decision: ResolutionDecision
      readonly event: OrderEvent
    }

/**
 * The same door as `settle`, for an operator: the wish is decided on the row that is held locked, and
 * carried out in one statement with its event. Null when the order is not ours.
 */
export async function settleResolution(
  settling: Settling,
  wish: ResolutionRequest,
): Promise<ResolutionResult | null> {
  const end = await settling.store.transaction(async (tx): Promise<ResolutionResult | null> => {
    const locked = await lockReview(tx, wish)
    if (locked === null) return null
    const obstacle = obstacleTo(locked.review, wish.seen.eventId)
    if (obstacle !== null) return { kind: 'obstructed', obstacle }
    const { order } = locked.review
    const decision = decideResolution({ order, action: wish.action }, wish.answer, {
      transactionOwner: locked.transactionOwner,
      adoptAttach: settling.adoptAttach ?? null,
      closeTried: wish.closeTried,
      isSeen: wish.seen.isSeen,
    })
    const ended = await fulfil({ ...settling, ...wish, tx, order, decision })
    return {
      kind: 'decided',
      order: ended,
      decision,
      event: (await tx.reviewTrail(order.orderNo)).seen,
    }
  })
  if (end?.kind === 'decided') tellResolution(settling.emit, wish, end)
  return end
}

/** What each action would come to. Nothing is written. */
export async function previewResolutions(
  settling: Settling,
  asked: { readonly orderNo: string; readonly answer: Answer },
): Promise<PreviewedResolution | null> {
  return settling.store.transaction(async (tx) => {
    const locked = await lockReview(tx, asked)
    if (locked === null) return null
    const { review, transactionOwner } = locked
    const facts = {
      transactionOwner,
      adoptAttach: settling.adoptAttach ?? null,
      closeTried: false,
      isSeen: () => true,
    }
    const comesTo = (action: ReviewAction) =>
      decideResolution({ order: review.order, action }, asked.answer, facts)
    const decisions = {
      credit: comesTo('credit'),
      expire: comesTo('expire'),
      dismiss: comesTo('dismiss'),
    }
    return { review, decisions }
  })
}

export interface PreviewedResolution {
  readonly review: Review
  readonly decisions: Readonly<Record<ReviewAction, ResolutionDecision>>
}

async function lockReview(
  tx: Tx,
  { orderNo, answer }: { readonly orderNo: string; readonly answer: Answer },
): Promise<{ review: Review; transactionOwner: string | null } | null> {
  const transactionId = answer.kind === 'trade' ? answer.trade.transactionId : null
  const locked = await tx.lockOrder(orderNo, { transactionId })
  if (locked === null) return null
  const { order, transactionOwner } = locked
  return { review: { order, ...(await tx.reviewTrail(orderNo)) }, transactionOwner }
}

interface Fulfilment extends Settling, ResolutionRequest {
  readonly tx: Tx
  readonly order: Order
  readonly decision: ResolutionDecision
}

async function fulfil(step: Fulfilment): Promise<Order> {
  const { tx, order, decision, reason } = step
  const resolved = { ...wishEvent(step), kind: 'resolved', reason } as const
  switch (decision.kind) {
    case 'pay': {
      const event = { ...resolved, decision: 'pay' } as const
      return pay(step, { order, decision, source: 'operator', event })
    }
    case 'expire':
      return tx.changeStatus(order, {
        status: 'expired',
        event: { ...resolved, decision: 'expire' },
      })
    case 'dismiss': {
      const event = { ...resolved, kind: 'dismissed', decision: 'keep' } as const
      return tx.dismiss(order, { payment: decision.payment, event })
    }
    case 'refuse': {
      const refused = {
        code: 'action_refused',
        action: step.action,
        because: decision.reason,
      } as const
      await tx.appendEvent({ ...resolved, kind: 'answered', decision: 'keep', reason: refused })
      return order
    }
    case 'close':
      return order
    default:
      return unreachable(decision)
  }
}

function wishEvent({ orderNo, name, answer, node, actor = null }: Fulfilment) {
  return {
    orderNo,
    source: 'operator',
    tradeState: reportedState(answer),
    alarm: false,
    evidence: answer.evidence,
    runId: null,
    node,
    operator: name,
    actor,
  } as const
}

function tellResolution(
  emit: Emit,
  { orderNo, action, name }: ResolutionRequest,
  { order, decision }: Extract<ResolutionResult, { kind: 'decided' }>,
): void {
  const source = 'operator'
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
