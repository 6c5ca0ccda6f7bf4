interface Waiter {
  readonly met: () => boolean
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}

/** Promises that wait for conditions. Code that changes a condition calls `check`. */
export class Waiters {
  readonly #waiting = new Set<Waiter>()

  /** Rejects when `signal` aborts or `fail` is called. */
  until(met: () => boolean, signal?: AbortSignal): Promise<void> {
    if (met()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter = { met, resolve, reject }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', () => this.#giveUp(waiter, 'the wait was given up'), {
        once: true,
      })
      if (signal?.aborted) this.#giveUp(waiter, 'the wait was given up')
    })
  }

  check(): void {
    for (const waiter of this.#waiting) {
      if (!waiter.met()) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }

  fail(reason: string): void {
    for (const waiter of this.#waiting) this.#giveUp(waiter, reason)
  }

  #giveUp(waiter: Waiter, reason: string): void {
    if (this.#waiting.delete(waiter)) waiter.reject(new Error(`Cannot wait any longer: ${reason}`))
  }
}
