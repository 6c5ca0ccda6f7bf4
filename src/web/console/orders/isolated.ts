/** What a stranger chose, inside a sentence: whichever way it is written, it stays in its place. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`
}
