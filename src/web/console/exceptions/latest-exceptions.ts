import type { FastifyRequest } from 'fastify'
import { type OpenCount, totalOf } from '../../../domain/review/exception.ts'
import { singleFlight, type Timely, valueIn } from '../../../health/single-flight.ts'
import type { Store } from '../../../store/store.ts'

/** A page is not held up for the number in its menu. */
const patienceMs = 500

/** Pages that are opened one after the other show one reading; what is closed here shows at once. */
const freshMs = 2_000

/** How many exceptions are open, for the menu of all pages. */
export class LatestExceptions {
  readonly #read: () => Promise<Timely<OpenCount>>
  readonly #shown = new WeakMap<FastifyRequest, OpenCount>()
  #latest: { readonly value: OpenCount; readonly until: number } | null = null

  constructor(store: Pick<Store, 'openExceptions'>) {
    this.#read = singleFlight(async () => totalOf(await store.openExceptions()), { patienceMs })
  }

  /** Never throws: without the database, the number is not shown. */
  async readFor(request: FastifyRequest): Promise<void> {
    const now = performance.now()
    if (this.#latest === null || now > this.#latest.until) {
      const value = valueIn(await this.#read())
      this.#latest = value && { value, until: now + freshMs }
    }
    if (this.#latest !== null) this.#shown.set(request, this.#latest.value)
  }

  of(request: FastifyRequest): OpenCount | null {
    return this.#shown.get(request) ?? null
  }

  /** After a change. */
  forget(): void {
    this.#latest = null
  }
}
