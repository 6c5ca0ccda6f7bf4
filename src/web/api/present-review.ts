import type { Review } from '../../domain/order.ts'
import { explainReview, type Resolution, type ReviewPreview } from '../../orders/review.ts'
import { presentOrder, presentOrderEvent } from './present.ts'
import type { PreviewJson, ResolutionJson, ReviewJson } from './shapes-review.ts'

export function presentReview(review: Review): ReviewJson {
  const { order, entered, resolved } = review
  return {
    ...presentOrder(order),
    since: (entered?.at ?? order.createdAt).toISOString(),
    reason: entered?.reason ?? null,
    explanation: explainReview(review),
    dismissed_by: order.dismissed === null ? null : (resolved?.operator ?? null),
  }
}

export function presentPreview(preview: ReviewPreview): PreviewJson {
  return {
    ...presentReview(preview.review),
    trade_state: preview.tradeState,
    evidence: preview.evidence,
    state_seq: preview.review.order.stateSeq,
    seen: preview.seen,
    actions: preview.actions,
  }
}

export function presentResolution({
  order,
  event,
}: Extract<Resolution, { kind: 'resolved' }>): ResolutionJson {
  return { order: presentOrder(order), event: presentOrderEvent(event) }
}
