import { type RawBuilder, sql } from 'kysely'
import type { Merchant, Order } from '../order.ts'
import { rowsOf, type Scope } from './database.ts'
import { type OrderRow, orderColumns, orderOf } from './rows.ts'
import type { ClaimedOrder, Due } from './store.ts'
import { strayedOrders, strayingOf } from './strayed.ts'

export async function claimDue(
  scope: Scope,
  claim: Due & { leaseMs: number },
): Promise<readonly ClaimedOrder[]> {
  const rows = await rowsOf(scope.db, claimStatement(scope, claim))
  return rows.map((row) => ({ order: orderOf(row), dueAt: row.due_at }))
}

type DueRow = OrderRow & { readonly due_at: Date }

/**
 * Plan: the ends of indexes, stopping at the limits, no sort; then each row by its key. The limits
 * are written into the text: as parameters a generic plan would guess a tenth of the table, and may
 * then join by reading all of it.
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
    with ${dueOrders(now(), { due, lock: sql`for no key update skip locked` })},
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from due where orders.order_no = due.order_no
      returning orders.*, due.due_at, due.strayed
    )
    select ${orderColumns}, due_at from claimed
    order by strayed desc, due_at, created_at, order_no`
}

/**
 * `due (order_no, due_at, strayed)`: at most half of it strayed, and the usual ones as many as there
 * is room for. The limit inside is for the planner, who cannot foresee the one outside; nothing is
 * read, or locked, beyond either.
 */
function dueOrders(
  now: RawBuilder<Date>,
  { due, lock }: { due: Due; lock: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const usual = sql`
    select order_no, next_check_at as due_at, false as strayed from orders
    ${whereDue(now, due)} ${lock}`
  const straying = strayingOf(due)
  if (straying === null) return sql`due as materialized (${usual})`
  return sql`${strayedOrders(now, { straying, lock })},
    due as materialized (
      select order_no, due_at, true as strayed from strayed
      union all (
        select * from (${usual}) as usual
        limit ${sql.lit(due.limit)} - (select count(*) from strayed)
      )
    )`
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

export async function peekDue({ db, now }: Scope, due: Due): Promise<readonly Order[]> {
  const rows = await rowsOf(
    db,
    sql<OrderRow>`
      with ${dueOrders(now(), { due, lock: sql`` })}
      select ${orderColumns} from due join orders using (order_no)
      order by strayed desc, due_at, created_at, order_no`,
  )
  return rows.map(orderOf)
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
