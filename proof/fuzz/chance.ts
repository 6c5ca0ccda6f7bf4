/**
 * A repeatable random source: the same seed, target and index make the same input. The generator is
 * sfc32, which is small, fast, and good enough for this.
 */
export class Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1
  /** A number that 4,096 consecutive inputs share. */
  readonly era: number

  constructor(seed: number, ...[target, index]: [target: string, index: number]) {
    this.#a = seed >>> 0
    this.#b = hash(target)
    this.#c = index >>> 0
    this.era = hash(`${seed} ${target} ${index >>> 12}`)
    // Seeds are close together; the first rounds make their results differ.
    for (let round = 0; round < 15; round += 1) this.next()
  }

  /** 0 to 2³²-1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0
    return sum
  }

  /** 0 to `end`-1. */
  below(end: number): number {
    return this.next() % Math.max(1, end)
  }

  /** True with a probability of `share` percent. */
  percent(share: number): boolean {
    return this.below(100) < share
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new RangeError('Cannot pick from an empty list')
    return picked
  }

  /** Picks one of several by their weights. */
  weighed<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, choice] of choices) {
      left -= weight
      if (left < 0) return choice
    }
    throw new RangeError('Cannot pick by weights: there are none')
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count)
    for (let index = 0; index < count; index += 1) bytes[index] = this.next() >>> 24
    return bytes
  }

  hex(digits: number): string {
    return this.bytes(Math.ceil(digits / 2))
      .toString('hex')
      .slice(0, digits)
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0
  return value
}
