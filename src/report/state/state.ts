import type { SourceOrder } from '../../sources/source.ts'
import { type Finding, isPaid } from '../finding.ts'
import { SeenRows } from './seen.ts'
import type { AnswerCounts, Entry } from './shapes.ts'

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
