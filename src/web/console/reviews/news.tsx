import type { OrderEvent } from '../../../domain/order.ts'
import type { Reason } from '../../../domain/reason.ts'
import type { ReviewAction } from '../../../domain/review/review-action.ts'
import { eventReasonText, reasonText } from '../../../i18n/reasons.ts'
import { termsOf } from '../../../i18n/terms.ts'
import { Notice, Time } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { reviewWords } from './words.ts'

/** Notices of what became of an operator's action, for the page after it. */

export function DoneNotice({ action }: { action: ReviewAction }) {
  return <Notice tone="good">{reviewWords().done[action]}</Notice>
}

/** `moved`: the order has changed since the page was opened. */
export function FormNotice({ about }: { about: keyof typeof formTones }) {
  return <Notice tone={formTones[about]}>{reviewWords()[about]}</Notice>
}

const formTones = {
  wrongForm: 'bad',
  moved: 'bad',
  typedKept: 'warn',
  needsSecond: 'warn',
} as const

/** A request that waits for a second person, with `reviews.four_eyes`. */
export function RequestNotice({ event }: { event: OrderEvent }) {
  const locale = useLocale()
  const { operator, actor } = event
  const who = operator ?? actor?.name ?? reviewWords().nobody
  return (
    <Notice tone="warn">
      <Time at={event.at} /> · {reviewWords().requested(who, eventReasonText(event, locale) ?? '–')}
    </Notice>
  )
}

/** `isFinal`: another query of the gateway would change nothing. */
export function RefusedNotice({ reason, isFinal = false }: { reason: Reason; isFinal?: boolean }) {
  const words = reviewWords()
  return (
    <Notice tone="bad">
      <p>{words.refused(reasonText(reason, useLocale()))}</p>
      {!isFinal && <p>{words.lookAgain}</p>}
    </Notice>
  )
}

/** `first`: the event that was first; null: it is not known. `isOver`: the order has left review. */
export function TooLateNotice({ first, isOver }: { first: OrderEvent | null; isOver: boolean }) {
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
  if (kind === 'second_needed') return changedBy.requested(operator, reason)
  if (kind === 'dismissed') return changedBy.dismissed(operator, reason)
  if (kind !== 'resolved') return changedBy.tried(operator, reason)
  return decision === 'pay'
    ? changedBy.credited(operator, reason)
    : changedBy.expired(operator, reason)
}
