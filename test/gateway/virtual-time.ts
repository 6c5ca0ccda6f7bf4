import { setImmediate as turn } from 'node:timers/promises'
import type { Time } from '../../src/gateway/rate-limit/limiter-queue.ts'

/** A stretch in which a process does nothing. */
export interface Stall {
  readonly fromMs: number
  readonly forMs: number
}

interface Due {
  readonly at: number
  readonly wake: () => void
}

/** Time that goes from one thing that is due to the next, in fractions of milliseconds. */
export class VirtualTime implements Time {
  #now = 0
  /** The latest first. */
  readonly #due: Due[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const due = { at: this.#now + ms, wake }
    this.#due.splice(this.#indexOf(due.at), 0, due)
    return () => {
      const at = this.#due.indexOf(due)
      if (at >= 0) this.#due.splice(at, 1)
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve))
  }

  async runUntil(end: number): Promise<void> {
    for (;;) {
      // Whatever waits for nothing more has its turn, at the same time.
      await turn()
      const next = this.#due.at(-1)
      if (next === undefined || next.at > end) break
      this.#due.pop()
      this.#now = next.at
      next.wake()
    }
    this.#now = end
  }

  /** The same for a process that stands still now and then: what falls due meanwhile comes after. */
  stalling(stalls: readonly Stall[]): Time & Pick<VirtualTime, 'pause'> {
    const awakeAt = (at: number) => {
      const stall = stalls.find(({ fromMs, forMs }) => fromMs <= at && at < fromMs + forMs)
      return stall === undefined ? at : stall.fromMs + stall.forMs
    }
    const after = (ms: number, wake: () => void) =>
      this.after(awakeAt(this.#now + ms) - this.#now, wake)
    return {
      now: () => this.#now,
      after,
      pause: (ms) => new Promise((resolve) => void after(ms, resolve)),
    }
  }

  /** Behind all that are due later; what is due at the same time keeps its order. */
  #indexOf(at: number): number {
    let [low, high] = [0, this.#due.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#due[middle]?.at ?? 0) > at) low = middle + 1
      else high = middle
    }
    return low
  }
}
