import { BillError } from './bill-error.ts'
import { type BillFormat, columnsOf } from './columns.ts'
import type { BillRow } from './row.ts'
import { RowReader } from './row-reader.ts'
import { checkTotals } from './summary.ts'
import { linesOf } from './text.ts'

/** Rows that were read together. */
export interface BillBatch {
  readonly format: BillFormat
  readonly rows: readonly BillRow[]
}

/**
 * The rows of a trade bill, in the order of the file. Memory stays flat, whatever the size.
 *
 * The iteration ends without an error only where the whole file was read and its totals hold; on the
 * way nobody can know that. A caller that acts on a row must be able to undo it, or wait for the end.
 *
 * Bills repeat rows: a payment is (mchid, transaction id), a refund also its refund id, and each counts
 * once. There is at least one batch; of a day without trades it is empty.
 * @throws BillError
 */
export async function* readBill(file: string): AsyncGenerator<BillBatch> {
  const part = new BillParts(file)
  for await (const lines of linesOf(file)) {
    const rows = part.read(lines)
    if (rows !== null) yield { format: part.format, rows }
  }
  part.end()
}

/**
 * The parts of a bill, of which each begins where the one before ends:
 *
 *   titles ─► rows ─► titles of the summary ─► values of the summary ─► nothing
 */
class BillParts {
  readonly #file: string
  #line = 0
  #format: BillFormat = 'all'
  #reader: RowReader | null = null
  #columns: ReturnType<typeof columnsOf> | null = null
  #summary: { titles: readonly string[]; values: readonly string[] | null } | null = null

  constructor(file: string) {
    this.#file = file
  }

  get format(): BillFormat {
    return this.#format
  }

  /** Null: the titles were not there yet. */
  read(lines: readonly string[]): readonly BillRow[] | null {
    const rows: BillRow[] = []
    for (const line of lines) {
      this.#line += 1
      if (this.#reader !== null && this.#summary === null && line.startsWith('`')) {
        rows.push(this.#reader.read(line, this.#line))
      } else if (line.trim() !== '') this.#readOther(line)
    }
    return this.#reader === null ? null : rows
  }

  /** Every other line is there once. */
  #readOther(line: string): void {
    if (this.#columns === null) {
      this.#columns = columnsOf(line, this.#file)
      this.#format = this.#columns.format
      this.#reader = new RowReader(this.#file, this.#columns)
    } else if (this.#summary === null) {
      const titles = line.split(',').map((title) => title.trim())
      this.#summary = { titles, values: null }
    } else if (this.#summary.values === null) {
      this.#summary.values = line.split(',').map((value) => value.trim().replace(/^`/, ''))
      this.#check()
    } else throw new BillError(this.#file, 'after_summary', { line: this.#line })
  }

  #check(): void {
    const { titles = [], values = [] } = this.#summary ?? {}
    if (this.#columns === null || this.#reader === null || values === null) return
    const { totals } = this.#reader
    const read = { columns: this.#columns, totals, titles, values, line: this.#line }
    checkTotals(this.#file, read)
  }

  end(): void {
    if (this.#reader === null) throw new BillError(this.#file, 'empty_file')
    if (this.#summary?.values == null) throw new BillError(this.#file, 'summary_missing')
  }
}
