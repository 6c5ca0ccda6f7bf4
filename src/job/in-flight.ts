import { within } from '../deadline.ts'

/** Work that a stop has to wait for. */
export class InFlight {
  readonly #deadlineMs: number
  readonly #promises = new Set<Promise<unknown>>()
  #abort = new AbortController()

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs
  }

  /** Aborts when a stop begins: no new query may be sent. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#promises.add(work)
    const done = () => this.#promises.delete(work)
    work.then(done, done)
    return work
  }

  /** Resolves when all of it has ended, or at the deadline: a stop never hangs. */
  async end(also: Promise<void>): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const ended = Promise.allSettled([also, ...this.#promises])
    await within(this.#deadlineMs, ended).catch(() => undefined)
  }
}
