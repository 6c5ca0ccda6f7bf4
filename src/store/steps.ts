import { sql } from 'kysely'
import type { NewOrderEvent, Order } from '../order.ts'
import { firstOf, planned, type Scope } from './database.ts'
import { StaleOrderError } from './errors.ts'
import { insertEvent } from './events.ts'
import { type OrderRow, orderColumns, orderOf } from './rows.ts'
import type { LockedOrder, Schedule } from './store.ts'
import { isUnstorable, storable } from './text.ts'

/**
 * `materialized`, so that the time is read after the wait for the lock, not before it.
 * `no key update` excludes every other settlement and claim, and lets events be appended.
 */
export async function lockOrder(
  { db, lateNow }: Scope,
  { orderNo, transactionId }: { orderNo: string; transactionId: string | null },
): Promise<LockedOrder | null> {
  if (isUnstorable(orderNo)) return null
  const row = await firstOf(
    db,
    sql<OrderRow & { readonly db_now: Date; readonly transaction_owner: string | null }>`${planned}
      with locked as materialized (
        select * from orders where order_no = ${orderNo} for no key update
      )
      select ${orderColumns}, ${lateNow()} as db_now, (
        select t.order_no from transfers t
        where t.gateway = locked.gateway and t.transaction_id = ${storable(transactionId)}
          and t.order_no <> locked.order_no
      ) as transaction_owner
      from locked`,
  )
  return row && { order: orderOf(row), now: row.db_now, transactionOwner: row.transaction_owner }
}

export async function turnOrder(
  { db, now }: Scope,
  turn: { order: Order; status: 'expired' | 'review'; event: NewOrderEvent },
): Promise<Order> {
  const { order, status, event } = turn
  const row = await firstOf(
    db,
    sql<OrderRow>`${planned}
      with turned as (
        update orders set status = ${status}, state_seq = state_seq + 1,
          dismissed_at = null, dismissed_payment = null
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq}
        returning *
      ),
      told as (${insertEvent(event, {
        at: now(),
        from: sql`from turned`,
        state: { status, seq: sql`turned.state_seq` },
      })})
      select ${orderColumns} from turned`,
  )
  return orderOrStale(row, { order, action: `make it ${status}` })
}

export async function waitWithOrder(
  { db, now }: Scope,
  wait: { order: Order; schedule: Schedule; event: NewOrderEvent },
): Promise<Order> {
  const { order, schedule, event } = wait
  const row = await firstOf(
    db,
    sql<OrderRow>`${planned}
      with waiting as (
        update orders set next_check_at = ${schedule.nextCheckAt}, checks = ${schedule.checks},
          absent_count = ${schedule.absentCount}, absent_since = ${schedule.absentSince}
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq} and status = 'pending'
        returning *
      ),
      told as (${insertEvent(event, { at: now(), from: sql`from waiting` })})
      select ${orderColumns} from waiting`,
  )
  return orderOrStale(row, { order, action: 'let it wait' })
}

export function orderOrStale(
  row: OrderRow | null,
  { order, action }: { order: Order; action: string },
): Order {
  if (row !== null) return orderOf(row)
  const state = `${order.status}, state ${order.stateSeq}`
  throw new StaleOrderError(
    `Cannot ${action}: order "${order.orderNo}" is not ${state}, as it was when it was locked`,
  )
}
