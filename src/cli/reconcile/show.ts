import { type Fen, formatFen } from '../../domain/money.ts'
import { type Finding, findingKinds } from '../../reconcile/finding.ts'
import type { Reconciliation } from '../../reconcile/reconcile.ts'
import type { Cell, Output } from '../terminal/output.ts'
import { reconcileWordsOf } from './words.ts'

/** More rows than a person reads on a terminal. */
const rowsMax = 200

const kinds: readonly Finding['kind'][] = [...findingKinds, 'not_judged']

/** Prints what was compared, what was found, and at the end the verdict. */
export function showReconciliation(
  output: Output,
  result: Reconciliation,
  csv: string | null,
): void {
  const words = reconcileWordsOf(output.locale)
  showInputs(output, result)
  showFindings(output, result)
  showFaults(output, result)
  for (const kind of kinds) {
    const { count = 0, sum = 0n } = result.counts.get(kind) ?? {}
    if (count > 0) output.line(words.count(words.kinds[kind], { count, sum: formatFen(sum) }))
  }
  const paint = { agree: output.colors.green, differ: output.colors.yellow }
  const { verdict } = result
  output.line(
    words.verdicts[verdict],
    verdict === 'cannot_judge' ? output.colors.red : paint[verdict],
  )
  if (csv !== null) output.note(words.wrote(csv))
}

function showInputs(output: Output, { days, bill, orders }: Reconciliation): void {
  const words = reconcileWordsOf(output.locale)
  output.line(words.bills(daysText(days) || words.noDays, bill))
  if (bill.repeated > 0) output.line(words.repeated(bill.repeated))
  output.line(words.orders(orders.rows, orders.skipped))
  for (const [status, { standing, rows }] of orders.statuses) {
    output.line(words.status(status, { standing: words.standings[standing], rows }))
  }
}

/** `2026-01-24, 2026-01-26 – 2026-01-28` */
function daysText(days: readonly string[]): string {
  const spans: [string, string][] = []
  for (const day of days) {
    const last = spans.at(-1)
    const isNext = last !== undefined && Date.parse(day) - Date.parse(last[1]) === 86_400_000
    if (isNext) last[1] = day
    else spans.push([day, day])
  }
  return spans.map(([from, to]) => (from === to ? from : `${from} – ${to}`)).join(', ')
}

function showFindings(output: Output, result: Reconciliation): void {
  const words = reconcileWordsOf(output.locale)
  const shown = new Map<Finding['kind'], Finding[]>(kinds.map((kind) => [kind, []]))
  let total = 0
  for (const finding of result.findings()) {
    total += 1
    const same = shown.get(finding.kind) ?? []
    if (same.length < rowsMax) same.push(finding)
  }
  const listed = [...shown.values()].flat().slice(0, rowsMax)
  if (listed.length === 0) return
  output.table(
    [
      ...(['finding', 'order_no', 'user_id', 'amount', 'export_amount'] as const),
      ...(['refunded', 'status', 'paid_at', 'transaction_id', 'line'] as const),
    ],
    listed.map((finding) => cellsOf(finding, words.kinds[finding.kind])),
  )
  if (total > listed.length) output.line(words.more(total - listed.length))
}

function cellsOf(finding: Finding, kind: string): readonly Cell[] {
  const { orderNo, amount, refunded, paidAt, transactionId, shop } = finding
  return [
    ...[kind, orderNo, shop?.userId ?? null, yuanCell(amount), yuanCell(shop?.amount ?? null)],
    ...[refunded === 0n ? null : formatFen(refunded), shop?.status ?? null, paidAt],
    ...[transactionId, shop?.line ?? null],
  ]
}

function yuanCell(amount: Fen | null): string | null {
  return amount === null ? null : formatFen(amount)
}

function showFaults(output: Output, { faults, faultCount }: Reconciliation): void {
  if (faultCount === 0) return
  const words = reconcileWordsOf(output.locale)
  output.line(words.faultCount(faultCount), output.colors.red)
  const listed = faults.slice(0, rowsMax)
  output.table(
    ['line', 'column', 'value', 'problem'],
    listed.map(({ line, column, value, problem }) => [
      ...[line, column, value.slice(0, valueLengthMax), words.problems[problem]],
    ]),
  )
  if (faultCount > listed.length) output.line(words.moreFaults(faultCount - listed.length))
}

const valueLengthMax = 80
