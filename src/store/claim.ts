import { type RawBuilder, sql } from 'kysely'
import type { Merchant, Order } from '../order.ts'
import { rowsOf, type Scope } from './database.ts'
import { type OrderRow, orderColumns, orderOf } from './rows.ts'
import type { ClaimedOrder, Due } from './store.ts'
import { claimStrayed, type DueRow, peekStrayed } from './strayed.ts'

export async function claimDue(
  scope: Scope,
  claim: Due & { leaseMs: number },
): Promise<readonly ClaimedOrder[]> {
  // A probe asks one order, another each time: a stray one would be that one for ever.
  const strayed = claim.youngestFrom === undefined ? await claimStrayed(scope, claim) : []
  const limit = claim.limit - strayed.length
  const usual = limit > 0 ? await rowsOf(scope.db, claimStatement(scope, { ...claim, limit })) : []
  return [...strayed, ...usual].map((row) => ({ order: orderOf(row), dueAt: row.due_at }))
}

/**
 * Plan: `orders_due` from its left end, stopping at the limit, no sort; then each row by its key.
 * The limit is written into the text: as a parameter a generic plan would guess a tenth of the
 * table, and may then join by reading all of it.
 *
 * `no key update` is the lock that this update takes in any case. `for update` would also exclude
 * the key-share lock of a concurrent event's foreign key, and skip an order that nobody else asks.
 * Two claims never share an order; a row locked by a settlement is skipped, and due again next time.
 */
export function claimStatement(
  { now }: Pick<Scope, 'now'>,
  { leaseMs, ...due }: Due & { leaseMs: number },
): RawBuilder<DueRow> {
  return sql<DueRow>`
    with due as materialized (
      select order_no, next_check_at as due_at from orders
      ${whereDue(now(), due)}
      for no key update skip locked
    ),
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from due where orders.order_no = due.order_no
      returning orders.*, due.due_at
    )
    select ${orderColumns}, due_at from claimed order by due_at, created_at, order_no`
}

function whereDue(
  now: RawBuilder<Date>,
  { limit, youngestFrom, ...due }: Due,
): RawBuilder<unknown> {
  if (youngestFrom !== undefined) {
    return sql`
      ${whichDue(now, due)}
      order by next_check_at desc, created_at desc, order_no desc
      limit ${sql.lit(limit)} offset ${sql.lit(youngestFrom)}`
  }
  return sql`
    ${whichDue(now, due)}
    order by next_check_at, created_at, order_no
    limit ${sql.lit(limit)}`
}

function whichDue(
  now: RawBuilder<Date>,
  { merchant, thresholdMs }: Omit<Due, 'limit'>,
): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and next_check_at <= ${now}
      and gateway = ${merchant.gateway} and mchid = ${merchant.mchid} and appid = ${merchant.appid}
      and created_at < ${now} - ${thresholdMs}::float8 * interval '1 millisecond'`
}

export async function peekDue(scope: Scope, due: Due): Promise<readonly Order[]> {
  const { db, now } = scope
  const strayed = await peekStrayed(scope, due)
  const usual = await rowsOf(
    db,
    sql<OrderRow>`select ${orderColumns} from orders
      ${whereDue(now(), { ...due, limit: due.limit - strayed.length })}`,
  )
  return [...strayed, ...usual].map(orderOf)
}

export async function countDue(
  scope: Scope,
  due: Omit<Due, 'limit'> & { readonly countMax: number },
): Promise<number> {
  const [row] = await rowsOf(scope.db, countStatement(scope, due))
  return row?.count ?? 0
}

/**
 * Plan: all that is asked for lies in `orders_due`, so an index-only scan of its left end. The order
 * is the index's own: it keeps the planner from reading the table where most of it is due.
 */
export function countStatement(
  { now }: Pick<Scope, 'now'>,
  { countMax, ...due }: Omit<Due, 'limit'> & { readonly countMax: number },
): RawBuilder<{ readonly count: number }> {
  return sql<{ readonly count: number }>`
    select count(*)::integer as count from (
      select from orders ${whichDue(now(), due)}
      order by next_check_at, created_at, order_no limit ${sql.lit(countMax)}
    ) as counted`
}

/** Only leases that still stand: what was settled, or claimed again, since then stays as it is. */
export async function release({ db }: Scope, claimed: readonly ClaimedOrder[]): Promise<void> {
  if (claimed.length === 0) return
  const leases = claimed.map(({ order, dueAt }) => ({
    order_no: order.orderNo,
    state_seq: order.stateSeq,
    leased_to: order.nextCheckAt,
    due_at: dueAt,
  }))
  await sql`
    update orders set next_check_at = lease.due_at
    from json_to_recordset(${JSON.stringify(leases)}::json) as lease (
      order_no text, state_seq integer, leased_to timestamptz(3), due_at timestamptz(3)
    )
    where orders.order_no = lease.order_no and orders.status = 'pending'
      and orders.state_seq = lease.state_seq and orders.next_check_at = lease.leased_to`.execute(db)
}

export async function openOrders({
  db,
}: Pick<Scope, 'db'>): Promise<readonly (Merchant & { readonly count: number })[]> {
  const rows = await rowsOf(
    db,
    sql<Merchant & { readonly count: bigint }>`
      select gateway, mchid, appid, count(*) as count from orders
      where status = 'pending' group by gateway, mchid, appid`,
  )
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}
