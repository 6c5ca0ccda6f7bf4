import type { OrderEvent, Review } from '../domain/order.ts'
import { englishReasons, type Reason, sentenceFrom } from '../domain/reason.ts'
import { formerReason, isInPersonsWords } from '../domain/review/former-reasons.ts'
import { englishExplanation, explainReview } from '../orders/explanation.ts'
import { catalog, type Locale } from './locale.ts'
import { translate } from './translate.ts'
import { chineseReasons } from './zh/reasons.ts'
import { chineseExplanation } from './zh/review.ts'

const sentencesIn = catalog({ en: englishReasons, zh: chineseReasons })

const explanationIn = catalog({ en: englishExplanation, zh: chineseExplanation })

/** Why an order is in review, and what can be done about it. */
export function explanationText(review: Review, locale: Locale): string {
  return explainReview(review, explanationIn(locale))
}

/** The sentence of a reason. */
export function reasonText(reason: Reason, locale: Locale): string {
  return sentenceFrom(sentencesIn(locale), reason)
}

/** A stored reason. Without a code it is an error's message, or was stored before there were codes. */
export function storedReasonText(
  { reason, codedReason }: { readonly reason: string; readonly codedReason: Reason | null },
  locale: Locale,
): string {
  const known = codedReason ?? formerReason(reason)
  return known === null ? translate(reason, locale) : reasonText(known, locale)
}

/** The reason of an order event. A person's own words are not translated. */
export function eventReasonText(
  event: Pick<OrderEvent, 'kind' | 'reason' | 'codedReason'>,
  locale: Locale,
): string | null {
  const { reason, codedReason } = event
  if (reason === null || isInPersonsWords(event)) return reason
  return storedReasonText({ reason, codedReason }, locale)
}
