import type { OrderEvent } from '../../../domain/order.ts'
import type { Reason } from '../../../domain/reason.ts'
import type { ReviewAction } from '../../../domain/review-action.ts'
import { eventReasonText, reasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { Notice, Time } from '../parts.tsx'
import { useLocale } from '../rendering.ts'
import { reviewWords } from './words.ts'

/** The result of an operator's action, for the page after it. */
export type News =
  | { readonly kind: 'resolved'; readonly action: ReviewAction }
  | { readonly kind: 'refused'; readonly reason: Reason }
  /** The event that was first; null: it is not known. */
  | { readonly kind: 'obstructed'; readonly first: OrderEvent | null; readonly isOver: boolean }
  /** The order has changed since the page was opened. */
  | { readonly kind: 'moved' | 'faulty' | 'kept' }

export function NewsNotice({ news }: { news: News }) {
  const words = reviewWords()
  switch (news.kind) {
    case 'resolved':
      return <Notice tone="good">{words.done[news.action]}</Notice>
    case 'refused':
      return <Refused news={news} />
    case 'obstructed':
      return <Obstructed news={news} />
    case 'moved':
      return <Notice tone="bad">{words.moved}</Notice>
    case 'faulty':
      return <Notice tone="bad">{words.wrongForm}</Notice>
    case 'kept':
      return <Notice tone="warn">{words.typedKept}</Notice>
  }
}

function Refused({ news: { reason } }: { news: Extract<News, { kind: 'refused' }> }) {
  const words = reviewWords()
  return (
    <Notice tone="bad">
      <p>{words.refused(reasonText(reason, useLocale()))}</p>
      <p>{words.lookAgain}</p>
    </Notice>
  )
}

function Obstructed({ news: { first, isOver } }: { news: Extract<News, { kind: 'obstructed' }> }) {
  const words = reviewWords()
  return (
    <Notice tone="bad">
      <p>{words.tooLate}</p>
      {first !== null && (
        <p>
          <Time at={first.at} /> · {whatWasDone(first)}
        </p>
      )}
      {!isOver && <p>{words.lookAgain}</p>}
    </Notice>
  )
}

function whatWasDone(event: OrderEvent): string {
  const locale = useLocale()
  const { kind, operator, decision, source } = event
  const { changedBy } = reviewWords()
  const reason = eventReasonText(event, locale) ?? termsOf(locale).event[kind]
  if (operator === null) return changedBy.answered(termsOf(locale).source[source], reason)
  if (kind === 'dismissed') return changedBy.dismissed(operator, reason)
  if (kind !== 'resolved') return changedBy.tried(operator, reason)
  return decision === 'pay'
    ? changedBy.credited(operator, reason)
    : changedBy.expired(operator, reason)
}
