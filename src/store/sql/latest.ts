import { sql } from 'kysely'
import type { OrderEvent } from '../../domain/order.ts'
import { userAccount } from '../../domain/transfer.ts'
import { rowsOf, type Scope } from '../database.ts'
import type { Page, PageRequest, StatementEntry } from '../store.ts'
import { pageOf, startOf } from './cursor.ts'
import { type EntryRow, statementEntryOf } from './ledger.ts'
import { type EventRow, eventColumns, eventOf } from './rows.ts'
import { isUnstorable } from './text.ts'

/** Timelines and statements from their ends, by the indexes that they are also read forwards by. */

/** Above every id. */
const idMax = '9223372036854775807'

export async function latestOrderEvents(
  { db }: Scope,
  { orderNo, ...page }: PageRequest & { orderNo: string },
): Promise<Page<OrderEvent>> {
  const before = startOf('latest_order_events', page)?.key ?? idMax
  const rows = isUnstorable(orderNo)
    ? []
    : await rowsOf(db, latestEventsStatement({ orderNo, before, limit: page.limit }))
  return pageOf(rows, {
    kind: 'latest_order_events',
    limit: page.limit,
    item: eventOf,
    position: (row) => ({ at: null, key: String(row.id) }),
  })
}

export function latestEventsStatement(page: {
  readonly orderNo: string
  readonly before: string
  readonly limit: number
}) {
  return sql<EventRow>`
    select ${eventColumns} from order_events
    where order_no = ${page.orderNo} and id < ${page.before}::bigint
    order by id desc limit ${page.limit + 1}`
}

export async function latestEntries(
  { db }: Scope,
  { userId, ...page }: PageRequest & { userId: string },
): Promise<Page<StatementEntry>> {
  const before = startOf('latest_entries', page)?.key ?? idMax
  const rows = isUnstorable(userId)
    ? []
    : await rowsOf(db, latestEntriesStatement({ userId, before, limit: page.limit }))
  return pageOf(rows, {
    kind: 'latest_entries',
    limit: page.limit,
    item: statementEntryOf,
    position: (row) => ({ at: null, key: String(row.id) }),
  })
}

/**
 * The balance before the page is summed from all older entries, which the index alone holds: exact
 * on every page, whatever the cursor says. An entry whose transfer was lost is shown without it:
 * whoever looks for such damage must not miss a line.
 */
export function latestEntriesStatement(page: {
  readonly userId: string
  readonly before: string
  readonly limit: number
}) {
  const account = userAccount(page.userId)
  return sql<EntryRow>`
    with page as (
      select id, order_no, amount, currency, at from entries
      where account = ${account} and id < ${page.before}::bigint
      order by id desc limit ${page.limit + 1}
    )
    select page.id, page.order_no, coalesce(transfers.transaction_id, '') as transaction_id,
      page.amount, page.currency, page.at, (
        (select coalesce(sum(amount), 0) from entries
          where account = ${account} and id < (select min(id) from page))
        + sum(page.amount) over (order by page.id)
      )::text as balance
    from page left join transfers on transfers.order_no = page.order_no
    order by page.id desc`
}
