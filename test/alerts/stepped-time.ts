import type { Time } from '../../src/alerts/time.ts'

/** A time that moves only when a test steps it. */
export class SteppedTime implements Time {
  #now: number
  #waits: { readonly at: number; readonly end: () => void }[] = []
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(startMs: number) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const leave = () => {
        this.#waits = this.#waits.filter((each) => each !== wait)
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const wait = { at: this.#now + ms, end: leave }
      this.#waits.push(wait)
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Work of the network that a step waits for. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    const done = () => void this.#underWay.delete(work)
    work.then(done, done)
    return work
  }

  /** Ends every wait, whatever is under way. */
  async endWaits(): Promise<void> {
    for (const { at, end } of [...this.#waits]) {
      this.#now = Math.max(this.#now, at)
      end()
    }
  }

  /** Until nothing is under way but waits. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      if (this.#underWay.size > 0) {
        quiet = -1
        await Promise.allSettled(this.#underWay)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Moves on from wait to wait. */
  async step(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.settle()
    for (;;) {
      const [next] = this.#waits.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      next.end()
      await this.settle()
    }
    this.#now = end
  }
}
