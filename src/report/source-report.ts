import { isUnsent } from '../domain/trade.ts'
import { type Gateway, merchantOf } from '../gateway/gateway.ts'
import type { Breaker } from '../job/breaker.ts'
import {
  type OrderSource,
  type ReadWindow,
  SourceError,
  type SourceOrder,
} from '../sources/source.ts'
import { dayMs } from '../text/time-units.ts'
import { type Compared, compare, type Unanswered } from './compare.ts'
import { blank, type Finding } from './finding.ts'
import { OpenPages, type RowResult } from './open-pages.ts'
import { PageReader, type Patience, patiently } from './read-pages.ts'
import { type Row, RowQueue, rowOf } from './row-queue.ts'
import type { Entry } from './state/shapes.ts'
import type { SourceState } from './state/state.ts'
import type { Stopper } from './stopper.ts'
import { Usefulness } from './usefulness.ts'
import { nextWaitMs, type Waits } from './waits.ts'

/** What the report of one source needs. */
export interface SourceReporting {
  readonly source: OrderSource
  readonly gateway: Gateway
  readonly breaker: Breaker
  readonly window: ReadWindow
  readonly concurrency: number
  readonly waits: Waits
  readonly stopper: Stopper
  readonly state: SourceState
  readonly record: (entry: Entry) => void
  /** Called when rows were answered, given up or skipped. */
  readonly onRows: (count: number) => void
  /** Called with each answer that says nothing about its row. */
  readonly onUnanswered: (unanswered: Unanswered) => void
  /** Called once, when many answers in a row were "no such order". */
  readonly onDoubt: (message: string) => void
}

/** Queries every row of one source. Nothing is written to it, and no trade is closed. */
export class SourceReport {
  readonly #parts: SourceReporting
  readonly #patience: Patience
  readonly #pages: OpenPages
  #reader: PageReader | null = null
  readonly #queue: RowQueue
  readonly #usefulness: Usefulness
  #rows: Row[] = []
  #reading: Promise<unknown> = Promise.resolve()

  constructor(parts: SourceReporting) {
    this.#parts = parts
    const { source, record, stopper, waits } = parts
    this.#patience = { waitsMs: waits.sourceMs, signal: stopper.signal }
    this.#pages = new OpenPages(source.name, {
      nextRank: parts.state.rows,
      record,
      seen: parts.state.seen,
    })
    this.#queue = new RowQueue(() => this.#nextRow(), stopper.signal)
    this.#usefulness = new Usefulness(parts)
  }

  /** Resolves when every row was queried, or the report was stopped, also because the source failed. */
  async make(): Promise<void> {
    const { concurrency, state, stopper, source } = this.#parts
    let workers: readonly Promise<void>[] = []
    try {
      await this.#begin(state)
      workers = Array.from({ length: concurrency }, () => this.#work())
      await Promise.all(workers)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      stopper.stop({ kind: 'source', source: source.name, message })
      if (!(error instanceof SourceError)) throw error
    } finally {
      await Promise.allSettled(workers)
      this.#pages.close()
    }
  }

  async #begin({ isBegun, isRead, after, left }: SourceState): Promise<void> {
    if (!isBegun) await this.#noteFuture()
    for (const [rank, order] of left)
      this.#queue.putBack({ ...rowOf(rank, order), isTried: true }, 0)
    const { source, window } = this.#parts
    if (!isRead) this.#reader = new PageReader(source, { after, window, patience: this.#patience })
  }

  async #work(): Promise<void> {
    for (;;) {
      const row = await this.#queue.take()
      if (row === null) return
      await this.#query(row)
    }
  }

  /** One worker reads a page, and the others wait for it. */
  #nextRow(): Promise<Row | null> {
    const { onRows } = this.#parts
    const next = this.#reading.then(async () => {
      while (this.#rows.length === 0) {
        const page = await this.#reader?.next()
        if (page === null || page === undefined) return null
        const { rows, faultCount } = this.#pages.open(page)
        this.#rows = [...rows]
        onRows(faultCount)
      }
      return this.#rows.shift() ?? null
    })
    this.#reading = next.catch(() => undefined)
    return next
  }

  async #query(row: Row): Promise<void> {
    const { gateway, breaker, stopper, source, waits } = this.#parts
    const { orderNo, createdAt: orderedAt } = row.order
    const ahead = this.#rows.length
    const answer = await gateway.query(orderNo, { orderedAt, patience: stopper.signal, ahead })
    if (isUnsent(answer)) return this.#queue.putBack(row, waits.unsentMs)
    breaker.observe(answer)
    this.#usefulness.observe(answer)
    const about = { merchant: merchantOf(gateway), source: source.name }
    const compared = compare(row.order, answer, about)
    if (compared.kind === 'unanswered') this.#fail(row, compared)
    else this.#end(row, compared)
  }

  #end(row: Row, compared: Exclude<Compared, Unanswered>): void {
    const isAbsent = compared.kind === 'absent'
    this.#note(row, {
      trades: isAbsent ? 0 : 1,
      absent: isAbsent ? 1 : 0,
      finding: compared.kind === 'found' ? compared.finding : null,
    })
    this.#parts.onRows(1)
  }

  #fail(row: Row, unanswered: Unanswered): void {
    this.#parts.onUnanswered(unanswered)
    const waitMs = nextWaitMs(row, unanswered, this.#parts.waits)
    this.#note(row, null)
    if (waitMs === null) {
      this.#parts.onRows(1)
      this.#usefulness.giveUp()
    } else {
      this.#queue.putBack(row, waitMs)
    }
  }

  #note(row: Row, result: RowResult | null): void {
    if (!row.isTried) this.#pages.noteTried(row, result)
    else if (result !== null) this.#pages.noteLate(row, result)
    row.isTried = true
  }

  /**
   * Rows that were created after the window began are not read: the report would not end. So rows of
   * the next day are looked for first. They show that times are read in the wrong zone, and then the
   * window may lack others. Rows that are farther in the future are faults of the source.
   */
  async #noteFuture(): Promise<void> {
    const { source, window, record, onRows } = this.#parts
    const future = { from: window.to, to: new Date(+window.to + dayMs) }
    const count = await patiently(this.#patience, () => source.estimate(future))
    const listed = count === 0 ? [] : await this.#ordersOf(future)
    const findings = listed.map((order) => futureFinding(source.name, order))
    const rows = Math.max(count, findings.length)
    record({ kind: 'future', source: source.name, rows, findings })
    onRows(rows)
  }

  /** Those of the first page that has some. */
  async #ordersOf(window: ReadWindow): Promise<readonly SourceOrder[]> {
    const reader = new PageReader(this.#parts.source, {
      ...{ after: null, window, patience: this.#patience },
    })
    for (;;) {
      const page = await reader.next()
      if (page === null || page.orders.length > 0) return page?.orders ?? []
    }
  }
}

function futureFinding(source: string, order: SourceOrder): Finding {
  const { orderNo, userId, amount, status } = order
  return { ...blank, source, problem: 'created_in_future', orderNo, userId, amount, status }
}
