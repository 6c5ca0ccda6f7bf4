import type { SourceOrder } from '../../sources/source.ts'
import { type Finding, isPaid } from '../finding.ts'
import { SeenRows } from './seen.ts'

/** How many answers said what. */
export interface AnswerCounts {
  /** About an order's own trade. */
  readonly trades: number
  readonly absent: number
}

/** A row without an answer. */
export interface LeftRow {
  readonly rank: number
  readonly order: SourceOrder
}

/** What happened to the rows of a source, in order. The state file has one of these in each line. */
export type Entry =
  /** A page was read, and its rows were queried. */
  | {
      readonly kind: 'page'
      readonly source: string
      /** Where the next page begins; null: this was the last. */
      readonly next: string | null
      /** Of its rows and faults. */
      readonly seen: readonly string[]
      readonly answers: AnswerCounts
      readonly findings: readonly Finding[]
      readonly left: readonly LeftRow[]
    }
  /** A row that had been left without an answer. */
  | {
      readonly kind: 'late'
      readonly source: string
      readonly rank: number
      readonly answers: AnswerCounts
      readonly finding: Finding | null
    }
  /** Rows that were created in the future, before the first page was read. */
  | {
      readonly kind: 'future'
      readonly source: string
      readonly rows: number
      /** Some of them. */
      readonly findings: readonly Finding[]
    }

/** A table that maps nothing would fill the memory with faults: these are listed, and all are counted. */
export const faultsListedMax = 1_000

/** How far the report of one source has come. */
export class SourceState {
  /** Where to read on; null before the first page and after the last. */
  after: string | null = null
  /** False: no page was read yet. */
  isBegun = false
  isRead = false
  rows = 0
  /** Rows that cannot be understood, or were created in the future: they are not queried. */
  skipped = 0
  trades = 0
  absent = 0
  readonly seen = new SeenRows()
  readonly left = new Map<number, SourceOrder>()
  readonly #found: Finding[] = []
  readonly #faults: Finding[] = []

  get findings(): readonly Finding[] {
    return this.#found
  }

  get faults(): readonly Finding[] {
    return this.#faults
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'page':
        this.isBegun = true
        this.isRead = entry.next === null
        this.after = entry.next
        this.rows += entry.seen.length
        for (const id of entry.seen) this.seen.add(id)
        for (const { rank, order } of entry.left) this.left.set(rank, order)
        this.#count(entry.answers, entry.findings)
        break
      case 'late':
        this.left.delete(entry.rank)
        this.#count(entry.answers, entry.finding === null ? [] : [entry.finding])
        break
      case 'future':
        this.isBegun = true
        this.rows += entry.rows
        // All of them are counted, and those of one page listed.
        this.skipped += entry.rows - entry.findings.length
        this.#count({ trades: 0, absent: 0 }, entry.findings)
    }
  }

  #count({ trades, absent }: AnswerCounts, findings: readonly Finding[]): void {
    this.trades += trades
    this.absent += absent
    for (const finding of findings) this.#add(finding)
  }

  #add(finding: Finding): void {
    if (isPaid(finding)) {
      this.#found.push(finding)
    } else {
      this.skipped += 1
      if (this.#faults.length < faultsListedMax) this.#faults.push(finding)
    }
  }
}
