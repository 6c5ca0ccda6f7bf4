import type { OrderEvent } from '../order.ts'
import { type Difference, englishReasons, type Reason, sentenceOf } from '../reason.ts'
import { reviewActions } from './review-action.ts'

/**
 * Rows of before there were codes hold sentences alone, and are never changed. This reads those that
 * matter to people: what can be said in their language, in today's words (amounts stood in fen without
 * saying so, and a refund was called "on its way back"), and with the advice that belongs to it. Null:
 * the sentence is shown as it was stored.
 */
export function formerReason(sentence: string): Reason | null {
  return (
    plainReasons.get(sentence) ?? differenceIn(sentence) ?? ownerIn(sentence) ?? refusalIn(sentence)
  )
}

/** By its code where it has one; a text: as it was stored, or in a person's own words. */
export function todaysReason(
  event: Pick<OrderEvent, 'kind' | 'reason' | 'codedReason'>,
): Reason | string | null {
  const { reason, codedReason } = event
  if (codedReason !== null) return codedReason
  if (reason === null || isInPersonsWords(event)) return reason
  return formerReason(reason) ?? reason
}

/** Whether its reason is what a person gave, and not the program. */
export function isInPersonsWords({ kind }: Pick<OrderEvent, 'kind'>): boolean {
  return kind === 'resolved' || kind === 'dismissed' || kind === 'corrected' || kind === 'abandoned'
}

/** A stored sentence in today's English. */
export function restated(sentence: string): string {
  const reason = formerReason(sentence)
  return reason === null ? sentence : sentenceOf(reason)
}

const plainReasons: ReadonlyMap<string, Reason> = new Map([
  ...Object.entries(englishReasons).flatMap(([code, sentence]) =>
    typeof sentence === 'string' ? [[sentence, { code } as Reason] as const] : [],
  ),
  ['it was paid, and the money is on its way back', { code: 'refund_started' }],
  [
    'it was paid after it expired, and the money is on its way back',
    { code: 'refund_started_after_expiry' },
  ],
  ['expired, and not paid', { code: 'expired_unpaid' }],
  ['paid since it was asked about', { code: 'paid_meanwhile' }],
  ['paid here; a refund was started', { code: 'refund_started_after_credit' }],
])

/** Nothing but the whole sentence: others' words may look like a part of it. */
const amounts =
  /^(paid, but not as ordered|paid already, and now another payment): amount (absent|\d+|¥\d+\.\d\d), ordered (\d+|¥\d+\.\d\d)$/

function differenceIn(sentence: string): Reason | null {
  const [, beginning, theirs, ours] = amounts.exec(sentence) ?? []
  if (theirs === undefined || ours === undefined) return null
  const difference: Difference = { fact: 'amount', theirs: fenIn(theirs), ours: fenIn(ours) }
  const code = beginning === 'paid, but not as ordered' ? 'not_as_ordered' : 'another_payment'
  return { code, difference }
}

function fenIn(text: string): string | null {
  if (text === 'absent') return null
  return text.replace(/[¥.]/g, '').replace(/^0+(?=\d)/, '')
}

function ownerIn(sentence: string): Reason | null {
  const [, orderNo] =
    /^its transaction was credited to order "([^"]*)" already$/.exec(sentence) ?? []
  return orderNo === undefined ? null : { code: 'credited_to_another', orderNo }
}

function refusalIn(sentence: string): Reason | null {
  const [, word, rest] = /^refused to ([a-z]+): (.*)$/.exec(sentence) ?? []
  const action = reviewActions.find((each) => each === word)
  const because = rest === undefined ? null : formerReason(rest)
  return action === undefined || because === null
    ? null
    : { code: 'action_refused', action, because }
}
