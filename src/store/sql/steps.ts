import { sql } from 'kysely'
import type { NewOrderEvent, Order } from '../../domain/order.ts'
import type { Schedule } from '../../domain/schedule.ts'
import { firstOf, planned, rowsOf, type Scope } from '../database.ts'
import { StaleOrderError } from '../errors.ts'
import type { AskedOrder, Correction, LockedOrder } from '../store.ts'
import { insertEvent } from './events.ts'
import { recordsOf, wellFormed } from './records.ts'
import { farEnd, type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'
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

/**
 * Those of many that nobody else holds, locked: one held by another would keep all of them waiting.
 * Plan: each record finds its row by the key of `orders`.
 */
export async function lockOrders(
  { db, lateNow }: Scope,
  asked: readonly AskedOrder[],
): Promise<readonly LockedOrder[]> {
  const rows = await rowsOf(
    db,
    sql<OrderRow & { readonly db_now: Date; readonly transaction_owner: string | null }>`${planned}
      with asked as materialized (
        select * from json_to_recordset(${recordsOf(asked.filter(isStorable), askedRecord)}::json)
          as asked (order_no text, payment text)
      ),
      locked as materialized (
        select found.*, asked.payment
        from asked, lateral (
          select * from orders where orders.order_no = asked.order_no
          for no key update skip locked
        ) as found
      )
      select ${orderColumns}, ${lateNow()} as db_now, (
        select t.order_no from transfers t
        where t.gateway = locked.gateway and t.transaction_id = locked.payment
          and t.order_no <> locked.order_no
      ) as transaction_owner
      from locked`,
  )
  return rows.map((row) => ({
    order: orderOf(row),
    now: row.db_now,
    transactionOwner: row.transaction_owner,
  }))
}

function isStorable({ orderNo }: AskedOrder): boolean {
  return !isUnstorable(orderNo)
}

function askedRecord({ orderNo, transactionId }: AskedOrder): object {
  return { order_no: orderNo, payment: wellFormed(transactionId) }
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
          absent_count = ${schedule.absentCount}, absent_since = ${schedule.absentSince},
          standing = ${standingNumber(schedule.standing)}, watched_until = ${schedule.watchedUntil}
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq} and status = 'pending'
        returning *
      ),
      told as (${insertEvent(event, { at: now(), from: sql`from waiting` })})
      select ${orderColumns} from waiting`,
  )
  return orderOrStale(row, { order, action: 'let it wait' })
}

/** The event comes at the time that the row keeps: so the schema can ask for one with each correction. */
export async function correctOrder(
  { db, now }: Scope,
  change: { order: Order; correction: Correction; event: NewOrderEvent },
): Promise<Order> {
  const { order, correction, event } = change
  const row = await firstOf(
    db,
    sql<OrderRow>`
      with corrected as (
        update orders set user_id = ${correction.userId}, amount = ${correction.amount},
          appid = ${correction.appid}, expires_at = ${correction.expiresAt ?? farEnd},
          watched_until = ${correction.watchedUntil}, next_check_at = ${correction.nextCheckAt},
          corrected_at = ${now()}
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq}
        returning *
      ),
      told as (${insertEvent(event, {
        at: sql`corrected.corrected_at`,
        from: sql`from corrected`,
      })})
      select ${orderColumns} from corrected`,
  )
  return orderOrStale(row, { order, action: 'correct it' })
}

export async function abandonOrder(
  { db, now }: Scope,
  { order, event }: { order: Order; event: NewOrderEvent },
): Promise<Order> {
  const row = await firstOf(
    db,
    sql<OrderRow>`
      with abandoned as (
        update orders set status = 'expired', state_seq = state_seq + 1, idempotency_key = null
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq}
          and status = 'pending' and code_url is null
        returning *
      ),
      told as (${insertEvent(event, {
        at: now(),
        from: sql`from abandoned`,
        state: { status: 'expired', seq: sql`abandoned.state_seq` },
      })})
      select ${orderColumns} from abandoned`,
  )
  return orderOrStale(row, { order, action: 'give it up' })
}

export function orderOrStale(
  row: OrderRow | null,
  { order, action }: { order: Order; action: string },
): Order {
  if (row === null) throw staleOrder(order, action)
  return orderOf(row)
}

export function staleOrder({ orderNo, status, stateSeq }: Order, action: string): StaleOrderError {
  const state = `${status}, state ${stateSeq}`
  return new StaleOrderError(
    `Cannot ${action}: order "${orderNo}" is not ${state}, as it was when it was locked`,
  )
}
