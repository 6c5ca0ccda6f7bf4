import { networkOf } from './address.ts'

/** Wrong tokens in a row that are answered without a delay: people mistype. */
const freeMax = 5
/** The delay of the sixth answer; each one after it takes twice as long. */
const waitMsMin = 500
/** Long enough to slow a guesser, and shorter than the timeouts of clients and proxies. */
const waitMsMax = 5_000
/** A network without a wrong token for this long starts anew. */
const forgetMs = 15 * 60_000
/** More networks than this are an attack; then the oldest are dropped. */
const networksMax = 10_000

interface Count {
  readonly count: number
  readonly at: number
}

/** Counts wrong tokens in a row by network, and computes the delay of the next answer. */
export class WrongTokens {
  readonly #now: () => number
  readonly #counts = new Map<string, Count>()

  /** `now` in milliseconds, of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Counts one, and returns the delay of its answer in milliseconds. */
  note(address: string): number {
    const now = this.#now()
    const network = networkOf(address)
    const before = this.#counts.get(network)
    const isRecent = before !== undefined && now - before.at < forgetMs
    const count = (isRecent ? before.count : 0) + 1
    // Inserted again, so that the map stays in the order of the latest wrong token.
    this.#counts.delete(network)
    this.#counts.set(network, { count, at: now })
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > networksMax && oldest !== undefined) this.#counts.delete(oldest)
    if (count <= freeMax) return 0
    return Math.min(waitMsMin * 2 ** (count - freeMax - 1), waitMsMax)
  }

  forget(address: string): void {
    this.#counts.delete(networkOf(address))
  }
}
