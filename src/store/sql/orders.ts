import { type RawBuilder, sql } from 'kysely'
import { assert, unreachable } from '../../domain/assert.ts'
import type { NewOrder, NewOrderEvent, Order, OrderEnd } from '../../domain/order.ts'
import { firstOf, preparedFirst, rowsOf, type Scope } from '../database.ts'
import type { Insertion, OrderFilter, Page } from '../store.ts'
import { pageOf, startOf } from './cursor.ts'
import { insertEvent } from './json-records.ts'
import { farEnd, type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'
import { isUnstorable } from './storable-text.ts'

/** A look-up after a conflict can only miss if the other order went away, and orders do not. */
export async function insertOrder(
  scope: Scope,
  { order, event }: { order: NewOrder; event: NewOrderEvent },
): Promise<Insertion> {
  const inserted = await tryInsertOrder(scope, { order, event })
  if (inserted !== null) return { kind: 'inserted', order: inserted }
  const byKey = await findOrderByKey(scope, order.idempotencyKey)
  if (byKey !== null) return { kind: 'exists', by: 'key', order: byKey }
  const byNumber = await findOrder(scope, order.orderNo)
  assert(byNumber !== null, `Order "${order.orderNo}" is neither new nor here`)
  return { kind: 'exists', by: 'number', order: byNumber }
}

/**
 * Null when the key or the number is taken. `on conflict` names no index, so that it covers both,
 * and it waits for a concurrent insert of the same.
 */
async function tryInsertOrder(
  { db, now }: Scope,
  { order, event }: { order: NewOrder; event: NewOrderEvent },
): Promise<Order | null> {
  const { endsAt, ttlMs, watchMs } = endColumns(order.end)
  const createdAt = sql`coalesce(${order.createdAt}::timestamptz(3), ${now()})`
  const row = await preparedFirst(
    db,
    sql<OrderRow>`
      with added as (
        insert into orders (
          order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
          idempotency_key, status, state_seq, standing, created_at, known_at, next_check_at,
          expires_at, watched_until
        )
        select ${order.orderNo}::text, ${order.userId}::text, ${order.amount}::bigint,
          ${order.currency}::text, ${order.description}::text, ${order.attach}::text,
          ${order.gateway}::text, ${order.mchid}::text, ${order.appid}::text,
          ${order.adopted}::boolean, ${order.idempotencyKey}::text, 'pending', 1,
          ${standingNumber('new')}::smallint, created.at, ${now()}, created.at,
          coalesce(${endsAt}::timestamptz(3), ${wholeSecondsAfter(ttlMs)}),
          ${now()} + ${watchMs}::float8 * interval '1 millisecond'
        from (select ${createdAt} as at) as created
        on conflict do nothing
        returning *
      ),
      event as (${insertEvent(event, {
        at: now(),
        from: sql`, added`,
        state: { status: 'pending', seq: sql`added.state_seq` },
      })})
      select ${orderColumns} from added`,
  )
  return row && orderOf(row)
}

/** A null leaves its part of the row empty, or to the other. */
function endColumns(end: OrderEnd): {
  readonly endsAt: Date | null
  readonly ttlMs: number | null
  readonly watchMs: number | null
} {
  switch (end.kind) {
    case 'at':
      return { endsAt: end.at, ttlMs: null, watchMs: null }
    case 'after':
      return { endsAt: null, ttlMs: end.ttlMs, watchMs: null }
    case 'unknown':
      return { endsAt: farEnd, ttlMs: null, watchMs: end.watchMs }
    default:
      return unreachable(end)
  }
}

function wholeSecondsAfter(ttlMs: number | null): RawBuilder<unknown> {
  const end = sql`created.at + ${ttlMs}::float8 * interval '1 millisecond'`
  return sql`to_timestamp(ceil(extract(epoch from ${end})))`
}

async function findOrderByKey({ db }: Scope, key: string | null): Promise<Order | null> {
  if (key === null) return null
  const row = await firstOf(
    db,
    sql<OrderRow>`select ${orderColumns} from orders where idempotency_key = ${key}`,
  )
  return row && orderOf(row)
}

export async function findOrder({ db }: Scope, orderNo: string): Promise<Order | null> {
  if (isUnstorable(orderNo)) return null
  const row = await preparedFirst(
    db,
    sql<OrderRow>`select ${orderColumns} from orders where order_no = ${orderNo}`,
  )
  return row && orderOf(row)
}

/** The event is kept even if the order has left `pending`, when there is nothing left to scan. */
export async function setCodeUrl(
  { db, now }: Scope,
  { codeUrl, codeLifeMs, event }: { codeUrl: string; codeLifeMs: number; event: NewOrderEvent },
): Promise<Order | null> {
  const row = await firstOf(
    db,
    sql<OrderRow>`
      with scanned as (
        update orders set code_url = ${codeUrl}, standing = ${standingNumber('known')},
          code_expires_at = ${now()} + ${codeLifeMs}::float8 * interval '1 millisecond'
        where order_no = ${event.orderNo} and status = 'pending'
        returning *
      ),
      event as (${insertEvent(event, { at: now() })})
      select ${orderColumns} from scanned`,
  )
  return row && orderOf(row)
}

/**
 * Newest first. Conditions are put together here rather than written as `status = $1 or $1 is null`,
 * which no index can serve.
 * Plan: the right end of `orders_by_time`, `orders_by_status`, or what `orders_of_users` has of one
 * user, where each order is then found by its key.
 */
export async function listOrders({ db }: Scope, filter: OrderFilter): Promise<Page<Order>> {
  const after = startOf('orders', filter)
  const { status, userId } = filter
  const conditions = [
    sql`true`,
    ...(status === null ? [] : [sql`status = ${status}`]),
    ...(userId === null ? [] : [sql`user_id = ${userId}`]),
    ...(after === null
      ? []
      : [sql`(created_at, order_no) < (${new Date(after.at ?? 0)}::timestamptz(3), ${after.key})`]),
  ]
  const rows = isUnstorable(userId ?? '')
    ? []
    : await rowsOf(
        db,
        sql<OrderRow>`
          select ${orderColumns} from ${userId === null ? sql`orders` : ordersOfUser}
          where ${sql.join(conditions, sql` and `)}
          order by created_at desc, order_no desc limit ${filter.limit + 1}`,
      )
  return pageOf(rows, {
    kind: 'orders',
    limit: filter.limit,
    item: orderOf,
    position: (row) => ({ at: +row.createdAt, key: row.orderNo }),
  })
}

/** All columns that they share, so that the names of each mean both. */
const ordersOfUser = sql`orders_of_users join orders using (user_id, created_at, order_no)`
