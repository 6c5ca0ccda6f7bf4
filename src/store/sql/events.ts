import { sql } from 'kysely'
import type { NewOrderEvent, OrderEvent } from '../../domain/order.ts'
import { preparedRows, rowsOf, type Scope } from '../database.ts'
import type { Page, PageRequest } from '../store.ts'
import { byId, pageOf, startOf, type Walk, walks } from './cursor.ts'
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

type EventsPage = PageRequest & { readonly orderNo: string }

export function listOrderEvents(scope: Scope, page: EventsPage): Promise<Page<OrderEvent>> {
  return pageOfEvents(scope, { ...page, kind: 'order_events' })
}

export function latestOrderEvents(scope: Scope, page: EventsPage): Promise<Page<OrderEvent>> {
  return pageOfEvents(scope, { ...page, kind: 'latest_order_events' })
}

async function pageOfEvents(
  { db }: Scope,
  { orderNo, kind, ...page }: EventsPage & { kind: 'order_events' | 'latest_order_events' },
): Promise<Page<OrderEvent>> {
  const walk = kind === 'order_events' ? walks.oldest : walks.newest
  const from = startOf(kind, page)?.key ?? walk.start
  const { limit } = page
  const rows = isUnstorable(orderNo)
    ? []
    : await rowsOf(db, eventsStatement({ orderNo, from, limit, walk }))
  return pageOf(rows, { kind, limit, item: eventOf, position: byId })
}

export function eventsStatement(page: {
  readonly orderNo: string
  readonly from: string
  readonly limit: number
  readonly walk: Walk
}) {
  const { beyond, order } = page.walk
  return sql<EventRow>`
    select ${eventColumns} from order_events
    where order_no = ${page.orderNo} and id ${beyond} ${page.from}::bigint
    order by id ${order} limit ${page.limit + 1}`
}
