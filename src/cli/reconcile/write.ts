import { closeSync, openSync, writeSync } from 'node:fs'
import { stringify } from 'csv-stringify/sync'
import { ConfigError, readFailure } from '../../config/fault.ts'
import { type Fen, formatFen } from '../../domain/money.ts'
import type { Locale } from '../../i18n/locale.ts'
import type { ExportFault } from '../../reconcile/export/row.ts'
import type { Finding } from '../../reconcile/finding.ts'
import type { Reconciliation } from '../../reconcile/reconcile.ts'
import { exactJson } from '../../text/exact-json.ts'
import { shanghaiTime } from '../../text/shanghai-time.ts'
import { CommandError } from '../failure.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { reconcileWordsOf } from './words.ts'

/** Written together, so that a million findings are not one text. */
const batchRows = 1000

const csvColumns = [
  ...['finding', 'order_no', 'user_id', 'amount_yuan', 'export_amount_yuan', 'refunded_yuan'],
  ...['status', 'paid_at', 'transaction_id', 'line', 'remark'],
]

/**
 * Writes all findings, and then the rows that cannot be judged, for a spreadsheet: with a byte order
 * mark, and with nothing that it would take for a formula.
 */
export function writeCsv(
  file: string,
  { result, locale }: { result: Reconciliation; locale: Locale },
): void {
  let descriptor: number
  try {
    descriptor = openSync(file, 'w')
  } catch (error) {
    throw new ConfigError([`Cannot write ${JSON.stringify(file)}: ${readFailure(error)}`])
  }
  try {
    writeSync(descriptor, '\ufeff')
    for (const rows of batchesOf(csvRows(result, locale))) {
      writeSync(
        descriptor,
        stringify([...rows], { escape_formulas: true, record_delimiter: 'windows' }),
      )
    }
  } catch (error) {
    throw new CommandError(`Cannot write ${JSON.stringify(file)}: ${readFailure(error)}`)
  } finally {
    closeSync(descriptor)
  }
}

function* csvRows(result: Reconciliation, locale: Locale): Generator<readonly unknown[]> {
  const words = reconcileWordsOf(locale)
  yield csvColumns
  for (const finding of result.findings()) {
    const { kind, orderNo, amount, refunded, paidAt, transactionId, shop } = finding
    yield [
      ...[kind, orderNo, shop?.userId, yuan(amount), yuan(shop?.amount ?? null), yuan(refunded)],
      ...[shop?.status, paidAt && shanghaiTime(paidAt), transactionId, shop?.line],
      words.kinds[kind],
    ]
  }
  for (const { line, orderNo, column, value, problem } of result.faults) {
    const remark = `${words.problems[problem]} (${column} ${JSON.stringify(value)})`
    yield ['cannot_judge', orderNo, '', '', '', '', '', '', '', line, remark]
  }
}

function yuan(amount: Fen | null): string {
  return amount === null ? '' : formatFen(amount).replace('¥', '')
}

/** Prints one line of JSON, piece by piece. */
export function writeJson(terminal: Terminal, result: Reconciliation): void {
  const { days, bill, orders, counts, faults, faultCount, verdict } = result
  const facts = {
    ...{ verdict, days, bill },
    orders: {
      ...{ rows: orders.rows, skipped: orders.skipped, in_both: orders.inBoth },
      statuses: [...orders.statuses].map(([status, meaning]) => ({ status, ...meaning })),
    },
    counts: Object.fromEntries(counts),
    fault_count: faultCount,
    faults: faults.map(presentFault),
  }
  terminal.out(`${exactJson(facts).slice(0, -1)},"findings":[`)
  let separator = ''
  for (const batch of batchesOf(result.findings())) {
    terminal.out(separator + batch.map((each) => exactJson(presentFinding(each))).join(','))
    separator = ','
  }
  terminal.out(']}\n')
}

function presentFinding({ kind, orderNo, shop, ...bill }: Finding) {
  return {
    ...{ kind, order_no: orderNo, user_id: shop?.userId ?? null },
    ...{ amount: bill.amount, export_amount: shop?.amount ?? null, refunded: bill.refunded },
    ...{ status: shop?.status ?? null, paid_at: bill.paidAt?.toISOString() ?? null },
    ...{ transaction_id: bill.transactionId, line: shop?.line ?? null },
  }
}

function presentFault({ line, orderNo, column, value, problem }: ExportFault) {
  return { line, order_no: orderNo, column, value, problem }
}

function* batchesOf<T>(items: Iterable<T>): Generator<readonly T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
