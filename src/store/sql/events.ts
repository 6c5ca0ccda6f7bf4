import { type RawBuilder, sql } from 'kysely'
import type { NewOrderEvent, OrderEvent } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import { planned, rowsOf, type Scope } from '../database.ts'
import type { Page, PageRequest } from '../store.ts'
import { pageOf, startOf } from './cursor.ts'
import { reasonRecord } from './records.ts'
import { type EventRow, eventColumns, eventOf, storedKind } from './rows.ts'
import { isUnstorable, storable } from './text.ts'

/** What the event's row takes from elsewhere in its statement. */
export interface EventPlace {
  readonly at: RawBuilder<unknown>
  /** Where the change of state, or the order at all, can be seen: `from changed`. Empty: unconditional. */
  readonly from?: RawBuilder<unknown>
  /** The state that the event gives, and its number. */
  readonly state?: { readonly status: OrderStatus; readonly seq: RawBuilder<unknown> }
}

/**
 * The insert of an event, to be part of the statement that does what the event tells (I6). Casts
 * everywhere: parameters in a `select` list have no type of their own.
 */
export function insertEvent(event: NewOrderEvent, place: EventPlace): RawBuilder<unknown> {
  const evidence = event.evidence === null ? null : JSON.stringify(event.evidence)
  const because = reasonRecord(event.reason)
  return sql`insert into order_events (
      order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, reason_code,
      reason_params, alarm, evidence, run_id, node, operator, actor_name, actor_address
    )
    select ${event.orderNo}::text, ${place.at}, ${storedKind(event.kind)}::text, ${event.source}::text,
      ${place.state?.status ?? null}::text, ${place.state?.seq ?? sql`null::integer`},
      ${storable(event.tradeState)}::text, ${event.decision}::text,
      ${because.reason}::text, ${because.reason_code}::text, ${because.reason_params}::json,
      ${event.alarm}::boolean, ${evidence}::json,
      ${event.runId}::bigint, ${event.node}::text, ${event.operator ?? null}::text,
      ${event.actor?.name ?? null}::text, ${event.actor?.address ?? null}::text
    ${place.from ?? sql``}`
}

/** Throws for an order that is not here (foreign key). */
export async function appendEvent({ db, now }: Scope, event: NewOrderEvent): Promise<void> {
  await sql`${planned} ${insertEvent(event, { at: now() })}`.execute(db)
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
  return pageOf(rows, {
    kind: 'order_events',
    limit: page.limit,
    item: eventOf,
    position: (row) => ({ at: null, key: String(row.id) }),
  })
}
