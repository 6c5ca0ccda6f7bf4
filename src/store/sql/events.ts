import { sql } from 'kysely'
import type { NewOrderEvent, OrderEvent } from '../../domain/order.ts'
import { preparedRows, rowsOf, type Scope } from '../database.ts'
import type { Page, PageRequest } from '../store.ts'
import { byId, pageOf, startOf } from './cursor.ts'
import { insertEvent } from './json-records.ts'
import { type EventRow, eventColumns, eventOf, storedKind } from './rows.ts'
import { isUnstorable } from './storable-text.ts'

/** Throws for an order that is not here (foreign key). */
export async function appendEvent({ db, now }: Scope, event: NewOrderEvent): Promise<void> {
  await preparedRows(db, insertEvent(event, { at: now() }))
}

/** Plan: the order's events by their key. At most some dozens of them are notices. */
export async function readRefundNotices(
  { db }: Pick<Scope, 'db'>,
  orderNo: string,
): Promise<readonly OrderEvent[]> {
  const rows = await rowsOf(
    db,
    sql<EventRow>`
      select ${eventColumns} from order_events
      where order_no = ${orderNo} and kind = ${storedKind('refund_noticed')} and decision is null
      order by id`,
  )
  return rows.map(eventOf)
}

export async function listOrderEvents(
  { db }: Scope,
  { orderNo, ...page }: PageRequest & { orderNo: string },
): Promise<Page<OrderEvent>> {
  const after = startOf('order_events', page)?.key ?? '0'
  const rows = isUnstorable(orderNo)
    ? []
    : await rowsOf(
        db,
        sql<EventRow>`
          select ${eventColumns} from order_events
          where order_no = ${orderNo} and id > ${after}::bigint
          order by id limit ${page.limit + 1}`,
      )
  return pageOf(rows, { kind: 'order_events', limit: page.limit, item: eventOf, position: byId })
}

/** Above every id: the lists begin at their ends, by the indexes that they are also read forwards by. */
export const idMax = '9223372036854775807'

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
    position: byId,
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
