import { closeSync, openSync, writeFileSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import type { Finding } from '../../report/finding.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { CommandError } from '../failure.ts'

const columns = [
  ...['source', 'order_no', 'user_id', 'amount_yuan', 'transaction_id', 'paid_at'],
  ...['status', 'problem', 'detail'],
]

/** Fails before the first query if the file cannot be written, and not hours later. */
export function checkWritable(path: string): void {
  attempt(path, () => closeSync(openSync(path, 'a')))
}

/**
 * The findings for a spreadsheet: UTF-8 with a mark for Excel, and no cell that it takes for a formula.
 * @param detail the sentence about a finding, in the person's language.
 */
export function writeFindings(
  path: string,
  findings: readonly Finding[],
  detail: (finding: Finding) => string,
): void {
  const rows = findings.map((finding) => [
    ...[finding.source, finding.orderNo, finding.userId, yuan(finding.amount)],
    ...[finding.transactionId, finding.paidAt && shanghaiTime(finding.paidAt)],
    ...[finding.status, finding.problem, detail(finding)],
  ])
  const text = stringify([columns, ...rows], {
    bom: true,
    escape_formulas: true,
    record_delimiter: 'windows',
  })
  attempt(path, () => writeFileSync(path, text))
}

/** `12.34`, which a spreadsheet can add up. */
function yuan(amount: bigint | null): string | null {
  if (amount === null) return null
  return `${amount / 100n}.${String(amount % 100n).padStart(2, '0')}`
}

function attempt(path: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(`Cannot use ${JSON.stringify(path)}: ${why}`)
  }
}
