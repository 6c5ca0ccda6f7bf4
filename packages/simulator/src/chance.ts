import { createHash } from 'node:crypto'

/**
 * The random choices of a simulator, all derived from its seed. The caller names a draw by its purpose
 * ("fault-3", the order, the attempt), so that concurrent requests get the same values in any order.
 */
export class Chance {
  readonly seed: string
  #nonces = 0

  constructor(seed: string) {
    this.seed = seed
  }

  /** From 0 up to, but not including, 1. */
  fraction(...name: readonly (string | number)[]): number {
    return this.#digest(name).readUIntBE(0, 6) / 2 ** 48
  }

  /** At most 60 decimal digits. */
  digits(count: number, ...name: readonly (string | number)[]): string {
    const number = BigInt(`0x${this.#digest(name).toString('hex')}`)
    return (number % 10n ** BigInt(count)).toString().padStart(count, '0')
  }

  /** 32 upper-case hexadecimal characters, different each time. */
  nonce(): string {
    this.#nonces += 1
    return this.#digest(['nonce', this.#nonces]).toString('hex', 0, 16).toUpperCase()
  }

  #digest(name: readonly (string | number)[]): Buffer {
    return createHash('sha256')
      .update(`${this.seed}\n${name.join('\n')}`)
      .digest()
  }
}
