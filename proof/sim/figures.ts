/** Named counts of one seed, or the sums of many seeds. */
export class Figures {
  readonly counts: Map<string, number>

  constructor(counts: Iterable<readonly [string, number]> = []) {
    this.counts = new Map(counts)
  }

  count(name: string, by = 1): void {
    this.counts.set(name, this.of(name) + by)
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0
  }

  add(other: Iterable<readonly [string, number]>): void {
    for (const [name, count] of other) this.count(name, count)
  }

  /** The counts whose name starts with `prefix`, without the prefix, largest first. */
  under(prefix: string): readonly (readonly [string, number])[] {
    return [...this.counts]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]) => [name.slice(prefix.length), count] as const)
      .sort(([, one], [, other]) => other - one)
  }
}
