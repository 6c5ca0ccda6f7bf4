/**
 * A text without what a terminal obeys, or what breaks a line: payers, other systems and whoever
 * pastes an order number may have written that.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** The same, line by line. */
export function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n')
}
