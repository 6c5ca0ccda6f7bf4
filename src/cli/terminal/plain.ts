/**
 * Removes control characters and line breaks, which payers, other systems or a pasted order number may
 * contain: a terminal would obey them.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** The same, line by line. */
export function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n')
}
