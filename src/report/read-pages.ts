import { setTimeout as pause } from 'node:timers/promises'
import {
  type OrderSource,
  type ReadWindow,
  SourceError,
  type SourcePage,
} from '../sources/source.ts'

/** How a lost connection to a source is tried again. */
export interface Patience {
  /** The waits between the tries. */
  readonly waitsMs: readonly number[]
  readonly signal: AbortSignal
}

/** Calls again after a wait, while the error is one that may pass. */
export async function patiently<T>(
  { waitsMs, signal }: Patience,
  call: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      const waitMs = waitsMs[tries]
      const isOver = waitMs === undefined || signal.aborted
      if (isOver || !(error instanceof SourceError) || !error.isTransient) throw error
      await pause(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) throw error
    }
  }
}

/** The pages of a source, in order. One is read ahead, so that no query waits for the database. */
export class PageReader {
  readonly #read: (after: string | null) => Promise<SourcePage>
  #next: Promise<SourcePage> | null

  constructor(
    source: Pick<OrderSource, 'page'>,
    { after, window, patience }: { after: string | null; window: ReadWindow; patience: Patience },
  ) {
    this.#read = (from) => {
      const page = patiently(patience, () => source.page(from, window))
      // The page after the last one that is used may fail, and nobody waits for it.
      page.catch(() => undefined)
      return page
    }
    this.#next = this.#read(after)
  }

  /** Null after the last page. */
  async next(): Promise<SourcePage | null> {
    if (this.#next === null) return null
    const page = await this.#next
    this.#next = page.next === null ? null : this.#read(page.next)
    return page
  }
}
