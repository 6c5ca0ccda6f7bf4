/** Random numbers from a seed. sfc32 is small and fast, and gives the same numbers on every machine. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream: number) {
    this.#a = seed | 0
    this.#b = Math.trunc(seed / 2 ** 32) | 0
    this.#c = stream | 0
    // Neighbouring seeds start with similar numbers; these steps remove the similarity.
    for (let step = 0; step < 15; step += 1) this.next()
  }

  /** Returns x with 0 ≤ x < 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** Returns an integer from `min` to `max`, both included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.next() * choices.length)] ?? choices[0]
  }

  /** Mostly near `min`, rarely near `max`, as the delays of networks and payers are. */
  skewed(min: number, max: number): number {
    return min + (max - min) * this.next() ** 4
  }
}
