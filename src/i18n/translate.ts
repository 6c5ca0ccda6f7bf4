import type { Locale } from './locale.ts'
import { sayingOf } from './phrases.ts'
import { chinesePhrases } from './zh/phrases.ts'

/**
 * A sentence that the program made in English, such as the reason of a decision in the timeline, in
 * the language of its reader. What people and other systems wrote within it is kept as it is. What
 * the phrases lack stays English: never wrong, and never lost.
 */
export function translate(sentence: string, locale: Locale): string {
  return locale === 'en' ? sentence : (inChinese(sentence, 'sentence') ?? sentence)
}

/** One of the small parts that sentences and pages are made of, such as the head of a column. */
export function translatePart(part: string, { set, locale }: { set: string; locale: Locale }) {
  return locale === 'en' ? part : (inChinese(part, set) ?? part)
}

const inChinese = sayingOf(chinesePhrases)
