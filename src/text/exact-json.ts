import { randomUUID } from 'node:crypto'

/** Marks a string that stands for a large number until its quotes are removed. It is random, and never sent. */
const mark = randomUUID()

const marked = new RegExp(`"${mark}(-?\\d+)"`, 'g')

/**
 * JSON in which a bigint is a number with all its digits. Single amounts are at most 2^53 − 1, but sums
 * of them can be larger.
 */
export function exactJson(value: unknown): string {
  return unmarked(JSON.stringify(value, marking))
}

/** Its two halves, for callers of JSON.stringify elsewhere: the replacer, … */
export function marking(_key: string, member: unknown): unknown {
  if (typeof member !== 'bigint') return member
  const number = Number(member)
  return Number.isSafeInteger(number) ? number : `${mark}${member}`
}

/** … and the step that turns marked strings in its result into numbers. */
export function unmarked(json: string): string {
  return json.includes(mark) ? json.replaceAll(marked, '$1') : json
}
