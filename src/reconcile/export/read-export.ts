import { ConfigError } from '../../config/fault.ts'
import type { Fen } from '../../domain/money.ts'
import {
  type AmountUnit,
  bareText,
  isAbsent,
  looksRounded,
  orderNoProblem,
  readAmount,
  readExportTime,
} from './cells.ts'
import { cannotUse } from './export-error.ts'
import {
  type ColumnUse,
  neededUses,
  recognizedColumn,
  recognizedStanding,
  unitOf,
} from './known-words.ts'
import type { ExportMap } from './map.ts'
import { type CsvRecord, recordsOf } from './records.ts'
import type { ExportFault, ExportProblem, ExportRow, Standing } from './row.ts'
import { textOf } from './text.ts'

/** Rows that were read together. */
export interface ExportBatch {
  readonly rows: readonly ExportRow[]
  readonly faults: readonly ExportFault[]
  /** Rows that `only` of the map leaves out. */
  readonly skipped: number
}

/** Where the columns of an export are, and how their cells are read. */
export interface ExportLayout {
  readonly header: readonly string[]
  /** The name of the column for each use; null: there is none. */
  readonly columns: Readonly<Record<ColumnUse, string | null>>
  readonly unit: AmountUnit
  readonly map: ExportMap
}

/** The names of the columns. */
export async function readHeader(file: string): Promise<readonly string[]> {
  for await (const records of recordsOf(textOf(file), file)) {
    const [first] = records
    if (first?.cells.some((cell) => cell.includes('\r'))) {
      throw cannotUse(file, 'its lines end with carriage returns alone: save it with line feeds')
    }
    if (first !== undefined) return first.cells.map(bareText)
  }
  throw cannotUse(file, 'it is empty')
}

/**
 * The columns by the map, else by their names. Throws ConfigError where the map names a column that is
 * not there; a column that is not recognized is null.
 */
export function layoutOf(header: readonly string[], map: ExportMap): ExportLayout {
  const mapped = [...Object.values(map.columns), ...map.only.keys()]
  const absent = mapped.filter((name) => !header.includes(name))
  const uses: readonly ColumnUse[] = [...neededUses, 'paid_at', 'user_id']
  const columns = Object.fromEntries(
    uses.map((use) => [use, map.columns[use] ?? recognizedColumn(use, header)]),
  ) as Record<ColumnUse, string | null>
  const used = [...mapped, ...Object.values(columns).filter((name) => name !== null)]
  const twice = [...new Set(used)].filter((name) => !isOnce(name, header))
  const faults = [
    ...absent.map((name) => `The export has no column ${JSON.stringify(name)}: ${shown(header)}`),
    ...twice
      .filter((name) => header.includes(name))
      .map((name) => `The export has the column ${JSON.stringify(name)} twice`),
    ...(map.statuses === 'paid' && columns.status !== null ? [everyRowPaid(columns.status)] : []),
  ]
  if (faults.length > 0) throw new ConfigError(faults)
  return { header, columns, map, unit: map.unit ?? unitOf(columns.amount ?? '') }
}

/** Of two columns of one name, which as `status` two joined tables have, nobody knows which is meant. */
export function isOnce(name: string, header: readonly string[]): boolean {
  return header.includes(name) && header.indexOf(name) === header.lastIndexOf(name)
}

/** Read so, rows that are not paid would count as paid. */
function everyRowPaid(column: string): string {
  return `The export has the column ${JSON.stringify(column)}, and "status: paid" of the map says that there is none: list its values under paid, unpaid and refunded`
}

/** What is needed and was not recognized. */
export function missingUses({ columns, map }: ExportLayout): readonly ColumnUse[] {
  return neededUses.filter(
    (use) => columns[use] === null && !(use === 'status' && map.statuses === 'paid'),
  )
}

function shown(header: readonly string[]): string {
  return header.map((name) => JSON.stringify(name)).join(', ')
}

/** The rows of an export, in the order of the file. Throws ConfigError. */
export async function* readExport(file: string, layout: ExportLayout): AsyncGenerator<ExportBatch> {
  const missing = missingUses(layout)
  if (missing.length > 0) {
    throw cannotUse(
      file,
      `no column is recognized for ${missing.join(', ')} among ${shown(layout.header)}: name it in a file for --map`,
    )
  }
  const reader = new RowReader(layout)
  let isFirst = true
  for await (const records of recordsOf(textOf(file), file)) {
    yield reader.read(isFirst ? records.slice(1) : records)
    isFirst &&= records.length === 0
  }
}

