import type { Locale } from './locale.ts'
import { sentences } from './sentences.zh.ts'

/**
 * A sentence that the program made in English, such as the reason of a decision in the timeline, in
 * the language of its reader. What the catalog lacks stays as it is: never wrong, and never lost.
 */
export function translate(sentence: string, locale: Locale): string {
  return locale === 'en' ? sentence : chinese(sentence)
}

function chinese(sentence: string): string {
  const whole = sentences[sentence]
  if (whole !== undefined) return whole
  for (const { pattern, names, translation } of patterns) {
    const match = pattern.exec(sentence)
    if (match === null) continue
    const values = new Map(names.map((name, at) => [name, match[at + 1] ?? '']))
    return translation.replaceAll(placeholder, (whole, name: string) => {
      const value = values.get(name)
      // A part may be a sentence of its own: the cause inside a fault, the fact inside a difference.
      return value === undefined ? whole : chinese(value)
    })
  }
  return sentence
}

const placeholder = /\{(\w+)\}/g

/** `{name}` in a sentence stands for any text; the most specific pattern, by its fixed text, is tried first. */
const patterns = Object.entries(sentences)
  .filter(([sentence]) => sentence.search(placeholder) >= 0)
  .map(([sentence, translation]) => ({
    fixedLength: sentence.replaceAll(placeholder, '').length,
    pattern: new RegExp(`^${sentence.split(placeholder).map(partOf).join('')}$`, 's'),
    names: [...sentence.matchAll(placeholder)].map(([, name = '']) => name),
    translation,
  }))
  .sort((a, b) => b.fixedLength - a.fixedLength)

/** Splitting by the placeholder leaves fixed text at even places, names at odd ones. */
function partOf(part: string, at: number): string {
  return at % 2 === 1 ? '(.+?)' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
