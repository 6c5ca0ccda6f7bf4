import { formatFen } from '../../domain/money.ts'
import type { ExaminedSource } from '../../sources/examine.ts'
import type { ReadRow } from '../../sources/rows.ts'
import { showTraps } from '../report/show.ts'
import { reportWordsOf } from '../report/words.ts'
import type { Output } from '../terminal/output.ts'
import { sourcesWordsOf } from './words.ts'

/** What a person checks: the mapping by its rows, the cost, and what the schema does not prevent. */
export function showSource(output: Output, examined: ExaminedSource): void {
  const words = sourcesWordsOf(output.locale)
  const { rows, writeRights, isUnique, plan, traps } = examined
  output.facts([
    ['source', examined.name],
    ['database', examined.server],
    ['table', examined.table],
    ['rows', rows === null ? words.view : words.rows(rows)],
    [
      'rights',
      writeRights.length === 0 ? words.readOnly : words.moreRights(writeRights.join(', ')),
    ],
    ['order_no', isUnique ? words.unique : words.notUnique],
  ])
  showRows(output, examined)
  output.line('')
  output.line(words.plan(plan.usesIndex), plan.usesIndex ? undefined : output.colors.yellow)
  for (const line of plan.lines) output.line(`  ${line}`)
  if (traps.length === 0) output.line(words.noTraps)
  else showTraps(output, examined.name, traps)
}

function showRows(output: Output, { statuses, samples }: ExaminedSource): void {
  const words = sourcesWordsOf(output.locale)
  output.line('')
  if (statuses === null || samples === null) output.line(words.tooSlow, output.colors.yellow)
  if (statuses !== null && statuses.length > 0) {
    output.table(
      ['status', 'count', 'meaning'],
      statuses.map(({ status, count, standing }) => [status, count, words.standing[standing]]),
    )
    output.line('')
  }
  if (samples === null) return
  output.line(samples.length === 0 ? words.noRows : words.samples)
  if (samples.length === 0) return
  output.table(
    ['order_no', 'user_id', 'amount', 'created_at', 'expires_at', 'status', 'problem'],
    samples.map((row) => cellsOf(row, output)),
  )
}

function cellsOf(row: ReadRow, { locale }: Output): Parameters<Output['table']>[1][number] {
  if (row.kind === 'fault') {
    const { orderNo, problem } = row.fault
    const words = reportWordsOf(locale)
    const detail = `${words.rowProblems[problem]}, ${words.row(row.fault)}`
    return [orderNo, null, null, null, null, null, detail]
  }
  if (row.kind === 'credited') {
    return [row.orderNo, null, null, null, null, sourcesWordsOf(locale).standing.credited, null]
  }
  const { orderNo, userId, amount, createdAt, expiresAt, status } = row.order
  return [orderNo, userId, formatFen(amount), createdAt, expiresAt, status, null]
}
