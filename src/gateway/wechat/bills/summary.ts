import { type Fen, fenOfYuan, formatFen } from '../../../domain/money.ts'
import { BillError } from './bill-error.ts'
import type { Columns } from './columns.ts'

/** What the lines of a bill add up to. */
export interface Totals {
  rows: number
  /** The order amounts of the payments. */
  paid: Fen
  /** 退款金额, and 申请退款金额. */
  settledRefunds: Fen
  refunds: Fen
}

interface Summary {
  readonly titles: readonly string[]
  readonly values: readonly string[]
  readonly line: number
}

/** The names of the sums, of the present format and of the old one. */
const countTitles = ['总交易单数']
const paidTitles = ['订单总金额', '总交易额', '总金额']
const settledTitles = ['退款总金额', '总退款金额']
const refundTitles = ['申请退款总金额']

/**
 * Compares the sums at the end of a bill with its lines. 应结订单总金额 is only compared in the old format,
 * which has no other sum, and where nothing is taken off.
 */
export function checkTotals(file: string, read: { columns: Columns; totals: Totals } & Summary) {
  const { columns, totals } = read
  const check = (titles: readonly string[], total: Fen | number): boolean => {
    const at = titles.map((title) => read.titles.indexOf(title)).find((each) => each >= 0)
    if (at === undefined) return false
    const place = { line: read.line, column: read.titles[at] ?? '', value: read.values[at] ?? '' }
    const isCount = typeof total === 'number'
    const stated = isCount ? countOf(place.value) : fenOfYuan(place.value)
    if (stated === null) throw new BillError(file, isCount ? 'count' : 'amount', place)
    if (stated !== total) {
      const detail = isCount ? String(total) : formatFen(total)
      throw new BillError(file, 'total_differs', { ...place, detail })
    }
    return true
  }
  const isOld = columns.title.amount === '总金额'
  const needed: (readonly [readonly string[], Fen | number])[] = [[countTitles, totals.rows]]
  if (columns.format !== 'refunds') {
    needed.push([isOld ? [...paidTitles, '应结订单总金额'] : paidTitles, totals.paid])
  }
  for (const [titles, total] of needed) {
    if (!check(titles, total)) {
      throw new BillError(file, 'title_missing', {
        ...{ line: read.line - 1, column: titles.join(' / ') },
      })
    }
  }
  if (columns.format === 'payments') return
  check(settledTitles, totals.settledRefunds)
  check(refundTitles, totals.refunds)
}

/** Bills have had "45" and "45.0". */
function countOf(text: string): number | null {
  return /^\d{1,15}(\.0+)?$/.test(text) ? Number(text) : null
}
