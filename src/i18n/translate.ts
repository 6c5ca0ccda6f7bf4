import { restated } from '../domain/former-reasons.ts'
import type { OrderEvent } from '../domain/order.ts'
import type { Locale } from './locale.ts'
import { sayingOf } from './phrases.ts'
import { chinesePhrases } from './zh/phrases.ts'

/**
 * A sentence that the program made in English, such as the reason of a decision in the timeline, in
 * the language of its reader. What people and other systems wrote within it is kept as it is. What
 * the phrases lack stays English: never wrong, and never lost.
 */
export function translate(sentence: string, locale: Locale): string {
  const english = restated(sentence)
  return locale === 'en' ? english : (inChinese(english, 'sentence') ?? english)
}

/** The reason of a line of the timeline. An operator's own words are nobody's to translate. */
export function translateReason(
  event: Pick<OrderEvent, 'kind' | 'reason'>,
  locale: Locale,
): string | null {
  const { reason } = event
  return reason === null || isOperators(event) ? reason : translate(reason, locale)
}

/** Whether its reason is what an operator gave, and not the program. */
export function isOperators({ kind }: Pick<OrderEvent, 'kind'>): boolean {
  return kind === 'resolved' || kind === 'dismissed'
}

/** One of the small parts that sentences and pages are made of, such as the head of a column. */
export function translatePart(part: string, { set, locale }: { set: string; locale: Locale }) {
  return locale === 'en' ? part : (inChinese(part, set) ?? part)
}

const inChinese = sayingOf(chinesePhrases)
