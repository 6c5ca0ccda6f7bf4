import type { Fen } from '../domain/money.ts'
import { BillError } from '../gateway/wechat/bills/bill-error.ts'
import { readBill } from '../gateway/wechat/bills/read-bill.ts'
import { CoveredDays } from './covered-days.ts'
import { type ExportLayout, readExport, roundedFault } from './export/read-export.ts'
import type { ExportFault, ExportRow, Standing } from './export/row.ts'
import { type Finding, findingsOf } from './finding.ts'
import { ContradictingBillsError, type Entry, TradeTable } from './table/trade-table.ts'

export interface ReconcileOptions {
  /** Files of the gateway's bills, in any order. */
  readonly bills: readonly string[]
  /** The shop's export. */
  readonly orders: string
  readonly layout: ExportLayout
  /** Called from time to time with the file and how many of its rows were read. */
  readonly onRead?: (file: string, rows: number) => void
}

/** The comparison of bills and an export. */
export interface Reconciliation {
  /** Days of Shanghai whose payments are in the bills. */
  readonly days: readonly string[]
  readonly bill: {
    payments: number
    refunds: number
    /** Rows that were there before. */
    repeated: number
  }
  readonly orders: {
    rows: number
    skipped: number
    /** Numbers that both have. */
    inBoth: number
    readonly statuses: ReadonlyMap<string, { readonly standing: Standing; readonly rows: number }>
  }
  readonly counts: ReadonlyMap<Finding['kind'], { readonly count: number; readonly sum: Fen }>
  /** The first of the rows that cannot be judged, and how many there are. */
  readonly faults: readonly ExportFault[]
  readonly faultCount: number
  readonly verdict: Verdict
  /** In the order of the files. Made anew each time, because a million of them would not fit. */
  findings(): Iterable<Finding>
}

/**
 * `cannot_judge`: a row cannot be read; or nothing was compared, because no bill says of a day what was
 * paid, or all that was paid in the export is outside the bills' days. It is never an all-clear.
 */
export type Verdict = 'agree' | 'differ' | 'cannot_judge'

/** More are counted and not kept. */
export const faultsMax = 1000

/**
 * Compares what the bills and an export say was paid. Bills are read first and to their ends: a bill
 * whose totals do not hold ends the comparison. Throws BillError and ConfigError.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const comparison = new Comparison(options.layout)
  const onRead = options.onRead ?? (() => {})
  for (const file of options.bills) await comparison.readBill(file, onRead)
  await comparison.readExport(options.orders, onRead)
  return comparison.result()
}

class Comparison {
  readonly #layout: ExportLayout
  readonly #table = new TradeTable()
  readonly #days = new CoveredDays()
  readonly #bill = { payments: 0, refunds: 0, repeated: 0 }
  readonly #orders = { rows: 0, skipped: 0 }
  readonly #statuses = new Map<string, { standing: Standing; rows: number }>()
  readonly #faults: ExportFault[] = []
  #faultCount = 0

  constructor(layout: ExportLayout) {
    this.#layout = layout
  }

  async readBill(file: string, onRead: (file: string, rows: number) => void): Promise<void> {
    let read = 0
    for await (const { format, rows } of readBill(file)) {
      for (const row of rows) {
        if (format !== 'refunds') this.#days.add(row.at)
        try {
          if (!this.#table.addBillRow(row)) this.#bill.repeated += 1
          else if (row.refund === null) this.#bill.payments += 1
          else this.#bill.refunds += 1
        } catch (error) {
          if (!(error instanceof ContradictingBillsError)) throw error
          const { line, transactionId } = row
          const place = { line, column: '微信订单号', value: transactionId }
          throw new BillError(file, 'contradiction', place)
        }
      }
      read += rows.length
      onRead(file, read)
    }
  }

  async readExport(file: string, onRead: (file: string, rows: number) => void): Promise<void> {
    for await (const { rows, faults, skipped } of readExport(file, this.#layout)) {
      for (const row of rows) this.#addRow(row)
      for (const fault of faults) this.#addFault(fault)
      this.#orders.rows += rows.length + faults.length
      this.#orders.skipped += skipped
      onRead(file, this.#orders.rows)
    }
  }

  #addRow(row: ExportRow): void {
    const rounded = roundedFault(row, this.#layout)
    const isRounded = rounded !== null && !this.#table.isInBills(row.orderNo)
    const fault = isRounded ? rounded : this.#added(row)
    if (fault !== null) {
      this.#addFault(fault)
      return
    }
    const known = this.#statuses.get(row.status)
    if (known === undefined) this.#statuses.set(row.status, { standing: row.standing, rows: 1 })
    else known.rows += 1
  }

  /** Null: no other row has the number. */
  #added(row: ExportRow): ExportFault | null {
    if (this.#table.addExportRow(row)) return null
    const { line, orderNo } = row
    const column = this.#layout.columns.order_no ?? ''
    return { line, orderNo, column, value: orderNo, problem: 'order_no_duplicate' }
  }

  #addFault(fault: ExportFault): void {
    this.#faultCount += 1
    if (this.#faults.length < faultsMax) this.#faults.push(fault)
    if (fault.orderNo !== null) this.#table.addFaulty(fault.orderNo, fault.line)
  }

  result(): Reconciliation {
    const counts = new Map<Finding['kind'], { count: number; sum: Fen }>()
    let inBoth = this.#table.countAgreed()
    for (const entry of this.#table.openEntries()) {
      if (isInBoth(entry)) inBoth += 1
      for (const { kind, amount, shop } of this.#findingsOf(entry)) {
        const { count, sum } = counts.get(kind) ?? { count: 0, sum: 0n }
        counts.set(kind, { count: count + 1, sum: sum + (amount ?? shop?.amount ?? 0n) })
      }
    }
    return {
      days: this.#days.list(),
      bill: this.#bill,
      orders: { ...this.#orders, inBoth, statuses: this.#statuses },
      counts,
      faults: this.#faults,
      faultCount: this.#faultCount,
      verdict: this.#verdict({ counts, inBoth }),
      findings: () => this.#findings(),
    }
  }

  #verdict({
    counts,
    inBoth,
  }: {
    counts: ReadonlyMap<Finding['kind'], unknown>
    inBoth: number
  }): Verdict {
    if (this.#faultCount > 0) return 'cannot_judge'
    if ([...counts.keys()].some((kind) => kind !== 'not_judged')) return 'differ'
    if (this.#days.list().length === 0) return 'cannot_judge'
    return counts.has('not_judged') && inBoth === 0 ? 'cannot_judge' : 'agree'
  }

  *#findings(): Generator<Finding> {
    for (const entry of this.#table.openEntries()) yield* this.#findingsOf(entry)
  }

  #findingsOf(entry: Entry): readonly Finding[] {
    return findingsOf(entry, (paidAt) => this.#days.has(paidAt))
  }
}

function isInBoth({ payments, refunds, shop }: Entry): boolean {
  return shop !== null && payments.length + refunds.length > 0
}
