import { type RawBuilder, sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import type {
  NewOrderEvent,
  Order,
  OrderEvent,
  OrderKey,
  Review,
  ReviewTrail,
} from '../../domain/order.ts'
import { rowsOf, type Scope } from '../database.ts'
import type { Page, ReviewFilter } from '../store.ts'
import { byCreation, pageOf, startOf } from './cursor.ts'
import { ofIdentity } from './merchant.ts'
import { changeOrder } from './order-steps.ts'
import { findOrder } from './orders.ts'
import {
  type EventRow,
  eventColumns,
  eventOf,
  type OrderRow,
  orderColumns,
  orderOf,
} from './rows.ts'
import { storable } from './storable-text.ts'

/**
 * Oldest order first, from `orders_by_status`; of one merchant from `orders_by_merchant`. Dismissed ones are passed over on the way: an index
 * without them would cost a lock for as long as it is built, and a person dismisses few.
 */
export async function listReviews({ db }: Scope, filter: ReviewFilter): Promise<Page<Review>> {
  const after = startOf('reviews', filter)
  const conditions = [
    sql`status = 'review'`,
    ofIdentity(filter.merchant),
    filter.dismissed ? sql`dismissed_at is not null` : sql`dismissed_at is null`,
    ...(after === null
      ? []
      : [sql`(created_at, order_no) > (${new Date(after.at ?? 0)}::timestamptz(3), ${after.key})`]),
  ]
  const rows = await rowsOf(
    db,
    sql<OrderRow>`
      select ${orderColumns} from orders where ${sql.join(conditions, sql` and `)}
      order by ${filter.merchant == null ? oldest : oldestOfMerchant} limit ${filter.limit + 1}`,
  )
  const trails = await trailsOf({ db }, { keys: rows.map(({ key }) => key) })
  return pageOf(rows, {
    kind: 'reviews',
    limit: filter.limit,
    item: (row) => ({ order: orderOf(row), ...trails(row.key) }),
    position: byCreation,
  })
}

const oldest = sql`created_at, order_no`
/** See `listOrders()`. */
const oldestOfMerchant = sql`created_at nulls first, order_no nulls first`

/**
 * Two statements are two snapshots: an order that changed its state between them is read again, or
 * its trail would show who resolved an order that is still in review. An order has few states.
 */
export async function findReview(scope: Scope, key: OrderKey): Promise<Review | null> {
  for (;;) {
    const order = await findOrder(scope, key)
    if (order === null) return null
    const trail = await readTrail(scope, key)
    if (lastStateOf(trail) <= order.stateSeq) return { order, ...trail }
  }
}

function lastStateOf({ seen, entered, resolved }: ReviewTrail): number {
  return Math.max(...[seen, entered, resolved].map((event) => event?.stateSeq ?? 0))
}

export async function readTrail({ db }: Pick<Scope, 'db'>, key: OrderKey): Promise<ReviewTrail> {
  const trails = await trailsOf({ db }, { keys: [key] })
  return trails(key)
}

type TrailRow = EventRow & { readonly part: 'seen' | 'entered' | 'resolved' }

/**
 * A closing that an operator requested is not counted as seen: it is the first half of expiring,
 * and changes nothing here. What it did at the gateway shows in the answer.
 */
async function trailsOf(
  { db }: Pick<Scope, 'db'>,
  { keys }: { keys: readonly OrderKey[] },
): Promise<(key: OrderKey) => ReviewTrail> {
  const newest = (part: TrailRow['part'], where: RawBuilder<unknown>) => sql`(
    select distinct on (order_no) ${sql.lit(part)} as part, ${eventColumns} from events
    where ${where} order by order_no, id desc)`
  const rows =
    keys.length === 0
      ? []
      : await rowsOf(
          db,
          sql<TrailRow>`
            with events as (
              select * from order_events where order_no in (${sql.join(keys)})
            )
            ${newest('seen', sql`not (kind = 'closing' and source = 'operator')`)}
            union all
            ${newest('entered', sql`to_status = 'review' or (decision = 'review' and state_seq is null)`)}
            union all
            ${newest('resolved', sql`kind in ('resolved', 'dismissed')`)}`,
        )
  return (key) => trailOf(rows.filter((row) => row.key === key))
}

function trailOf(rows: readonly TrailRow[]): ReviewTrail {
  const part = (name: TrailRow['part']): OrderEvent | null => {
    const row = rows.find((each) => each.part === name)
    if (row === undefined) return null
    const { part: _, ...event } = row
    return eventOf(event)
  }
  const seen = part('seen')
  assert(seen !== null, 'Cannot read the trail of an order without events (I6)')
  return { seen, entered: part('entered'), resolved: part('resolved') }
}

/** More refused actions than anybody sends between a request and the second one. */
const refusalsMax = 20

/**
 * The newest request of the order that needs a second person; null: there is none, or the order was
 * changed, corrected or dismissed since. Plan: the events of the order by their key, from the newest on.
 */
export async function readSecondNeeded(
  { db }: Pick<Scope, 'db'>,
  key: OrderKey,
): Promise<OrderEvent | null> {
  const rows = await rowsOf(
    db,
    sql<EventRow>`
      select ${eventColumns} from order_events
      where order_no = ${key} and (
        state_seq is not null or decision = 'review'
        or kind in ('corrected', 'resolved', 'dismissed')
        or (kind = 'answered' and decision = 'keep' and source = 'operator')
      )
      order by id desc limit ${refusalsMax}`,
  )
  const newest = rows.map(eventOf).find((event) => !isRefusal(event))
  return newest?.kind === 'second_needed' ? newest : null
}

/** An operator's action that was refused changed nothing. */
function isRefusal({ kind, source }: OrderEvent): boolean {
  return kind === 'answered' && source === 'operator'
}

export function dismissOrder(
  scope: Scope,
  { payment, ...change }: { order: Order; payment: string | null; event: NewOrderEvent },
): Promise<Order> {
  const at = scope.now()
  return changeOrder(scope, {
    ...{ ...change, at, action: 'dismiss it' },
    set: sql`dismissed_at = ${at}, dismissed_payment = ${storable(payment)}`,
    where: sql`and status = 'review' and dismissed_at is null`,
  })
}

export function reopenOrder(
  scope: Scope,
  change: { order: Order; event: NewOrderEvent },
): Promise<Order> {
  return changeOrder(scope, {
    ...{ ...change, at: scope.now(), action: 'bring it back to the queue' },
    set: sql`dismissed_at = null, dismissed_payment = null`,
    where: sql`and status = 'review' and dismissed_at is not null`,
  })
}
