import { setMaxListeners } from 'node:events'
import { within } from '../deadline.ts'

/** Work that a stop has to wait for. */
export class InFlight {
  readonly #deadlineMs: number
  readonly #promises = new Set<Promise<unknown>>()
  #abort = stopping()

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
  async end(also: readonly Promise<void>[]): Promise<void> {
    this.#abort.abort()
    this.#abort = stopping()
    const ended = Promise.allSettled([...also, ...this.#promises])
    await within(this.#deadlineMs, ended).catch(() => undefined)
  }
}

/** Every wait of a consumer of events listens to it: more than Node takes for a leak. */
function stopping(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** What is started and stopped as a whole. */
export interface Stoppable {
  start(): void
  /** Never rejects. */
  stop(): Promise<void>
}

/**
 * Starts and stops one after the other, so that the end of a stop never ends what was started after it.
 *
 *   stopped ──start()──► running ──stop()──► stopping ──► stopped, or running if it was started meanwhile
 */
export class StartStop {
  readonly #work: Stoppable
  #stopping: Promise<unknown> | null = null
  #startsAgain = false

  constructor(work: Stoppable) {
    this.#work = work
  }

  start(): void {
    this.#startsAgain = this.#stopping !== null
    if (!this.#startsAgain) this.#work.start()
  }

  /** Resolves when what was running has stopped. Each stops anew, for work may begin during a stop. */
  async stop(): Promise<void> {
    this.#startsAgain = false
    const stopping = Promise.all([this.#stopping, this.#work.stop()])
    this.#stopping = stopping
    await stopping
    if (this.#stopping !== stopping) return
    this.#stopping = null
    if (this.#startsAgain) this.#work.start()
  }
}
