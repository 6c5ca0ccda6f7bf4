import { type RawBuilder, sql } from 'kysely'
import type { Order } from '../../../domain/order.ts'
import { rowsOf, type Scope } from '../../database.ts'
import type { ClaimedOrder, LateClaim } from '../../store.ts'
import { ofMerchant } from '../merchant.ts'
import { type OrderRow, orderColumns, orderOf } from '../rows.ts'

/**
 * When an order is queried after it expired without a word of the gateway that its trade has ended: 1, 7 and
 * 30 days later. A table of its own: runs look for what is due among pending orders alone.
 */
const lateDays = [1, 7, 30] as const

export async function addLateChecks({ db, now }: Scope, order: Order): Promise<void> {
  await sql`
    insert into late_checks (order_no, gateway, mchid, expired_at, due_at)
    values (${order.key}, ${order.gateway}, ${order.mchid}, ${now()},
      ${now()} + ${lateDays[0]} * interval '1 day')
    on conflict do nothing`.execute(db)
}

/** Moves it to the next of its days; after the last one there is nothing to wait for. */
export async function countLateCheck({ db }: Scope, { key }: Order): Promise<void> {
  await sql`
    with last as (
      delete from late_checks where order_no = ${key} and asked >= ${lateDays.length - 1}
    )
    update late_checks set asked = asked + 1,
      due_at = expired_at + case asked when 0 then ${lateDays[1]}::integer else ${lateDays[2]}::integer end
        * interval '1 day'
    where order_no = ${key} and asked < ${lateDays.length - 1}`.execute(db)
}

/** Of the row `merchant`. Plan: the first entry of `late_checks_due`. */
export function lateCheckDue(
  now: RawBuilder<Date>,
  merchant: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql`exists (
    select from late_checks late
    where late.gateway = ${merchant}.gateway and late.mchid = ${merchant}.mchid
      and late.due_at <= ${now}
  )`
}

/**
 * Plan: the start of `late_checks_due`, then each order by its key. What was credited, or is in
 * review, meanwhile needs no late check any more.
 */
export async function claimLate(
  { db, now }: Scope,
  { merchant, limit, leaseMs }: LateClaim,
): Promise<readonly ClaimedOrder[]> {
  const rows = await rowsOf(
    db,
    sql<OrderRow & { readonly dueAt: Date }>`
      with due as materialized (
        select order_no, due_at from late_checks
        where gateway = ${merchant.gateway} and mchid = ${merchant.mchid} and due_at <= ${now()}
        order by due_at, order_no limit ${sql.lit(limit)} for no key update skip locked
      ),
      found as materialized (
        select orders.*, due.due_at from due, lateral (
          select * from orders where orders.order_no = due.order_no limit 1
        ) as orders
      ),
      over as (
        delete from late_checks using found
        where late_checks.order_no = found.order_no and found.status <> 'expired'
      ),
      leased as (
        update late_checks set due_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
        from found where late_checks.order_no = found.order_no and found.status = 'expired'
      )
      select ${orderColumns}, due_at as "dueAt" from found
      where status = 'expired' and ${ofMerchant(merchant)} order by due_at, order_no`,
  )
  return rows.map(({ dueAt, ...row }) => ({ order: orderOf(row), dueAt }))
}
