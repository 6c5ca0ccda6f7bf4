import { type RawBuilder, sql } from 'kysely'
import type { NewOrderEvent, Order, OrderKey } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import type { Schedule } from '../../domain/runs/schedule.ts'
import { type OrderToSeal, orderFacts } from '../../proof/facts.ts'
import { sealOf } from '../../proof/seal.ts'
import { preparedFirst, preparedRows, type Scope } from '../database.ts'
import { StaleOrderError } from '../errors.ts'
import { concernOf, requestRecord } from '../exceptions/concern.ts'
import { correctionSeal } from '../proofs/correction-seal.ts'
import type { Correction, LockedOrder, LockRequest } from '../store.ts'
import { insertEvent, recordsOf } from './json-records.ts'
import { farEnd, numberOf, type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'

/** Waits until no other transaction holds the order. */
export async function lockOrder(scope: Scope, request: LockRequest): Promise<LockedOrder | null> {
  const [locked] = await lockEach(scope, { requested: [request], held: sql`` })
  return locked ?? null
}

/** Locks those of many orders that no other transaction holds: to wait for one would delay all. */
export function lockOrders(
  scope: Scope,
  requested: readonly LockRequest[],
): Promise<readonly LockedOrder[]> {
  return lockEach(scope, { requested, held: sql`skip locked` })
}

/**
 * `materialized`, so that the time is read after the wait for the lock, not before it.
 * `no key update` excludes every other settlement and claim, and lets events be appended.
 * Plan: each record finds its row by the key of `orders`; what concerns it: see `concernOf`.
 */
async function lockEach(
  { db, lateNow }: Scope,
  { requested, held }: { requested: readonly LockRequest[]; held: RawBuilder<unknown> },
): Promise<readonly LockedOrder[]> {
  const records = recordsOf(requested, requestRecord)
  const rows = await preparedRows(
    db,
    sql<LockedRow>`
      with requested as materialized (
        select * from json_to_recordset(${records}::json) as requested (order_no text, payment text)
      ),
      locked as materialized (
        select found.*, requested.payment
        from requested, lateral (
          select * from orders where orders.order_no = requested.order_no
          for no key update ${held}
        ) as found
      )
      select ${orderColumns}, ${lateNow()} as "dbNow", (
        select t.order_no from transfers t
        where t.gateway = locked.gateway and t.transaction_id = locked.payment
          and t.order_no <> locked.order_no
      ) as "transactionOwner", locked.payment is not null and (
        ${concernOf(sql`locked`)}
      ) as "isConcerned"
      from locked`,
  )
  return rows.map(lockedOf)
}

interface LockedRow extends OrderRow {
  readonly dbNow: Date
  readonly transactionOwner: OrderKey | null
  readonly isConcerned: boolean
}

function lockedOf({ dbNow, transactionOwner, isConcerned, ...row }: LockedRow): LockedOrder {
  const owner = transactionOwner === null ? null : numberOf(transactionOwner)
  return { order: orderOf(row), now: dbNow, transactionOwner: owner, isConcerned }
}

interface OrderChange {
  /** As it was locked. */
  readonly order: Order
  /** For the error when the row is another one by now. */
  readonly action: string
  readonly set: RawBuilder<unknown>
  /** What else must hold for the row: `and …`. */
  readonly where?: RawBuilder<unknown>
  readonly event: NewOrderEvent
  /** The time of the event. */
  readonly at: RawBuilder<unknown>
  /** The status that the event gives; absent: the state stays. */
  readonly status?: OrderStatus
}

/** Updates an order that is still as it was locked, with its event, in one statement (I6). */
export async function changeOrder(
  scope: Pick<Scope, 'db' | 'sealing'>,
  { order, action, set, where = sql``, event, at, status }: OrderChange,
): Promise<Order> {
  const row = await preparedFirst(
    scope.db,
    sql<OrderRow>`
      with changed as (
        update orders set ${set}
        where order_no = ${order.key} and state_seq = ${order.stateSeq} ${where}
        returning *
      ),
      event as (${insertEvent(
        scope,
        { key: order.key, event },
        {
          ...{ at, from: sql`, changed` },
          ...(status && { state: { status, seq: sql`changed.state_seq` } }),
        },
      )})
      select ${orderColumns} from changed`,
  )
  if (row === null) throw staleOrder(order, action)
  return orderOf(row)
}

export function changeStatus(
  scope: Scope,
  change: { order: Order; status: 'expired' | 'review'; event: NewOrderEvent },
): Promise<Order> {
  const { status } = change
  return changeOrder(scope, {
    ...{ ...change, at: scope.now(), action: `make it ${status}` },
    set: sql`status = ${status}, state_seq = state_seq + 1,
      dismissed_at = null, dismissed_payment = null`,
  })
}

export function reschedule(
  scope: Scope,
  { schedule, ...change }: { order: Order; schedule: Schedule; event: NewOrderEvent },
): Promise<Order> {
  return changeOrder(scope, {
    ...{ ...change, at: scope.now(), action: 'let it wait' },
    set: sql`next_check_at = ${schedule.nextCheckAt}, checks = ${schedule.checks},
      absent_count = ${schedule.absentCount}, absent_since = ${schedule.absentSince},
      standing = ${standingNumber(schedule.standing)}, watched_until = ${schedule.watchedUntil}`,
    where: sql`and status = 'pending'`,
  })
}

/** Null: there is no key to seal with. */
export function orderSeal({ sealing }: Pick<Scope, 'sealing'>, order: OrderToSeal): string | null {
  return sealing && sealOf(sealing, 'order', orderFacts(order))
}

/** The event has the time that the row keeps, so that the schema can require one for each correction. */
export async function correctOrder(
  scope: Scope,
  { correction, ...change }: { order: Order; correction: Correction; event: NewOrderEvent },
): Promise<Order> {
  const at = scope.now()
  const seal = await correctionSeal(scope, { order: change.order, correction })
  return changeOrder(scope, {
    ...{ ...change, at, action: 'correct it' },
    set: sql`user_id = ${correction.userId}, amount = ${correction.amount},
      appid = ${correction.appid}, expires_at = ${correction.expiresAt ?? farEnd},
      watched_until = ${correction.watchedUntil}, next_check_at = ${correction.nextCheckAt},
      corrected_at = ${at},
      former_seals = case when ${seal}::text is null then former_seals
        else array_append(former_seals, seal) end,
      seal = coalesce(${seal}, seal)`,
  })
}

export function abandonOrder(
  scope: Scope,
  change: { order: Order; event: NewOrderEvent },
): Promise<Order> {
  return changeOrder(scope, {
    ...{ ...change, at: scope.now(), action: 'give it up', status: 'expired' },
    set: sql`status = 'expired', state_seq = state_seq + 1, idempotency_key = null`,
    where: sql`and status = 'pending' and code_url is null`,
  })
}

export function staleOrder({ orderNo, status, stateSeq }: Order, action: string): StaleOrderError {
  const state = `${status}, state ${stateSeq}`
  return new StaleOrderError(
    `Cannot ${action}: order "${orderNo}" is not ${state}, as it was when it was locked`,
  )
}
