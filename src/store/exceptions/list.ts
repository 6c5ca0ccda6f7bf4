import { sql } from 'kysely'
import type { Exception, ExceptionKind, OpenExceptions } from '../../domain/review/exception.ts'
import { rowsOf, type Scope } from '../database.ts'
import type { Page } from '../page.ts'
import { byId, pageOf, startOf, walks } from '../sql/cursor.ts'
import { ofIdentity } from '../sql/merchant.ts'
import { isUnstorable } from '../sql/storable-text.ts'
import type { ExceptionFilter } from './exception-store.ts'
import { type ExceptionRow, exceptionColumns, exceptionOf } from './rows.ts'

/** Newest first, by the primary key. There are few: most orders never have one. */
export async function listExceptions(
  { db }: Pick<Scope, 'db'>,
  { limit, ...filter }: ExceptionFilter,
): Promise<Page<Exception>> {
  const { kind = null, state = null, orderNo = null, merchant = null } = filter
  const from = startOf('exceptions', { limit, cursor: filter.cursor })?.key ?? walks.newest.start
  const conditions = [
    sql`id < ${from}::bigint`,
    ofIdentity(merchant),
    ...(kind === null ? [] : [sql`kind = ${kind}`]),
    ...(state === null
      ? []
      : [state === 'open' ? sql`closed_at is null` : sql`closed_at is not null`]),
    ...(orderNo === null ? [] : [sql`order_number = ${orderNo}`]),
  ]
  const rows =
    orderNo !== null && isUnstorable(orderNo)
      ? []
      : await rowsOf(
          db,
          sql<ExceptionRow>`
            select ${exceptionColumns} from payment_exceptions where ${sql.join(conditions, sql` and `)}
            order by id desc limit ${limit + 1}`,
        )
  return pageOf(rows, { kind: 'exceptions', limit, item: exceptionOf, position: byId })
}

interface CountRow {
  readonly kind: ExceptionKind
  readonly count: number
  /** A sum, and so text: see `balanceOf`. */
  readonly amount: string
}

/** Plan: `exceptions_open` alone, which has no more entries than a team leaves open. */
export async function openExceptions({ db }: Pick<Scope, 'db'>): Promise<OpenExceptions> {
  const rows = await rowsOf(
    db,
    sql<CountRow>`
      select kind, count(*)::integer as count,
        coalesce(sum(amount_at_stake) filter (where currency = 'CNY'), 0)::text as amount
      from payment_exceptions where closed_at is null group by kind`,
  )
  return Object.fromEntries(
    rows.map(({ kind, count, amount }) => [kind, { count, amount: BigInt(amount) }]),
  )
}
