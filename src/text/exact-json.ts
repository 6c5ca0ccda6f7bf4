import { randomUUID } from 'node:crypto'

/** Before the digits of a large number while it is a text. Nobody can guess it, and it is never sent. */
const mark = randomUUID()

const marked = new RegExp(`"${mark}(-?\\d+)"`, 'g')

/**
 * JSON in which a bigint is a number, digit by digit. Amounts are never larger than JavaScript's
 * numbers are exact; sums of them are.
 */
export function exactJson(value: unknown): string {
  return unmarked(JSON.stringify(value, marking))
}

/** The two halves of it, for who calls JSON.stringify elsewhere: its replacer, … */
export function marking(_key: string, member: unknown): unknown {
  if (typeof member !== 'bigint') return member
  const number = Number(member)
  return Number.isSafeInteger(number) ? number : `${mark}${member}`
}

/** … and what makes numbers of the texts in its result. */
export function unmarked(json: string): string {
  return json.includes(mark) ? json.replaceAll(marked, '$1') : json
}
