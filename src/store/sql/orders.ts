import { sql } from 'kysely'
import { assert, unreachable } from '../../domain/assert.ts'
import type { NewOrderEvent, Order, OrderEnd } from '../../domain/order.ts'
import { firstOf, preparedFirst, preparedRows, rowsOf, type Scope } from '../database.ts'
import type { Insertion, OrderAddition, OrderFilter, Page } from '../store.ts'
import { byCreation, pageOf, startOf } from './cursor.ts'
import {
  eventRecord,
  eventRecordColumns,
  insertEvent,
  insertEventRecords,
  recordsOf,
} from './json-records.ts'
import { farEnd, type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'
import { isUnstorable } from './storable-text.ts'

/** A look-up after a conflict can only miss if the other order went away, and orders do not. */
export async function insertOrder(scope: Scope, addition: OrderAddition): Promise<Insertion> {
  const { order } = addition
  const [inserted] = await tryInsertOrders(scope, [addition])
  if (inserted !== undefined) return { kind: 'inserted', order: inserted }
  const byKey = await findOrderByKey(scope, order.idempotencyKey)
  if (byKey !== null) return { kind: 'exists', by: 'key', order: byKey }
  const byNumber = await findOrder(scope, order.orderNo)
  assert(byNumber !== null, `Order "${order.orderNo}" is neither new nor here`)
  return { kind: 'exists', by: 'number', order: byNumber }
}

/** Of several orders with one number, the first is inserted. */
export async function insertOrders(
  scope: Scope,
  additions: readonly OrderAddition[],
): Promise<readonly Insertion[]> {
  const firsts = new Map<string, OrderAddition>()
  for (const addition of additions) {
    const { orderNo } = addition.order
    if (!firsts.has(orderNo)) firsts.set(orderNo, addition)
  }
  const inserted = byNumber(await tryInsertOrders(scope, [...firsts.values()]))
  const others = [...firsts.keys()].filter((orderNo) => !inserted.has(orderNo))
  const found = byNumber(await findOrders(scope, others))
  return additions.map((addition) => {
    const { orderNo } = addition.order
    const isFirst = firsts.get(orderNo) === addition
    const order = inserted.get(orderNo) ?? found.get(orderNo)
    assert(order !== undefined, `Order "${orderNo}" is neither new nor here`)
    return isFirst && inserted.has(orderNo)
      ? { kind: 'inserted', order }
      : { kind: 'exists', by: 'number', order }
  })
}

function byNumber(orders: readonly Order[]): ReadonlyMap<string, Order> {
  return new Map(orders.map((order) => [order.orderNo, order]))
}

/**
 * Returns the orders that were inserted, each with its event; those whose key or number is taken are
 * left out. `on conflict` names no index, so that it covers both, and it waits for a concurrent insert
 * of the same. The numbers are inserted in their order, so that two batches do not wait for each other.
 */
async function tryInsertOrders(
  { db, now }: Scope,
  additions: readonly OrderAddition[],
): Promise<readonly Order[]> {
  const end = sql`step.created_at + step.ttl_ms * interval '1 millisecond'`
  const rows = await preparedRows(
    db,
    sql<OrderRow>`
      with given as (
        select * from json_to_recordset(${recordsOf(additions, additionRecord)}::json) as given (
          order_no text, user_id text, amount bigint, currency text, description text, attach text,
          gateway text, mchid text, appid text, adopted boolean, idempotency_key text,
          placed_at timestamptz(3), ends_at timestamptz(3), ttl_ms float8, watch_ms float8,
          ${eventRecordColumns}
        )
      ),
      step as materialized (
        select *, coalesce(placed_at, ${now()}) as created_at from given
      ),
      added as (
        insert into orders (
          order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
          idempotency_key, status, state_seq, standing, created_at, known_at, next_check_at,
          expires_at, watched_until
        )
        select order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
          idempotency_key, 'pending', 1, ${standingNumber('new')}::smallint, created_at, ${now()},
          created_at, coalesce(ends_at, to_timestamp(ceil(extract(epoch from ${end})))),
          ${now()} + watch_ms * interval '1 millisecond'
        from step
        order by order_no
        on conflict do nothing
        returning *
      ),
      event as (${insertEventRecords({
        at: now(),
        from: sql`from step join added using (order_no)`,
        state: { status: 'pending', seq: sql`added.state_seq` },
      })})
      select ${orderColumns} from added`,
  )
  return rows.map(orderOf)
}

function additionRecord({ order, event }: OrderAddition): object {
  return {
    ...eventRecord(event),
    order_no: order.orderNo,
    user_id: order.userId,
    amount: String(order.amount),
    currency: order.currency,
    description: order.description,
    attach: order.attach,
    gateway: order.gateway,
    mchid: order.mchid,
    appid: order.appid,
    adopted: order.adopted,
    idempotency_key: order.idempotencyKey,
    placed_at: order.createdAt,
    ...endRecord(order.end),
  }
}

/** What is left out is null. */
function endRecord(end: OrderEnd): object {
  switch (end.kind) {
    case 'at':
      return { ends_at: end.at }
    case 'after':
      return { ttl_ms: end.ttlMs }
    case 'unknown':
      return { ends_at: farEnd, watch_ms: end.watchMs }
    default:
      return unreachable(end)
  }
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

async function findOrders({ db }: Scope, orderNos: readonly string[]): Promise<readonly Order[]> {
  if (orderNos.length === 0) return []
  const rows = await rowsOf(
    db,
    sql<OrderRow>`
      select ${orderColumns} from orders
      where order_no in (select json_array_elements_text(${JSON.stringify(orderNos)}::json))`,
  )
  return rows.map(orderOf)
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
 * which no index can serve. Plan: the right end of `orders_by_time`, `orders_by_status`, or what
 * `orders_of_users` has of one user, where each order is then found by its key.
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
  return pageOf(rows, { kind: 'orders', limit: filter.limit, item: orderOf, position: byCreation })
}

/** All columns that they share, so that the names of each mean both. */
const ordersOfUser = sql`orders_of_users join orders using (user_id, created_at, order_no)`
