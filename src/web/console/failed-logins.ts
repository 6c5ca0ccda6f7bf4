import { isIPv4 } from 'node:net'

/** So many may be mistyped before anybody has to wait. */
const freeMax = 5
const waitMsMin = 1000
const waitMsMax = 60_000
/** Quiet for so long, and all is forgotten. */
const forgetMs = 15 * 60_000
/** More addresses than this are an attack; then the oldest are forgotten. */
const addressesMax = 10_000

interface Failures {
  readonly count: number
  readonly at: number
}

/**
 * Slows down whoever guesses: after the fifth failure in a row from one address, the next attempt has
 * to wait, twice as long each time, up to a minute. Attempts meanwhile are refused unread, so that
 * guessing side by side gains nothing.
 */
export class FailedLogins {
  readonly #now: () => number
  readonly #failures = new Map<string, Failures>()

  /** `now` in milliseconds, of a clock that is never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** How long until the address may try; 0: now. */
  waitMs(address: string): number {
    const { count, at } = this.#failures.get(networkOf(address)) ?? { count: 0, at: 0 }
    if (count < freeMax) return 0
    const wait = Math.min(waitMsMin * 2 ** (count - freeMax), waitMsMax)
    return Math.max(0, at + wait - this.#now())
  }

  note(address: string): void {
    const now = this.#now()
    const network = networkOf(address)
    const before = this.#failures.get(network)
    const isRecent = before !== undefined && now - before.at < forgetMs
    // Anew, so that the map is in the order of the last failures.
    this.#failures.delete(network)
    this.#failures.set(network, { count: (isRecent ? before.count : 0) + 1, at: now })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > addressesMax && oldest !== undefined) this.#failures.delete(oldest)
  }

  forget(address: string): void {
    this.#failures.delete(networkOf(address))
  }
}

/** In IPv6, whoever has one address has 2^64 of them: the first four groups, as they are written. */
function networkOf(address: string): string {
  if (isIPv4(address.replace(/^::ffff:/i, ''))) return address
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 4 - groups.length
  return [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0')]
    .slice(0, 4)
    .join(':')
}
