import type { SourceConfig, TimeColumn } from '../config/sources/source-config.ts'
import { textBounds, textFaults } from '../domain/fact-rules.ts'
import { type Fen, fenMax, fenOfYuan } from '../domain/money.ts'
import type { Row } from './databases/database.ts'
import { keyOf } from './databases/table-facts.ts'
import { endColumn, type Mapping, statusLiteral } from './mapping.ts'
import type { RowFault, RowProblem, SourceOrder } from './source.ts'
import { isNoTime, timeIn } from './times.ts'

/** What a row is to budan. */
export type ReadRow =
  | { readonly kind: 'order'; readonly order: SourceOrder }
  | { readonly kind: 'credited'; readonly orderNo: string }
  | { readonly kind: 'fault'; readonly fault: RowFault }

/** The standing of each status, as the column writes it. */
export type Standing = SourceOrder['standing'] | 'credited'

export function standings({ config, column }: Mapping): ReadonlyMap<string, Standing> {
  const { status } = config
  const facts = column(status.column)
  const entries: [string, Standing][] = [
    ...status.pending.map((value): [string, Standing] => [value, 'pending']),
    ...status.revive.map((value): [string, Standing] => [value, 'revivable']),
    ...[...status.done, ...(status.paid === null ? [] : [status.paid])].map(
      (value): [string, Standing] => [value, 'credited'],
    ),
  ]
  // Also where it is not to be revived: a payer of such a row has nothing for the money.
  if (status.expired !== null) entries.unshift([status.expired, 'revivable'])
  return new Map(
    entries.map(([value, standing]) => [statusLiteral(value, facts) ?? value, standing]),
  )
}

/** The alphabet of the gateway; numbers of other shops are shorter than budan's own may be. */
const orderNoPattern = /^[0-9A-Za-z_\-|*]{1,32}$/

/** Turns rows of the statements into orders and faults. */
export class RowReader {
  readonly #config: SourceConfig
  readonly #mapping: Mapping
  readonly #standings: ReadonlyMap<string, Standing>
  readonly #hasKey: boolean

  constructor(mapping: Mapping) {
    this.#mapping = mapping
    this.#config = mapping.config
    this.#standings = standings(mapping)
    this.#hasKey = keyOf(mapping.facts) !== null
  }

  read(row: Row): ReadRow {
    const { columns, status } = this.#config
    const orderNo = row.order_no ?? null
    if (orderNo === null || !orderNoPattern.test(orderNo)) {
      return this.#fault(row, columns.orderNo, { value: orderNo, problem: 'order_no_impossible' })
    }
    const statusText = row.status ?? null
    const standing = this.#standings.get(statusText ?? '')
    if (standing === undefined || statusText === null) {
      return this.#fault(row, status.column, { value: statusText, problem: 'status_unknown' })
    }
    if (standing === 'credited') return { kind: 'credited', orderNo }
    return this.#order(row, { orderNo, standing, status: this.#shown(statusText) })
  }

  #order(row: Row, known: Pick<SourceOrder, 'orderNo' | 'standing' | 'status'>): ReadRow {
    const { columns } = this.#config
    const userId = row.user_id?.trim() ?? ''
    if (textFaults(userId, textBounds.userId).length > 0) {
      const value = row.user_id ?? null
      return this.#fault(row, columns.userId, { value, problem: 'user_id_missing' })
    }
    const amounts = columns.amount.columns.map((_, at) => row[`amount${at}`] ?? null)
    const amount = amountOf(amounts, columns.amount.unit)
    if (amount === null) {
      const wrong = amounts.findIndex(
        (each) => each === null || fenIn(each, columns.amount.unit) === null,
      )
      const at = Math.max(wrong, 0)
      const value = amounts[at] ?? null
      return this.#fault(row, columns.amount.columns[at] ?? '', {
        value,
        problem: 'amount_unreadable',
      })
    }
    const createdAt = this.#time(row.at ?? null, columns.createdAt)
    if (!(createdAt instanceof Date)) {
      const value = row.at ?? null
      return this.#fault(row, columns.createdAt.column, { value, problem: 'time_unreadable' })
    }
    const expiresAt = this.#end(row, createdAt)
    if (expiresAt === 'unreadable') {
      const column = endColumn(columns)?.column ?? ''
      return this.#fault(row, column, { value: row.ends_at ?? null, problem: 'time_unreadable' })
    }
    return { kind: 'order', order: { ...known, userId, amount, createdAt, expiresAt } }
  }

  #end(row: Row, createdAt: Date): Date | null | 'unreadable' {
    const { expiresAt } = this.#config.columns
    if (expiresAt === null) return null
    if ('minutes' in expiresAt) return new Date(+createdAt + expiresAt.minutes * 60_000)
    return this.#time(row.ends_at ?? null, expiresAt)
  }

  #time(text: string | null, time: TimeColumn): Date | null | 'unreadable' {
    if (text === null || isNoTime(text)) return null
    return timeIn(text, time, this.#mapping.column(time.column).kind) ?? 'unreadable'
  }

  #shown(status: string): string {
    const { kind } = this.#mapping.column(this.#config.status.column)
    return kind === 'boolean' ? ({ t: 'true', f: 'false' }[status] ?? status) : status
  }

  #fault(
    row: Row,
    column: string,
    { value, problem }: { readonly value: string | null; readonly problem: RowProblem },
  ): ReadRow {
    const orderNo = problem === 'order_no_impossible' ? null : (row.order_no ?? null)
    return { kind: 'fault', fault: { orderNo, key: this.keyOf(row), column, value, problem } }
  }

  /** For people: the values of the key, or the number where there is no other. */
  keyOf(row: Row): string {
    return this.#hasKey ? positionKey(row).join(', ') : (row.order_no ?? '')
  }
}

/** The values of `key0`, `key1`, … */
export function positionKey(row: Row): readonly string[] {
  const names = Object.keys(row).filter((name) => /^key\d+$/.test(name))
  return names.map((name) => row[name] ?? '')
}

/** The sum; a column that is null adds nothing where another has a value. */
function amountOf(amounts: readonly (string | null)[], unit: 'yuan' | 'fen'): Fen | null {
  const given = amounts.filter((each) => each !== null)
  const fens = given.map((each) => fenIn(each, unit))
  if (given.length === 0 || fens.includes(null)) return null
  const sum = fens.reduce<Fen>((total, fen) => total + (fen ?? 0n), 0n)
  return sum >= 1n && sum <= fenMax ? sum : null
}

function fenIn(text: string, unit: 'yuan' | 'fen'): Fen | null {
  const trimmed = text.trim()
  if (unit === 'yuan') return fenOfYuan(trimmed)
  return /^-?\d{1,18}(\.0+)?$/.test(trimmed) ? BigInt(trimmed.replace(/\..*/, '')) : null
}
