import { type RawBuilder, sql } from 'kysely'
import type { OrderKey } from '../../domain/order.ts'
import { preparedRows, type Scope } from '../database.ts'
import { recordsOf, wellFormed } from '../sql/json-records.ts'
import type { LockRequest } from '../store.ts'

/**
 * Whether exceptions of an order's number, or notices of refunds, are there: in its timeline, or from before
 * it was here. `order`: its row, with the `payment` that an answer names.
 *
 * Plan: exceptions by `exceptions_once`; notices among the order's events, which are few while it can be
 * paid; those of before by their indexes. Each in the order of its index, because the planner would read a
 * whole table for `exists`.
 */
export function concernOf(order: RawBuilder<unknown>): RawBuilder<unknown> {
  const number = sql`split_part(${order}.order_no, ':', 1)`
  const firsts = [
    sql`
      select true from payment_exceptions e
      where e.order_number = ${number} and e.mchid = ${order}.mchid and e.gateway = ${order}.gateway
      order by e.order_number, e.mchid, e.gateway, e.kind, e.about limit 1`,
    sql`
      select true from order_events notice
      where notice.order_no = ${order}.order_no
        and notice.kind = 'answered' and notice.decision is null
      order by notice.order_no, notice.id limit 1`,
    sql`
      select true from early_refund_notices n
      where n.order_number = ${number} and n.mchid = ${order}.mchid and n.gateway = ${order}.gateway
      order by n.order_number, n.mchid, n.gateway, n.refund_key limit 1`,
    sql`
      select true from early_refund_notices n
      where n.order_number is null and n.transaction_id = ${order}.payment
        and n.mchid = ${order}.mchid and n.gateway = ${order}.gateway
      order by n.transaction_id, n.mchid, n.gateway, n.refund_key limit 1`,
  ]
  return sql.join(
    firsts.map((first) => sql`(${first}) is not null`),
    sql` or `,
  )
}

/**
 * A statement of its own sees all that was committed before it. The one that locked a row may have waited
 * for it, and sees what is in other tables as it was before the wait.
 */
export async function concernedOrders(
  { db }: Pick<Scope, 'db'>,
  requested: readonly LockRequest[],
): Promise<ReadonlySet<OrderKey>> {
  const records = recordsOf(requested, requestRecord)
  const rows = await preparedRows(
    db,
    sql<{ readonly order_no: OrderKey }>`
      with found_orders as materialized (
        select found.order_no, found.gateway, found.mchid, requested.payment
        from json_to_recordset(${records}::json) as requested (order_no text, payment text), lateral (
          select * from orders where orders.order_no = requested.order_no limit 1
        ) as found
      )
      select order_no from found_orders where ${concernOf(sql`found_orders`)}`,
  )
  return new Set(rows.map(({ order_no }) => order_no))
}

export function requestRecord({ key, transactionId }: LockRequest): object {
  return { order_no: key, payment: wellFormed(transactionId) }
}