export function standingOf(status: string, { statuses }: ExportMap): Standing | null {
  if (statuses === 'paid') return 'paid'
  return statuses.size === 0 ? recognizedStanding(status) : (statuses.get(status) ?? null)
}

class RowReader {
  readonly #layout: ExportLayout
  readonly #at: Readonly<Record<ColumnUse, number>>
  readonly #only: readonly { readonly at: number; readonly value: string }[]
  /** A status is looked up once. */
  readonly #standings = new Map<string, Standing | null>()

  constructor(layout: ExportLayout) {
    const { header, columns, map } = layout
    this.#layout = layout
    this.#at = Object.fromEntries(
      // A spreadsheet may leave a column without a name, which is not the one that is not there.
      Object.entries(columns).map(([use, name]) => [
        use,
        name === null ? -1 : header.indexOf(name),
      ]),
    ) as Record<ColumnUse, number>
    this.#only = [...map.only].map(([name, value]) => ({ at: header.indexOf(name), value }))
  }

  read(records: readonly CsvRecord[]): ExportBatch {
    const rows: ExportRow[] = []
    const faults: ExportFault[] = []
    let skipped = 0
    for (const record of records) {
      if (record.cells.every((cell) => cell === '')) continue
      if (this.#only.some(({ at, value }) => bareText(record.cells[at] ?? '') !== value)) {
        skipped += 1
        continue
      }
      const row = this.#row(record)
      if ('problem' in row) faults.push(row)
      else rows.push(row)
    }
    return { rows, faults, skipped }
  }

  #row(record: CsvRecord): ExportRow | ExportFault {
    const { line, cells } = record
    const count = this.#layout.header.length
    if (cells.length !== count && cells.slice(count).some((cell) => cell !== '')) {
      const fault = { line, orderNo: null, column: '', value: String(cells.length) }
      return { ...fault, problem: 'cells' }
    }
    const orderNo = bareText(this.#cell(cells, 'order_no'))
    const problem = orderNoProblem(orderNo)
    if (problem !== null) return this.#fault(record, { use: 'order_no', problem, orderNo: null })
    const status = bareText(this.#cell(cells, 'status'))
    const standing = this.#standing(status)
    if (standing === null) {
      return this.#fault(record, { use: 'status', problem: 'status_unknown', orderNo })
    }
    const amount = this.#amount(cells)
    if (amount === undefined || (amount === null && standing !== 'unpaid')) {
      return this.#fault(record, { use: 'amount', problem: 'amount_unreadable', orderNo })
    }
    const paidAt = standing === 'unpaid' ? null : this.#paidAt(cells)
    if (paidAt === undefined) {
      return this.#fault(record, { use: 'paid_at', problem: 'time_unreadable', orderNo })
    }
    const userId = bareText(this.#cell(cells, 'user_id'))
    return { line, orderNo, standing, status, amount, paidAt, userId: userId || null }
  }

  #cell(cells: readonly string[], use: ColumnUse): string {
    return cells[this.#at[use]] ?? ''
  }

  #standing(status: string): Standing | null {
    const known = this.#standings.get(status)
    if (known !== undefined) return known
    const standing = standingOf(status, this.#layout.map)
    this.#standings.set(status, standing)
    return standing
  }

  /** Null: there is none. Undefined: it cannot be read. */
  #amount(cells: readonly string[]): Fen | null | undefined {
    const cell = this.#cell(cells, 'amount')
    const amount = readAmount(cell, this.#layout.unit)
    if (amount !== null) return amount
    return isAbsent(cell.trim()) ? null : undefined
  }

  #paidAt(cells: readonly string[]): Date | null | undefined {
    const cell = this.#cell(cells, 'paid_at').trim()
    if (isAbsent(cell)) return null
    return readExportTime(cell, this.#layout.map.offsetMinutes) ?? undefined
  }

  #fault(
    { line, cells }: CsvRecord,
    { use, problem, orderNo }: { use: ColumnUse; problem: ExportProblem; orderNo: string | null },
  ): ExportFault {
    const column = this.#layout.columns[use] ?? ''
    return { line, orderNo, column, value: this.#cell(cells, use), problem }
  }
}

/** A row whose number no bill has, and which may have lost its last digits. */
export function roundedFault(row: ExportRow, { columns }: ExportLayout): ExportFault | null {
  if (!looksRounded(row.orderNo)) return null
  const { line, orderNo } = row
  const column = columns.order_no ?? ''
  return { line, orderNo, column, value: orderNo, problem: 'order_no_zeros' }
}
