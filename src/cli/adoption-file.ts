import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { CsvError, type Info, parse } from 'csv-parse'
import { ConfigError, readFailure } from '../config/fault.ts'
import { fenOfYuan } from '../domain/money.ts'

/** A row of a CSV of orders to adopt. */
export interface AdoptionRow {
  /** Where it ends in the file: a row may span several lines. */
  readonly line: number
  /** As the HTTP API takes an order to adopt, but unchecked. Empty cells are left out. */
  readonly order: Readonly<Record<string, unknown>>
}

/** Those of the HTTP API, except that the unit of the amount is in the name of its column. */
const columns = [
  'order_no',
  'user_id',
  'description',
  'created_at',
  'expires_at',
  'app_id',
  'merchant',
]
const amountColumns = ['amount_fen', 'amount_yuan']

/** How many orders the file has. Throws ConfigError for a file that cannot be read to its end. */
export async function countRows(file: string): Promise<number> {
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO() === true) {
    throw new ConfigError([
      cannotAdopt(file, 'it is a pipe, and is read more than once: give a file'),
    ])
  }
  let count = 0
  for await (const _ of adoptionRows(file)) count += 1
  return count
}

/** Reads the file row by row; it may be larger than the memory. */
export async function* adoptionRows(file: string): AsyncGenerator<AdoptionRow> {
  let header: readonly string[] | null = null
  for await (const { record, info } of recordsOf(file)) {
    if (header === null) {
      const faults = headerFaults(record).map((fault) => cannotAdopt(file, fault))
      if (faults.length > 0) throw new ConfigError(faults)
      header = record
    } else yield rowOf(header, { record, line: info.lines })
  }
  if (header === null)
    throw new ConfigError([cannotAdopt(file, 'it is empty; its first line must name the columns')])
}

interface CsvRecord {
  readonly record: readonly string[]
  readonly info: Info
}

/** UTF-8, with or without a byte order mark. */
async function* recordsOf(file: string): AsyncGenerator<CsvRecord> {
  const parser = parse({
    ...{ bom: true, info: true, trim: true, skip_empty_lines: true },
  })
  const fed = pipeline(createReadStream(file), decodedUtf8, parser)
  // It is awaited below, after what it was fed with; a failure before that is the same one.
  fed.catch(() => {})
  try {
    yield* parser as AsyncIterable<CsvRecord>
    await fed
  } catch (error) {
    throw new ConfigError([cannotAdopt(file, csvFailure(error))])
  }
}

async function* decodedUtf8(buffers: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for await (const buffer of buffers) yield decoder.decode(buffer, { stream: true })
  yield decoder.decode()
}

function cannotAdopt(file: string, why: string): string {
  return `Cannot adopt from ${JSON.stringify(file)}: ${why}`
}

function csvFailure(error: unknown): string {
  if (error instanceof CsvError) return `it is not CSV (${error.message})`
  return error instanceof TypeError ? 'it is not UTF-8 text' : readFailure(error)
}

function headerFaults(header: readonly string[]): readonly string[] {
  const amounts = header.filter((name) => amountColumns.includes(name))
  return [
    ...header.flatMap((name, nth) => columnFaults(name, header.slice(0, nth))),
    ...['order_no', 'user_id']
      .filter((name) => !header.includes(name))
      .map((name) => `it has no column ${name}`),
    ...(amounts.length === 1
      ? []
      : ['it needs one column for the amount, amount_fen or amount_yuan']),
  ]
}

function columnFaults(name: string, before: readonly string[]): readonly string[] {
  if (before.includes(name)) return [`it has the column ${JSON.stringify(name)} twice`]
  if (columns.includes(name) || amountColumns.includes(name)) return []
  if (name === 'amount')
    return ['the unit of its column amount is not known; name the column amount_fen or amount_yuan']
  const known = [...columns, ...amountColumns].join(', ')
  return [`its column ${JSON.stringify(name)} is unknown; known columns are ${known}`]
}

function rowOf(
  header: readonly string[],
  { record, line }: { record: readonly string[]; line: number },
): AdoptionRow {
  const cells = header.flatMap((name, nth) => {
    const cell = record[nth] ?? ''
    return cell === '' ? [] : [amountColumns.includes(name) ? amountCell(name, cell) : [name, cell]]
  })
  return { line, order: Object.fromEntries(cells) }
}

/** In fen, as a number; a text that is no amount stays, and is refused with the order. */
function amountCell(name: string, cell: string): readonly [string, unknown] {
  const fen =
    name === 'amount_yuan' ? fenOfYuan(cell) : /^\d{1,16}$/.test(cell) ? BigInt(cell) : null
  return fen === null ? [name, cell] : ['amount', Number(fen)]
}
