import { type RawBuilder, sql } from 'kysely'
import { unreachable } from '../../domain/assert.ts'
import { isSameMerchant } from '../../domain/merchant.ts'
import type {
  NewOrder,
  NewOrderEvent,
  Order,
  OrderEnd,
  OrderFacts,
  OrderKey,
} from '../../domain/order.ts'
import { type OrderStatus, orderStatuses } from '../../domain/order-states.ts'
import { firstOf, preparedFirst, preparedRows, rowsOf, type Scope } from '../database.ts'
import type { Insertion, OrderAddition, OrderFilter, Page } from '../store.ts'
import { byCreation, type Position, pageOf, startOf } from './cursor.ts'
import {
  eventRecord,
  eventRecordColumns,
  insertEvent,
  insertEventRecords,
  ownerOfFirst,
  recordsOf,
} from './json-records.ts'
import { ofIdentity } from './merchant.ts'
import { orderSeal } from './order-steps.ts'
import { farEnd, type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'
import { isUnstorable } from './storable-text.ts'

/** What stands in the way of an insert, and is not this merchant's, is another merchant's. */
export async function insertOrder(scope: Scope, addition: OrderAddition): Promise<Insertion> {
  const { order } = addition
  const [inserted] = await tryInsertOrders(scope, [addition])
  if (inserted !== undefined) return { kind: 'inserted', order: inserted }
  const byKey = await findByIdempotencyKey(scope, order)
  if (byKey !== null) return { kind: 'exists', by: 'key', order: byKey }
  const ofNumber = await findOrders(scope, [order.orderNo])
  const byNumber = ofNumber.find((found) => isSameMerchant(found, order))
  if (byNumber !== undefined) return { kind: 'exists', by: 'number', order: byNumber }
  return { kind: 'upgrade_pending' }
}

/** Of several orders with one number of a merchant, the first is inserted. */
export async function insertOrders(
  scope: Scope,
  additions: readonly OrderAddition[],
): Promise<readonly Insertion[]> {
  const firsts = new Map<string, OrderAddition>()
  for (const addition of additions) {
    const identity = identityOf(addition.order)
    if (!firsts.has(identity)) firsts.set(identity, addition)
  }
  const inserted = byIdentity(await tryInsertOrders(scope, [...firsts.values()]))
  const others = [...firsts].filter(([identity]) => !inserted.has(identity))
  const numbers = others.map(([, { order }]) => order.orderNo)
  const found = byIdentity(await findOrders(scope, numbers))
  return additions.map((addition) => {
    const identity = identityOf(addition.order)
    const isFirst = firsts.get(identity) === addition
    const order = inserted.get(identity) ?? found.get(identity)
    if (order === undefined) return { kind: 'upgrade_pending' }
    return isFirst && inserted.has(identity)
      ? { kind: 'inserted', order }
      : { kind: 'exists', by: 'number', order }
  })
}

function byIdentity(orders: readonly Order[]): ReadonlyMap<string, Order> {
  return new Map(orders.map((order) => [identityOf(order), order]))
}

/** As people identify an order; none of the parts has a blank. */
function identityOf({ gateway, mchid, orderNo }: Omit<OrderFacts, 'appid'>): string {
  return `${gateway} ${mchid} ${orderNo}`
}

/**
 * Returns the orders that were inserted, each with its event; those whose key or number is taken are
 * left out. `on conflict` names no index, so that it covers both, and it waits for a concurrent insert
 * of the same. The numbers are inserted in their order, so that two batches do not wait for each other.
 */
async function tryInsertOrders(
  scope: Scope,
  additions: readonly OrderAddition[],
): Promise<readonly Order[]> {
  const { db, now } = scope
  const records = recordsOf(additions, (addition) => additionRecord(scope, addition))
  const end = sql`step.created_at + step.ttl_ms * interval '1 millisecond'`
  const rows = await preparedRows(
    db,
    sql<OrderRow>`
      with given as (
        select * from json_to_recordset(${records}::json) as given (
          number text, user_id text, amount bigint, currency text, description text, attach text,
          gateway text, mchid text, appid text, adopted boolean, idempotency_key text,
          placed_at timestamptz(3), ends_at timestamptz(3), ttl_ms float8, watch_ms float8,
          order_seal text, ${eventRecordColumns}
        )
      ),
      step as materialized (
        select *, coalesce(placed_at, ${now()}) as created_at,
          budan_order_key(gateway, mchid, number) as order_no
        from given
      ),
      added as (
        insert into orders (
          order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
          idempotency_key, status, state_seq, standing, created_at, known_at, next_check_at,
          expires_at, watched_until, seal
        )
        select order_no, user_id, amount, currency, description, attach, gateway, mchid, appid, adopted,
          idempotency_key, 'pending', 1, ${standingNumber('new')}::smallint, created_at, ${now()},
          created_at, coalesce(ends_at, to_timestamp(ceil(extract(epoch from ${end})))),
          ${now()} + watch_ms * interval '1 millisecond', order_seal
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

function additionRecord(scope: Scope, { order, event }: OrderAddition): object {
  return {
    ...eventRecord(scope, { owner: ownerOfFirst(order), event }),
    order_seal: orderSeal(scope, order),
    number: order.orderNo,
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

async function findByIdempotencyKey(
  { db }: Scope,
  { gateway, mchid, idempotencyKey }: NewOrder,
): Promise<Order | null> {
  if (idempotencyKey === null) return null
  const row = await firstOf(
    db,
    sql<OrderRow>`
      select ${orderColumns} from orders
      where gateway = ${gateway} and mchid = ${mchid} and idempotency_key = ${idempotencyKey}`,
  )
  return row && orderOf(row)
}

export async function findOrder({ db }: Scope, key: OrderKey): Promise<Order | null> {
  const row = await preparedFirst(
    db,
    sql<OrderRow>`select ${orderColumns} from orders where order_no = ${key}`,
  )
  return row && orderOf(row)
}

/** The orders that have one of these numbers. */
export async function findOrders(
  { db }: Scope,
  numbers: readonly string[],
): Promise<readonly Order[]> {
  const possible = numbers.filter(isOrderNo)
  if (possible.length === 0) return []
  return (await preparedRows(db, ordersStatement(possible))).map(orderOf)
}

/** Whether an order may have this number. A colon is what keys have behind the number. */
export function isOrderNo(text: string): boolean {
  return !isUnstorable(text) && !text.includes(':')
}

/**
 * The orders with these numbers, of whichever merchant: those whose key is the number, and those that
 * have a merchant's place behind it. A semicolon is what comes after a colon.
 * Plan: each number finds its rows by the key of `orders`.
 */
export function ordersStatement(numbers: readonly string[]): RawBuilder<OrderRow> {
  const given = sql`json_array_elements_text(${JSON.stringify(numbers)}::json)`
  return sql<OrderRow>`
    select ${orderColumns} from ${given} as given (number), lateral (
      select * from orders where order_no = number
      union all
      select * from orders where order_no > number || ':' and order_no < number || ';'
    ) as found`
}

interface NewCode {
  readonly key: OrderKey
  readonly codeUrl: string
  readonly codeLifeMs: number
  readonly event: NewOrderEvent
}

/** The event is kept even if the order has left `pending`, when there is nothing left to scan. */
export async function setCodeUrl(
  scope: Scope,
  { key, codeUrl, codeLifeMs, event }: NewCode,
): Promise<Order | null> {
  const { db, now } = scope
  const row = await firstOf(
    db,
    sql<OrderRow>`
      with scanned as (
        update orders set code_url = ${codeUrl}, standing = ${standingNumber('known')},
          code_expires_at = ${now()} + ${codeLifeMs}::float8 * interval '1 millisecond'
        where order_no = ${key} and status = 'pending'
        returning *
      ),
      event as (${insertEvent(scope, { key, event }, { at: now() })})
      select ${orderColumns} from scanned`,
  )
  return row && orderOf(row)
}

/**
 * Newest first. Conditions are put together here rather than written as `status = $1 or $1 is null`,
 * which no index can serve. Plan: the right end of `orders_by_time`, `orders_by_status`, or what
 * `orders_of_users` has of one user, where each order is then found by its key. Of a merchant, the right
 * ends of `orders_by_merchant`, one for each status: by the other indexes, the orders of a merchant that
 * has sold nothing lately would be looked for among those of all others. `nulls last` is what those have not.
 */
export async function listOrders({ db }: Scope, filter: OrderFilter): Promise<Page<Order>> {
  const after = startOf('orders', filter)
  const { status, userId, limit } = filter
  const isByMerchant = filter.merchant != null && userId === null
  const found = (only: OrderStatus | null) => sql`
    select * from ${userId === null ? sql`orders` : ordersOfUser}
    where ${only === null ? sql`true` : sql`status = ${only}`}
      and ${userId === null ? sql`true` : sql`user_id = ${userId}`}
      and ${ofIdentity(filter.merchant)}
      and ${after === null ? sql`true` : createdBefore(after)}
    order by ${isByMerchant ? newestOfMerchant : newest} limit ${limit + 1}`
  const statuses = isByMerchant && status === null ? orderStatuses : [status]
  const parts = statuses.map((only) => sql`(${found(only)})`)
  const rows = isUnstorable(userId ?? '')
    ? []
    : await rowsOf(
        db,
        sql<OrderRow>`
          select ${orderColumns} from (${sql.join(parts, sql` union all `)}) as found
          order by ${newest} limit ${limit + 1}`,
      )
  return pageOf(rows, { kind: 'orders', limit, item: orderOf, position: byCreation })
}

const newest = sql`created_at desc, order_no desc`
const newestOfMerchant = sql`created_at desc nulls last, order_no desc nulls last`

function createdBefore({ at, key }: Position): RawBuilder<unknown> {
  return sql`(created_at, order_no) < (${new Date(at ?? 0)}::timestamptz(3), ${key})`
}

/** All columns that they share, so that the names of each mean both. */
const ordersOfUser = sql`orders_of_users join orders using (user_id, created_at, order_no)`
