import type { Door, Emit } from '../event.ts'
import { networkOf } from './address.ts'

/** Between two lines about the same network. */
const restMs = 60_000
/** Lines in one such time; what comes from further networks is summed up in one more. */
const linesMax = 20
/** Networks that are counted apart in one such time. */
const networksMax = 1_000

interface Network {
  readonly door: Door
  /** The last one of the network. */
  address: string
  /** Since its last line. */
  unreported: number
}

/**
 * Reports wrong tokens in few lines, however many there are: the first from a network at once, and
 * those that follow once a minute, by their number.
 */
export class WrongTokenReport {
  readonly #emit: Emit
  readonly #networks = new Map<string, Network>()
  #lines = 0
  #elsewhere = 0
  #timer: NodeJS.Timeout | null = null

  constructor(emit: Emit) {
    this.#emit = emit
  }

  note({ door, address }: { door: Door; address: string }): void {
    this.#timer ??= setTimeout(() => this.#nextMinute(), restMs).unref()
    const network = `${door} ${networkOf(address)}`
    const known = this.#networks.get(network)
    if (known !== undefined) {
      known.address = address
      known.unreported += 1
    } else if (this.#networks.size < networksMax) {
      const isReported = this.#lines < linesMax
      this.#networks.set(network, { door, address, unreported: isReported ? 0 : 1 })
      if (isReported) this.#report({ door, address, count: 1 })
    } else this.#elsewhere += 1
  }

  /** Reports what is left. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#reportRest()
  }

  #nextMinute(): void {
    this.#timer = null
    this.#lines = 0
    this.#reportRest()
    // Whoever goes on is known, and is reported at the end of the minute.
    if (this.#networks.size > 0) {
      this.#timer = setTimeout(() => this.#nextMinute(), restMs).unref()
    }
  }

  #reportRest(): void {
    for (const [network, known] of this.#networks) {
      const { door, address, unreported } = known
      if (unreported === 0) this.#networks.delete(network)
      else if (this.#lines < linesMax) this.#report({ door, address, count: unreported })
      else this.#elsewhere += unreported
      known.unreported = 0
    }
    if (this.#elsewhere > 0) this.#report({ door: null, address: null, count: this.#elsewhere })
    this.#elsewhere = 0
  }

  #report(line: { door: Door | null; address: string | null; count: number }): void {
    this.#lines += 1
    this.#emit({ type: 'wrong_tokens', ...line })
  }
}
