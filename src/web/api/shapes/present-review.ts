import type { Review } from '../../../domain/order.ts'
import { explainReview } from '../../../orders/explanation.ts'
import type { Prospect, Resolution, ReviewPreview } from '../../../orders/review.ts'
import { type NamedIn, presentOrder, presentOrderEvent } from './present.ts'
import type { PreviewJson, ResolutionJson, ReviewJson } from './review.ts'

export function presentReview(review: Review, names: NamedIn): ReviewJson {
  const { order, entered, resolved } = review
  return {
    ...presentOrder(order, names),
    since: (entered?.at ?? order.createdAt).toISOString(),
    reason: entered?.reason ?? null,
    reason_code: entered?.codedReason?.code ?? null,
    explanation: explainReview(review),
    dismissed_by: order.dismissed === null ? null : (resolved?.operator ?? null),
  }
}

function presentProspect({ possible, effect, codedEffect }: Prospect) {
  return { possible, effect, effect_code: codedEffect.code }
}

export function presentPreview(preview: ReviewPreview, names: NamedIn): PreviewJson {
  return {
    ...presentReview(preview.review, names),
    trade_state: preview.tradeState,
    evidence: preview.evidence,
    state_seq: preview.review.order.stateSeq,
    seen: preview.seen,
    actions: {
      credit: presentProspect(preview.actions.credit),
      expire: presentProspect(preview.actions.expire),
      dismiss: presentProspect(preview.actions.dismiss),
    },
  }
}

export function presentResolution(
  { order, event }: Extract<Resolution, { kind: 'resolved' }>,
  names: NamedIn,
): ResolutionJson {
  return { order: presentOrder(order, names), event: presentOrderEvent(event) }
}
