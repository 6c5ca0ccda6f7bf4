import type { Review } from '../domain/order.ts'
import { type Reason, sentenceOf } from '../domain/reason.ts'
import { todaysReason } from '../domain/review/former-reasons.ts'
import { shanghaiTime } from '../text/shanghai-time.ts'
import { type Advice, adviceFor, englishAdvice, transactionIn } from './review-advice.ts'

/** Why an order is in review, and what can be done about it. */
export interface Explanation {
  readonly since: Date
  /** As decided then. A text: a stored sentence, in today's words. Null: the timeline has no reason. */
  readonly reason: Reason | string | null
  /** Of the payment that caused the review, so that an operator can look it up; null: not known. */
  readonly transactionId: string | null
  readonly advice: Advice
  readonly dismissal: {
    readonly at: Date
    readonly by: string | null
    /** In the operator's own words. */
    readonly reason: string | null
  } | null
}

export function explanationOf({ order, entered, resolved }: Review): Explanation {
  const { dismissed } = order
  return {
    since: entered?.at ?? order.createdAt,
    reason: entered && todaysReason(entered),
    transactionId: transactionIn(entered),
    advice: adviceFor(entered && todaysReason(entered)),
    dismissal: dismissed && {
      at: dismissed.at,
      by: resolved?.operator ?? null,
      reason: resolved?.reason ?? null,
    },
  }
}

export const englishExplanation = {
  reason: sentenceOf,
  inReview: (since: string, reason: string) => `In review since ${since}: ${reason}.`,
  noReason: 'its timeline does not say why',
  transaction: (id: string) => `Transaction id: ${id}.`,
  advice: englishAdvice as Readonly<Record<Advice, string>>,
  dismissed: ({ by, at, reason }: { by: string; at: string; reason: string }) =>
    `Dismissed by "${by}" at ${at}: ${reason}. Another payment brings it back.`,
  nobody: 'nobody',
  noReasonGiven: 'no reason given',
  /** Between two sentences. */
  blank: ' ',
}

/** The explanation of a review as one text. */
export function explainReview(review: Review, words = englishExplanation): string {
  const { since, reason, transactionId, advice, dismissal } = explanationOf(review)
  const why = typeof reason === 'string' ? reason : reason && words.reason(reason)
  const beginning = words.inReview(shanghaiTime(since), why ?? words.noReason)
  const sentences =
    dismissal === null
      ? [
          ...(transactionId === null ? [] : [words.transaction(transactionId)]),
          words.advice[advice],
        ]
      : [
          words.dismissed({
            by: dismissal.by ?? words.nobody,
            at: shanghaiTime(dismissal.at),
            reason: dismissal.reason ?? words.noReasonGiven,
          }),
        ]
  return [beginning, ...sentences].join(words.blank)
}
