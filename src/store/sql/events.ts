import { sql } from 'kysely'
import type { NewOrderEvent, OrderEvent, OrderKey } from '../../domain/order.ts'
import { preparedRows, rowsOf, type Scope } from '../database.ts'
import type { Page, PageRequest } from '../store.ts'
import { byId, pageOf, startOf, type Walk, walks } from './cursor.ts'
import { insertEvent } from './json-records.ts'
import { type EventRow, eventColumns, eventOf, storedKind } from './rows.ts'

/** Throws for an order that is not here (foreign key). */
export async function appendEvent(
  scope: Scope,
  of: { readonly key: OrderKey; readonly event: NewOrderEvent },
): Promise<void> {
  await preparedRows(scope.db, insertEvent(scope, of, { at: scope.now() }))
}

/** Plan: the order's events by their key. At most some dozens of them are notices. */
export async function readRefundNotices(
  { db }: Pick<Scope, 'db'>,
  key: OrderKey,
): Promise<readonly OrderEvent[]> {
  const rows = await rowsOf(
    db,
    sql<EventRow>`
      select ${eventColumns} from order_events
      where order_no = ${key} and kind = ${storedKind('refund_noticed')} and decision is null
      order by id`,
  )
  return rows.map(eventOf)
}

type EventsPage = PageRequest & { readonly key: OrderKey }

export function listOrderEvents(scope: Scope, page: EventsPage): Promise<Page<OrderEvent>> {
  return pageOfEvents(scope, { ...page, kind: 'order_events' })
}

export function latestOrderEvents(scope: Scope, page: EventsPage): Promise<Page<OrderEvent>> {
  return pageOfEvents(scope, { ...page, kind: 'latest_order_events' })
}

async function pageOfEvents(
  { db }: Scope,
  { key, kind, ...page }: EventsPage & { kind: 'order_events' | 'latest_order_events' },
): Promise<Page<OrderEvent>> {
  const walk = kind === 'order_events' ? walks.oldest : walks.newest
  const from = startOf(kind, page)?.key ?? walk.start
  const { limit } = page
  const rows = await rowsOf(db, eventsStatement({ key, from, limit, walk }))
  return pageOf(rows, { kind, limit, item: eventOf, position: byId })
}

export function eventsStatement(page: {
  readonly key: OrderKey
  readonly from: string
  readonly limit: number
  readonly walk: Walk
}) {
  const { beyond, order } = page.walk
  return sql<EventRow>`
    select ${eventColumns} from order_events
    where order_no = ${page.key} and id ${beyond} ${page.from}::bigint
    order by id ${order} limit ${page.limit + 1}`
}
