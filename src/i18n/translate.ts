import type { Locale } from './locale.ts'
import { sayingOf } from './phrases.ts'
import { chinesePhrases } from './zh/phrases.ts'

/**
 * Translates a sentence that the program made in English, such as an error's message. Foreign texts
 * within it are kept as they are. A sentence that the phrases lack stays English.
 */
export function translate(sentence: string, locale: Locale): string {
  return locale === 'en' ? sentence : (inChinese(sentence, 'sentence') ?? sentence)
}

/** Translates a part of a sentence or page, such as the head of a column. */
export function translatePart(part: string, { set, locale }: { set: string; locale: Locale }) {
  return locale === 'en' ? part : (inChinese(part, set) ?? part)
}

const inChinese = sayingOf(chinesePhrases)
