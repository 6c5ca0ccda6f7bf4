import { networkOf } from './address.ts'

/** So many may be mistyped before anybody has to wait. */
const freeMax = 5
/** The sixth answer comes half a second late, the next ones twice as late each. */
const waitMsMin = 500
/** Long enough to be slow, and shorter than clients and proxies wait for an answer. */
const waitMsMax = 5_000
/** Quiet for so long, and all is forgotten. */
const forgetMs = 15 * 60_000
/** More networks than this are an attack; then the oldest are forgotten. */
const networksMax = 10_000

interface Count {
  readonly count: number
  readonly at: number
}

/** How many wrong tokens came in a row from each network, and how late the next answer is to come. */
export class WrongTokens {
  readonly #now: () => number
  readonly #counts = new Map<string, Count>()

  /** `now` in milliseconds, of a clock that is never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Counts one, and says how long its answer is to wait; 0: not at all. */
  note(address: string): number {
    const now = this.#now()
    const network = networkOf(address)
    const before = this.#counts.get(network)
    const isRecent = before !== undefined && now - before.at < forgetMs
    const count = (isRecent ? before.count : 0) + 1
    // Anew, so that the map is in the order of the last ones.
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
