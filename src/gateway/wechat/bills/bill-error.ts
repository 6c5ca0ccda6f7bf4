/** Why a bill, or a line of it, cannot be used. `unreadable`: the file cannot be read at all. */
export type BillProblem = keyof typeof problems | 'unreadable'

const problems = {
  empty_file: 'it is empty',
  error_body: 'it is an error of the gateway in JSON, and not a bill: download it again',
  web_page: 'it is a web page, and not a bill: download it again',
  archive: 'it is a zip archive: unpack it first',
  not_utf8: 'it is not UTF-8 text: download it again, and keep it as it comes',
  gzip_cut_off: 'its gzip is cut off: download it again',
  gzip_broken: 'its gzip is damaged: download it again',
  line_too_long: 'it is longer than any line of a bill',
  title_missing: 'the title is missing',
  title_twice: 'the title is there twice',
  fields: 'the line does not have the fields that the titles name',
  order_no: 'it is not an order number',
  transaction_id: 'it is not a transaction id',
  refund_id: 'it is not a refund id',
  status: 'it is not one of SUCCESS, REFUND and REVOKED',
  currency: 'only CNY can be compared',
  time: 'it is not a time like 2026-01-31 08:00:00',
  amount: 'it is not an amount in yuan with at most 2 places',
  count: 'it is not a number of rows',
  summary_missing: 'the summary at its end is missing: the file is cut off',
  contradiction: 'this transaction has another amount in an earlier line or bill',
  after_summary: 'there is more after the summary: give each bill as a file of its own',
  total_differs: 'the lines add up to something else',
} as const

/** Where in the file it is. */
export interface BillPlace {
  /** The first line is 1. Absent: the whole file. */
  readonly line?: number
  /** The title of the column. */
  readonly column?: string
  /** As the file has it. */
  readonly value?: string
  /** What is right instead, or why the file cannot be read. */
  readonly detail?: string
}

/** A bill that cannot be judged: nothing that was read of it counts. */
export class BillError extends Error {
  override readonly name = 'BillError'
  readonly file: string
  readonly problem: BillProblem
  readonly place: BillPlace

  constructor(file: string, problem: BillProblem, place: BillPlace = {}) {
    super(sentence(file, { problem, place }))
    this.file = file
    this.problem = problem
    this.place = place
  }
}

/** Longer values are cut: a person recognizes them by their beginning. */
const valueLengthMax = 80

function sentence(
  file: string,
  { problem, place }: { problem: BillProblem; place: BillPlace },
): string {
  const name = JSON.stringify(file)
  const { line, column, value, detail } = place
  if (problem === 'unreadable') return `Cannot read the bill ${name}: ${detail}`
  const shown = value === undefined ? '' : ` ${JSON.stringify(value.slice(0, valueLengthMax))}`
  const at = [
    line === undefined ? '' : `line ${line}: `,
    column === undefined ? '' : `${column}${shown}: `,
  ].join('')
  const end = detail === undefined ? '' : ` (${detail})`
  return `Cannot use the bill ${name}: ${at}${problems[problem]}${end}`
}
