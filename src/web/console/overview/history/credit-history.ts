import type { Source } from '../../../../domain/order-states.ts'
import type { Credited } from '../../../../store/store.ts'
import { type Histograms, historyMs, MinuteHistograms, type Span } from './histogram.ts'

/** A statement of some milliseconds. */
const pageRows = 1000

/**
 * A credit takes its id before its transaction ends, so it may show up after credits with higher ids.
 * A transaction of ours is over within half of this: below a credit that is older, none shows up any more.
 */
const settlesMs = 60_000

/** With more new credits than fit in this many pages, the history begins anew with the newest. */
const newPagesMax = 50

export type ListCredits = (request: {
  readonly beforeId: string | null
  readonly limit: number
}) => Promise<readonly Credited[]>

/**
 * The credits of the last day, over all nodes, as the database has them: counted by minute and
 * source, with the time from payment to credit. They are read page by page, the newest first; so the
 * history costs nothing while nobody looks at it, and a restart loses nothing.
 */
export class CreditHistory {
  readonly #list: ListCredits
  /** Those from `#oldest` to `#settledId`: they are final. */
  #settled = new MinuteHistograms<Source>()
  #settledId = 0n
  /** Those after `#settledId`: they are read again each time. */
  #recent = new MinuteHistograms<Source>()
  /** Where reading backwards goes on; null: the day is complete. */
  #oldest: Credited | null = null
  #fromMs: number | null = null

  constructor(list: ListCredits) {
    this.#list = list
  }

  /** Since when it is complete; null: nothing has been read. */
  get fromMs(): number | null {
    return this.#fromMs
  }

  sum(span: Span): Histograms<Source> {
    return this.#recent.sum(span, this.#settled.sum(span))
  }

  /** Reads what is new at `now`, the database's time. Throws `StoreError`. */
  async readNew(now: Date): Promise<void> {
    const settledMs = +now - settlesMs
    const { rows, isGap } = await this.#listNew(settledMs)
    const oldest = rows.at(-1) ?? null
    if (isGap) {
      this.#settled = new MinuteHistograms()
      this.#oldest = oldest
    }
    this.#recent = new MinuteHistograms()
    let isSettled = true
    for (const row of rows.toReversed()) {
      isSettled &&= +row.at < settledMs || (isGap && row === oldest)
      if (isSettled) this.#settledId = BigInt(row.id)
      count(row, isSettled ? this.#settled : this.#recent)
    }
    this.#markRead(now)
  }

  /** Reads a page of what is older than anything read before. Throws `StoreError`. */
  async readOlder(now: Date): Promise<'more' | 'done'> {
    const settled = this.#settled
    if (this.#oldest === null) return 'done'
    const rows = await this.#list({ beforeId: this.#oldest.id, limit: pageRows })
    // Begun anew meanwhile.
    if (settled !== this.#settled) return 'more'
    for (const row of rows) count(row, settled)
    const last = rows.at(-1)
    const isEnd = rows.length < pageRows || last === undefined
    this.#oldest = isEnd || +last.at < +now - historyMs - settlesMs ? null : last
    this.#markRead(now)
    return this.#oldest === null ? 'done' : 'more'
  }

  /** The newest first. `isGap`: there are more between them and what is settled. */
  async #listNew(settledMs: number): Promise<{ rows: readonly Credited[]; isGap: boolean }> {
    const rows: Credited[] = []
    for (let pages = 1; ; pages += 1) {
      const page = await this.#list({ beforeId: rows.at(-1)?.id ?? null, limit: pageRows })
      const fresh = page.filter(({ id }) => BigInt(id) > this.#settledId)
      rows.push(...fresh)
      if (fresh.length < pageRows) return { rows, isGap: false }
      const isFirst = this.#fromMs === null && +(rows.at(-1)?.at ?? 0) < settledMs
      if (isFirst || pages === newPagesMax) return { rows, isGap: true }
    }
  }

  #markRead(now: Date): void {
    this.#fromMs = this.#oldest === null ? +now - historyMs : +this.#oldest.at
  }
}

function count({ at, source, paidAt }: Credited, minutes: MinuteHistograms<Source>): void {
  // The gateway dates payments in whole seconds by its own clock: a credit may seem to come before.
  const durationMs = paidAt === null ? null : Math.max(0, +at - +paidAt)
  minutes.add(+at, { kind: source, durationMs })
}
