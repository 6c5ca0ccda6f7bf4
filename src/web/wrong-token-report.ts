import type { Door, Emit } from '../event.ts'
import { networkOf } from './address.ts'

/** Between two lines about the same network. */
const restMs = 60_000
/** Lines of their own in one such time; what comes from further networks is told in one. */
const linesMax = 20
/** Networks that are told apart in one such time. */
const networksMax = 1_000

interface Told {
  readonly door: Door
  /** The last one of the network. */
  address: string
  /** Since the last line. */
  untold: number
}

/**
 * Tells of wrong tokens in few lines, however many there are: of the first from a network at once,
 * and of those that follow once a minute, with their number.
 */
export class WrongTokenReport {
  readonly #emit: Emit
  readonly #networks = new Map<string, Told>()
  #lines = 0
  #elsewhere = 0
  #timer: NodeJS.Timeout | null = null

  constructor(emit: Emit) {
    this.#emit = emit
  }

  note({ door, address }: { door: Door; address: string }): void {
    this.#timer ??= setTimeout(() => this.#nextMinute(), restMs).unref()
    const network = `${door} ${networkOf(address)}`
    const told = this.#networks.get(network)
    if (told !== undefined) {
      told.address = address
      told.untold += 1
    } else if (this.#networks.size < networksMax) {
      const isTold = this.#lines < linesMax
      this.#networks.set(network, { door, address, untold: isTold ? 0 : 1 })
      if (isTold) this.#tell({ door, address, count: 1 })
    } else this.#elsewhere += 1
  }

  /** Tells what is left. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#tellUntold()
  }

  #nextMinute(): void {
    this.#timer = null
    this.#lines = 0
    this.#tellUntold()
    // Whoever goes on is known, and told of with the others of the minute.
    if (this.#networks.size > 0) {
      this.#timer = setTimeout(() => this.#nextMinute(), restMs).unref()
    }
  }

  #tellUntold(): void {
    for (const [network, told] of this.#networks) {
      const { door, address, untold } = told
      if (untold === 0) this.#networks.delete(network)
      else if (this.#lines < linesMax) this.#tell({ door, address, count: untold })
      else this.#elsewhere += untold
      told.untold = 0
    }
    if (this.#elsewhere > 0) this.#tell({ door: null, address: null, count: this.#elsewhere })
    this.#elsewhere = 0
  }

  #tell(told: { door: Door | null; address: string | null; count: number }): void {
    this.#lines += 1
    this.#emit({ type: 'wrong_tokens', ...told })
  }
}
