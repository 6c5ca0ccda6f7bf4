/** How long a person's name and reason may be, in characters (code points). */
export const wordsMax = { name: 64, reason: 500 } as const

/** Control characters and line ends (a name must not forge a log line), and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** What is wrong with a name or reason that a person entered; null: nothing. */
export function wordsFault(value: string, max: number): string | null {
  if (unprintable.test(value)) return 'must not hold control characters or lone surrogates'
  const isWithin = value.trim() !== '' && [...value].length <= max
  return isWithin ? null : `must have 1 to ${max} characters, not blanks alone`
}
