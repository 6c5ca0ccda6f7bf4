/** Isolates a foreign text within a sentence, so that right-to-left text does not reorder it. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`
}
