/** What is no violation: credits from before there were proofs. */
const harmless: ReadonlySet<string> = new Set(['unproven_old'])

/** The counts of an audit that must be 0, and are not. */
export function brokenIn(
  counts: Readonly<Record<string, number>>,
): readonly (readonly [invariant: string, count: number])[] {
  return Object.entries(counts).filter(([name, count]) => count !== 0 && !harmless.has(name))
}
