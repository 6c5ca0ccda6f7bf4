/** The word that was probably meant; null if none is similar. */
export function nearest(word: string, words: readonly string[]): string | null {
  // Longer than any key, and limits the cost of a hostile word.
  if (word.length > 64) return null
  const ranked = words
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  // At most two typing errors, or one in three letters: a more distant suggestion would mislead.
  const distanceMax = Math.max(2, Math.floor(word.length / 3))
  return best !== undefined && best.distance <= distanceMax ? best.candidate : null
}

/** Levenshtein's: insertions, removals and replacements between two words. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
