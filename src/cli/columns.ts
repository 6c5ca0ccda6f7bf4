import type { Locale } from '../i18n/locale.ts'
import { translate, translatePart } from '../i18n/translate.ts'

/**
 * What a column holds, by its head: sentences of the program, words of one of its closed sets, or
 * else somebody's data, which is shown as it is.
 */
const sentenceColumns = ['', 'reason', 'what it would do', 'what it counts', 'detail', 'next']

/** The name of the set that a column's words are of. */
const wordColumns: Readonly<Record<string, string>> = {
  status: 'statusToType',
  'must end': 'status',
  decision: 'decisionKind',
  outcome: 'outcome',
  event: 'eventOrAlarm',
  source: 'sourceAndName',
  credited_by: 'source',
  action: 'actionToType',
  possible: 'answer',
  fate: 'fate',
}

/** May be broken into lines where the terminal is narrow. */
export function isProse(head: string): boolean {
  return sentenceColumns.includes(head) || head === 'description' || head === 'fate'
}

export function headText(head: string, locale: Locale): string {
  return translatePart(head, { set: 'head', locale })
}

export function cellText(value: string, { head, locale }: { head: string; locale: Locale }) {
  const set = wordColumns[head]
  if (set !== undefined) return translatePart(value, { set, locale })
  return sentenceColumns.includes(head) ? translate(value, locale) : value
}

export type Tone = 'green' | 'yellow' | 'red' | 'dim'

/** How a word is painted: by what it means for the promise. */
export function toneOf(value: string, head: string): Tone | null {
  if (value.endsWith(' (!)') && head === 'event') return 'red'
  if (head === 'count') return value === '0' ? 'green' : 'red'
  const words = tones[head]
  return words !== undefined && Object.hasOwn(words, value) ? (words[value] ?? null) : null
}

const statusTones: Readonly<Record<string, Tone>> = {
  paid: 'green',
  review: 'yellow',
  expired: 'dim',
}

const tones: Readonly<Record<string, Readonly<Record<string, Tone>>>> = {
  status: statusTones,
  'must end': statusTones,
  decision: { pay: 'green', review: 'yellow' },
  outcome: { credited: 'green', review: 'yellow', unknown: 'yellow', error: 'red' },
  possible: { yes: 'green', no: 'dim' },
}
