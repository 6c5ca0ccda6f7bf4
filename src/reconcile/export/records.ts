import { CsvError, parse } from 'csv-parse/sync'
import { cannotUse } from './export-error.ts'

/** A row of the file, as cells. */
export interface CsvRecord {
  /** Where it ends: a quoted cell may have several lines. */
  readonly line: number
  readonly cells: readonly string[]
}

/** No row of orders is that long; a quote that is never closed is. */
const recordLengthMax = 1_000_000

/**
 * The records of a CSV, in batches. Text without a quote is split here, at 5 times the rate of the
 * parser, which gets the pieces that have one.
 */
export async function* recordsOf(
  texts: AsyncIterable<string>,
  file: string,
): AsyncGenerator<readonly CsvRecord[]> {
  let rest = ''
  let line = 1
  let delimiter: string | null = null
  const take = (text: string): readonly CsvRecord[] => {
    delimiter ??= delimiterOf(text)
    const { records, lines } = recordsIn(text, { delimiter, line, file })
    line += lines
    return records
  }
  for await (const text of texts) {
    const whole = rest + text
    const end = endOfRecords(whole)
    rest = whole.slice(end)
    if (rest.length > recordLengthMax) {
      const at = line + countOf(whole.slice(0, end), '\n')
      throw cannotUse(file, `line ${at}: a quote is not closed`)
    }
    if (end > 0) yield take(whole.slice(0, end))
  }
  if (rest !== '') yield take(rest)
}

/** The end of the last record that is whole: of a line after which all quotes are closed. */
function endOfRecords(text: string): number {
  const quotes = countOf(text, '"')
  let quotesAfter = 0
  let start = text.length
  for (;;) {
    const end = start < 1 ? 0 : text.lastIndexOf('\n', start - 1) + 1
    quotesAfter += countOf(text.slice(end, start), '"')
    if (end === 0 || (quotes - quotesAfter) % 2 === 0) return end
    start = end - 1
  }
}

/** Of those that programs write, the one that splits the first line into most columns. */
function delimiterOf(text: string): string {
  const first = text.slice(0, text.indexOf('\n') + 1 || text.length)
  const counts = [',', '\t', ';'].map((each) => ({ each, count: countOf(first, each) }))
  return counts.sort((a, b) => b.count - a.count)[0]?.each ?? ','
}

function recordsIn(
  text: string,
  { delimiter, line, file }: { delimiter: string; line: number; file: string },
): { readonly records: readonly CsvRecord[]; readonly lines: number } {
  if (!text.includes('"')) {
    const rows = text.split('\n')
    const records: CsvRecord[] = []
    for (const [nth, row] of rows.entries()) {
      const bare = row.endsWith('\r') ? row.slice(0, -1) : row
      if (bare !== '') records.push({ line: line + nth, cells: bare.split(delimiter) })
    }
    return { records, lines: rows.length - 1 }
  }
  try {
    // The parser counts a return and a line feed within quotes as two lines.
    const records: unknown = parse(text.replaceAll('\r\n', '\n'), {
      ...{ delimiter, info: true, relax_quotes: true, relax_column_count: true },
      ...{ skip_empty_lines: true, record_delimiter: '\n' },
    })
    const read = records as { record: string[]; info: { lines: number } }[]
    return {
      records: read.map(({ record, info }) => ({ line: line + info.lines - 1, cells: record })),
      lines: countOf(text, '\n'),
    }
  } catch (error) {
    if (error instanceof CsvError) throw cannotUse(file, `it is not CSV (${error.message})`)
    throw error
  }
}

function countOf(text: string, mark: string): number {
  let count = 0
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count += 1
  return count
}
