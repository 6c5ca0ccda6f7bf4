/** At most `count` messages within `perMs`, whenever that begins. */
export interface RateLimit {
  readonly count: number
  readonly perMs: number
}

/**
 * The limit of one robot. Messages are counted when they were answered, and the next one is sent after
 * that: so they arrive at least as far apart as they are counted here, however long each is on its way.
 */
export class Limit {
  readonly #limits: readonly RateLimit[]
  readonly #kept: number
  #answeredAt: readonly number[] = []

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits
    this.#kept = Math.max(...limits.map(({ count }) => count))
  }

  /** When the next message may be sent; a time that has passed: now. */
  get freeAt(): number {
    const times = this.#limits.map(({ count, perMs }) => {
      const nth = this.#answeredAt.at(-count)
      return nth === undefined ? 0 : nth + perMs
    })
    return Math.max(...times)
  }

  count(now: number): void {
    this.#answeredAt = [...this.#answeredAt, now].slice(-this.#kept)
  }
}
