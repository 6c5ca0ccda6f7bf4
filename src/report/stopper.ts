import { setMaxListeners } from 'node:events'

/** Why a report ended before all rows were answered. */
export type StopReason =
  /** A person ended it. */
  | { readonly kind: 'signal' }
  /** Every query would fail, or has failed for a long time. */
  | { readonly kind: 'gateway'; readonly message: string }
  | { readonly kind: 'source'; readonly source: string; readonly message: string }

/** Ends the work of a report: no new query is sent, and those in flight are finished. The first reason stays. */
export class Stopper {
  readonly #controller = new AbortController()
  #reason: StopReason | null = null

  constructor() {
    // Each query that waits for its reservation listens to it.
    setMaxListeners(0, this.#controller.signal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get reason(): StopReason | null {
    return this.#reason
  }

  stop(reason: StopReason): void {
    this.#reason ??= reason
    this.#controller.abort()
  }
}
