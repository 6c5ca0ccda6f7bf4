import { CompiledQuery } from 'kysely'
import { expect } from 'vitest'
import { assert } from '../../src/domain/assert.ts'
import { rechargeTransfer, type Transfer } from '../../src/domain/ledger/transfer.ts'
import type { NewOrder, NewOrderEvent, Order, OrderKey } from '../../src/domain/order.ts'
import type { Trade } from '../../src/domain/trade.ts'
import type { Database } from '../../src/store/database.ts'
import type { Insertion, Store } from '../../src/store/store.ts'
import { creditOne } from '../support/credit-one.ts'
import { keyOf } from '../support/order-key.ts'
import type { FreshStoreOptions } from '../support/stores.ts'

/** A store to prove, and the database below it for attacks that the store offers no way to. */
export interface Subject {
  readonly store: Store
  readonly database: Database
}

export type MakeSubject = (options?: FreshStoreOptions) => Promise<Subject>

const counter = { last: 0 }

/** Of the length that the service makes, and in the order of creation. */
export function nextOrderNo(): string {
  counter.last += 1
  return `RECH20260124150000${String(counter.last).padStart(10, '0')}`
}

/** Of every order here, unless a test says otherwise. */
export const merchant = {
  gateway: 'wechatpay',
  mchid: '1900000001',
  appid: 'wx0000000000000001',
}

/** What a run of that merchant's orders begins with. */
export const runOfMerchant = {
  ...{ merchants: [merchant], thresholdMs: 300_000, farthestMs: 30 * 86_400_000 },
  ...{ dryRun: false, node: 'n1' },
}

export function newOrder(changes: Partial<NewOrder> = {}): NewOrder {
  return {
    orderNo: nextOrderNo(),
    userId: 'u1',
    amount: 1234n,
    currency: 'CNY',
    description: 'credit',
    attach: null,
    ...merchant,
    adopted: false,
    idempotencyKey: null,
    createdAt: null,
    end: { kind: 'after', ttlMs: 7_200_000 },
    ...changes,
  }
}

export function newEvent(changes: Partial<NewOrderEvent> = {}): NewOrderEvent {
  return {
    kind: 'answered',
    source: 'compensation',
    tradeState: 'NOTPAY',
    decision: 'wait',
    reason: 'unpaid',
    alarm: false,
    evidence: { trade_state: 'NOTPAY', amount: { total: 1234 } },
    runId: '7',
    node: 'node-1',
    ...changes,
  }
}

export async function place(store: Store, changes: Partial<NewOrder> = {}): Promise<Order> {
  const order = newOrder(changes)
  const event = newEvent({ kind: 'created', source: 'api' })
  return insertedOf(await store.insertOrder(order, event))
}

export function insertedOf(insertion: Insertion): Order {
  assert(insertion.kind === 'inserted', `Nothing was inserted: ${insertion.kind}`)
  return insertion.order
}

/** One that the gateway has given a code for. */
export async function placeKnown(store: Store, changes: Partial<NewOrder> = {}): Promise<Order> {
  const { orderNo } = await place(store, changes)
  const event = newEvent({ kind: 'prepaid', source: 'api' })
  const code = { codeUrl: `weixin://wxpay/${orderNo}`, codeLifeMs: 7_200_000 }
  const order = await store.setCodeUrl(keyOf(orderNo), { ...code, event })
  if (order === null) throw new Error(`Order "${orderNo}" is not pending`)
  return order
}

export function transferOf(order: Order, changes: Partial<Trade> = {}): Transfer {
  return rechargeTransfer(order, {
    orderNo: order.orderNo,
    mchid: order.mchid,
    appid: order.appid,
    attach: null,
    state: 'paid',
    reported: 'SUCCESS',
    transactionId: `4200${order.key}`,
    amount: order.amount,
    currency: order.currency,
    paidAt: new Date('2026-01-24T07:01:02.345Z'),
    ...changes,
  })
}

/** Lock and credit, as `settle` does. Null: it was credited before. */
export function credit(store: Store, orderNo: string): Promise<Order | null> {
  return creditByKey(store, keyOf(orderNo))
}

export function creditByKey(store: Store, key: OrderKey): Promise<Order | null> {
  return store.transaction(async (tx) => {
    const locked = await tx.lockOrder(key)
    if (locked === null || locked.order.status === 'paid') return null
    const { order } = locked
    return creditOne(tx, order, {
      transfer: transferOf(order),
      source: 'compensation',
      event: newEvent({ tradeState: 'SUCCESS', decision: 'pay' }),
    })
  })
}

export async function placePaid(store: Store, changes: Partial<NewOrder> = {}): Promise<Order> {
  const { orderNo } = await place(store, changes)
  const paid = await credit(store, orderNo)
  if (paid === null) throw new Error(`Order ${orderNo} was paid before`)
  return paid
}

/** A statement of the test's own. */
export async function run(
  { database }: Pick<Subject, 'database'>,
  statement: string,
  values: readonly unknown[] = [],
): Promise<readonly Record<string, unknown>[]> {
  const compiled = CompiledQuery.raw(statement, [...values])
  return (await database.db.executeQuery<Record<string, unknown>>(compiled)).rows
}

/** Changes rows as if no constraint and no trigger had ever been there (unique keys remain). */
export async function corrupt(
  { database }: Pick<Subject, 'database'>,
  statements: readonly string[],
): Promise<void> {
  await database.db.connection().execute(async (db) => {
    for (const statement of [
      'set session_replication_role = replica',
      ...statements,
      'set session_replication_role = origin',
    ]) {
      await db.executeQuery(CompiledQuery.raw(statement))
    }
  })
}

/** Whole pages until there are no more. */
export async function readAll<T>(
  list: (cursor: string | null) => Promise<{ items: readonly T[]; nextCursor: string | null }>,
): Promise<readonly T[]> {
  const all: T[] = []
  let cursor: string | null = null
  do {
    const page = await list(cursor)
    all.push(...page.items)
    cursor = page.nextCursor
    if (cursor !== null) expect(page.items.length).toBeGreaterThan(0)
  } while (cursor !== null)
  return all
}
