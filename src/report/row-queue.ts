import { setTimeout as pause } from 'node:timers/promises'
import type { SourceOrder } from '../sources/source.ts'

/** A row on its way to an answer. */
export interface Row {
  /** Its place in the order of reading: names the row in the state file. */
  readonly rank: number
  readonly order: SourceOrder
  /** It was queried before. */
  isTried: boolean
  /** How many queries about it had no answer. */
  failures: number
  /** How many of the gateway's "too many requests" it met. */
  throttles: number
}

export function rowOf(rank: number, order: SourceOrder): Row {
  return { rank, order, isTried: false, failures: 0, throttles: 0 }
}

/** More rows are not kept in memory for another try: until one of them is answered or given up, no new row is read. */
const waitingMax = 1_000

/**
 * The rows of the pages, and those that wait for another try:
 *
 *   pages ──► taken ──► answered
 *               ▲ └────► waiting (no answer) ──► given up
 *               └──────────┘ due
 */
export class RowQueue {
  readonly #nextRow: () => Promise<Row | null>
  readonly #signal: AbortSignal
  #waiting: { readonly row: Row; readonly dueAt: number }[] = []
  #hasMore = true

  constructor(nextRow: () => Promise<Row | null>, signal: AbortSignal) {
    this.#nextRow = nextRow
    this.#signal = signal
  }

  /** Null: there is no row any more, or the report was stopped. */
  async take(): Promise<Row | null> {
    while (!this.#signal.aborted) {
      const due = this.#takeDue()
      if (due !== null) return due
      if (this.#hasMore && this.#waiting.length < waitingMax) {
        const row = await this.#nextRow()
        if (row !== null) return row
        this.#hasMore = false
      } else if (this.#waiting.length === 0) {
        return null
      } else {
        await this.#untilDue()
      }
    }
    return null
  }

  /** The row is taken again after the wait. */
  putBack(row: Row, waitMs: number): void {
    this.#waiting.push({ row, dueAt: performance.now() + waitMs })
  }

  #takeDue(): Row | null {
    const now = performance.now()
    const at = this.#waiting.findIndex(({ dueAt }) => dueAt <= now)
    return this.#waiting.splice(at, at < 0 ? 0 : 1)[0]?.row ?? null
  }

  async #untilDue(): Promise<void> {
    const dueAt = Math.min(...this.#waiting.map((each) => each.dueAt))
    const waitMs = Math.max(1, dueAt - performance.now())
    await pause(waitMs, undefined, { signal: this.#signal }).catch(() => undefined)
  }
}
