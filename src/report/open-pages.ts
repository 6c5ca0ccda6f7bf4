import type { SourcePage } from '../sources/source.ts'
import { type Finding, faultFinding } from './finding.ts'
import { type Row, rowOf } from './row-queue.ts'
import { idOfFault, idOfOrder, type SeenRows } from './state/seen.ts'
import type { Entry } from './state/shapes.ts'

/** What an answer about a row adds to the report. */
export interface RowResult {
  readonly trades: 0 | 1
  readonly absent: 0 | 1
  readonly finding: Finding | null
}

interface OpenPage {
  readonly page: SourcePage
  readonly ids: ReadonlySet<string>
  readonly firstRank: number
  readonly results: (RowResult | null)[]
  /** How many of its rows were neither answered nor given another try. */
  untriedCount: number
}

interface OpenPagesParts {
  readonly nextRank: number
  readonly record: (entry: Entry) => void
  /** Rows of the pages that were recorded before. */
  readonly seen: SeenRows
}

/**
 * Pages whose rows are being queried. A page is recorded when each of its rows was queried, after the
 * pages before it, and with the rows that have no answer yet: those are recorded one by one later.
 */
export class OpenPages {
  readonly #source: string
  readonly #record: (entry: Entry) => void
  readonly #seen: SeenRows
  #pages: OpenPage[] = []
  #nextRank: number

  constructor(source: string, { nextRank, record, seen }: OpenPagesParts) {
    this.#source = source
    this.#nextRank = nextRank
    this.#record = record
    this.#seen = seen
  }

  /** Returns those of its rows that were in no page before. */
  open(read: SourcePage): { readonly rows: readonly Row[]; readonly faultCount: number } {
    const page = this.#withoutSeen(read)
    const firstRank = this.#nextRank
    const { length } = page.orders
    this.#nextRank += length + page.faults.length
    this.#pages.push({
      ...{ page, firstRank, untriedCount: length },
      ids: new Set(idsOf(page)),
      results: Array.from({ length }, () => null),
    })
    this.#recordTried()
    const rows = page.orders.map((order, at) => rowOf(firstRank + at, order))
    return { rows, faultCount: page.faults.length }
  }

  /** To be called once for each row, after its first query; null: it has no answer yet. */
  noteTried({ rank }: Row, result: RowResult | null): void {
    const opened = this.#pageOf(rank)
    if (opened === undefined) return
    opened.results[rank - opened.firstRank] = result
    opened.untriedCount -= 1
    this.#recordTried()
  }

  /** For a row that had no answer before. */
  noteLate({ rank }: Row, { finding, ...answers }: RowResult): void {
    const opened = this.#pageOf(rank)
    if (opened === undefined) {
      this.#record({ kind: 'late', source: this.#source, rank, answers, finding })
    } else {
      opened.results[rank - opened.firstRank] = { finding, ...answers }
    }
  }

  /** Records every page, with the rows that were not queried. */
  close(): void {
    for (const opened of this.#pages.splice(0)) this.#record(this.#entryOf(opened))
  }

  #withoutSeen({ orders, faults, next }: SourcePage): SourcePage {
    const isNew = (id: string) => !this.#seen.has(id) && !this.#pages.some(({ ids }) => ids.has(id))
    return {
      orders: orders.filter((order) => isNew(idOfOrder(order))),
      faults: faults.filter((fault) => isNew(idOfFault(fault))),
      next,
    }
  }

  #pageOf(rank: number): OpenPage | undefined {
    return this.#pages.find(
      ({ firstRank, results }) => rank >= firstRank && rank < firstRank + results.length,
    )
  }

  #recordTried(): void {
    while (this.#pages[0]?.untriedCount === 0) {
      const [opened] = this.#pages.splice(0, 1)
      if (opened !== undefined) this.#record(this.#entryOf(opened))
    }
  }

  #entryOf({ page, firstRank, results }: OpenPage): Entry {
    const answered = results.filter((result) => result !== null)
    const findings = answered.map(({ finding }) => finding).filter((finding) => finding !== null)
    return {
      ...{ kind: 'page', source: this.#source, next: page.next },
      seen: idsOf(page),
      answers: {
        trades: answered.filter(({ trades }) => trades === 1).length,
        absent: answered.filter(({ absent }) => absent === 1).length,
      },
      findings: [...findings, ...page.faults.map((fault) => faultFinding(this.#source, fault))],
      left: page.orders.flatMap((order, at) =>
        results[at] === null ? [{ rank: firstRank + at, order }] : [],
      ),
    }
  }
}

function idsOf({ orders, faults }: SourcePage): readonly string[] {
  return [...orders.map(idOfOrder), ...faults.map(idOfFault)]
}
