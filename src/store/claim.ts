import { type RawBuilder, sql } from 'kysely'
import type { Merchant, Order } from '../order.ts'
import { rowsOf, type Scope } from './database.ts'
import type { LeftEnd } from './left-end.ts'
import { type OrderRow, orderColumns, orderOf } from './rows.ts'
import type { ClaimedOrder, Due } from './store.ts'
import { strayedOrders, strayingOf } from './strayed.ts'

type Claim = Due & { readonly leaseMs: number }

/** One statement, and a second one only where the first began after the left end and found too few. */
export async function claimDue(
  scope: Scope,
  { leftEnd, ...claim }: Claim & { leftEnd: LeftEnd },
): Promise<readonly ClaimedOrder[]> {
  if (claim.youngestFrom !== undefined) return claimedOf(await take(scope, claim))
  const from = leftEnd.of(claim.merchant)
  if (from === null) return claimedOf(await takeFromEnd(scope, { leftEnd, ...claim }))
  const taken = await take(scope, { ...claim, from })
  const last = lastUsual(taken)
  if (taken.length === claim.limit && last !== null) {
    leftEnd.movedTo(last.due_at)
    return claimedOf(taken)
  }
  leftEnd.forget()
  const { farthestMs: _, ...usual } = claim
  const rest = { leftEnd, ...usual, limit: claim.limit - taken.length }
  return claimedOf([...taken, ...(rest.limit > 0 ? await takeFromEnd(scope, rest) : [])])
}

async function takeFromEnd(
  scope: Scope,
  { leftEnd, ...claim }: Claim & { leftEnd: LeftEnd },
): Promise<readonly DueRow[]> {
  const startedAt = performance.now()
  const taken = await take(scope, claim)
  const last = lastUsual(taken)
  const { merchant } = claim
  const lookMs = performance.now() - startedAt
  // Otherwise there is hardly more to take, and nothing that the next claim could begin with.
  if (taken.length === claim.limit && last !== null) {
    leftEnd.found({ merchant, at: last.due_at, lookMs })
  }
  return taken
}

function take(scope: Scope, claim: Claim & { from?: Date }): Promise<readonly DueRow[]> {
  return rowsOf(scope.db, claimStatement(scope, claim))
}

/** Strayed ones come first. */
function lastUsual(taken: readonly DueRow[]): DueRow | null {
  const last = taken.at(-1)
  return last === undefined || last.strayed ? null : last
}

function claimedOf(taken: readonly DueRow[]): readonly ClaimedOrder[] {
  return taken.map((row) => ({ order: orderOf(row), dueAt: row.due_at }))
}

type DueRow = OrderRow & { readonly due_at: Date; readonly strayed: boolean }

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
  { leaseMs, ...due }: Claim & { from?: Date },
): RawBuilder<DueRow> {
  return sql<DueRow>`
    with ${dueOrders(now(), { due, lock: sql`for no key update skip locked` })},
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from due where orders.order_no = due.order_no
      returning orders.*, due.due_at, due.strayed
    )
    select ${orderColumns}, due_at, strayed from claimed
    order by strayed desc, due_at, created_at, order_no`
}

/**
 * `due (order_no, due_at, strayed)`: at most half of it strayed, and the usual ones as many as there
 * is room for. The limit inside is for the planner, who cannot foresee the one outside; nothing is
 * read, or locked, beyond either.
 */
function dueOrders(
  now: RawBuilder<Date>,
  { due, lock }: { due: Due & { from?: Date }; lock: RawBuilder<unknown> },
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
  { limit, youngestFrom, from, ...due }: Due & { from?: Date },
): RawBuilder<unknown> {
  if (youngestFrom !== undefined) {
    return sql`
      ${whichDue(now, due)}
      order by next_check_at desc, created_at desc, order_no desc
      limit ${sql.lit(limit)} offset ${sql.lit(youngestFrom)}`
  }
  return sql`
    ${whichDue(now, due)} ${from === undefined ? sql`` : sql`and next_check_at >= ${from}`}
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

/**
 * Only leases that still stand: what was settled, or claimed again, since then stays as it is.
 * Plan: each finds its row by its key; see `waitStatement`.
 */
export async function release({ db }: Scope, claimed: readonly ClaimedOrder[]): Promise<void> {
  if (claimed.length === 0) return
  const leases = claimed.map(({ order, dueAt }) => ({
    order_no: order.orderNo,
    state_seq: order.stateSeq,
    leased_to: order.nextCheckAt,
    due_at: dueAt,
  }))
  await sql`
    with held as materialized (
      select lease.order_no, lease.due_at
      from json_to_recordset(${JSON.stringify(leases)}::json) as lease (
        order_no text, state_seq integer, leased_to timestamptz(3), due_at timestamptz(3)
      ), lateral (
        select from orders
        where orders.order_no = lease.order_no and orders.status = 'pending'
          and orders.state_seq = lease.state_seq and orders.next_check_at = lease.leased_to
        for no key update
      ) as found
    )
    update orders set next_check_at = held.due_at
    from held where orders.order_no = held.order_no
      and orders.order_no = any (array(select order_no from held))`.execute(db)
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
