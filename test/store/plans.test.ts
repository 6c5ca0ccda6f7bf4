import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillShop, firstPendingOf, userOf } from '../../bench/flat/shop.ts'
import { paidOrder } from '../../bench/numbered.ts'
import type { Order } from '../../src/order.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { merchant, newEvent, transferOf } from '../contract/store-fixtures.ts'
import { type Explained, type ExplainedStore, openExplained } from '../support/explained.ts'
import { freshPostgresUrl } from '../support/stores.ts'

const orders = 100_000
const batch = 50
const claim = {
  merchant,
  thresholdMs: 300_000,
  farthestMs: 3_600_000,
  limit: batch,
  leaseMs: 60_000,
}
const page = { limit: batch, cursor: null }

/** Those that grow with the orders. The others have some thousand rows, or one. */
const large = ['orders', 'orders_of_users', 'order_events', 'transfers', 'entries']

/** What claims, checks and pages of the console send, by what they do. */
const work: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'claimDue() of a batch': (store) => store.claimDue(claim),
  'claimDue() for a probe': (store) => store.claimDue({ ...claim, limit: 1, youngestFrom: 7 }),
  'peekDue()': (store) => store.peekDue(claim),
  'release()': async (store) => store.release(await store.claimDue(claim)),
  'waitAsClaimed()': (store) => letWait(store),
  'findOrder()': (store) => store.findOrder(pending(3).orderNo),
  'appendEvent()': (store) => store.appendEvent(newEvent(pending(3).orderNo)),
  'lockOrder() and wait()': (store) =>
    settle(store, (tx, order) => tx.wait(order, { schedule: later(order), event: eventOf(order) })),
  'lockOrder() and turn()': (store) =>
    settle(store, (tx, order) => tx.turn(order, { status: 'expired', event: eventOf(order) })),
  'lockOrder() and credit()': (store) =>
    settle(store, (tx, order) => tx.credit(order, creditOf(order))),
  'lockOrders() and creditAll()': (store) => creditMany(store),
  'vitals()': (store) => store.vitals(merchant),
  'listRuns()': (store) => store.listRuns(page),
  'findRun()': (store) => store.findRun('1234'),
  'listOrders()': (store) => bothPages((cursor) => listOf(store, { cursor })),
  'listOrders() by status': (store) =>
    bothPages((cursor) => listOf(store, { cursor, status: 'pending' })),
  'listOrders() by user': (store) =>
    bothPages((cursor) => listOf(store, { cursor, userId: userOf(4, orders), limit: 7 })),
  'listOrders() by user and status': (store) =>
    listOf(store, { status: 'expired', userId: userOf(4, orders) }),
  'listReviews()': (store) =>
    bothPages((cursor) => store.listReviews({ ...page, cursor, dismissed: false })),
  'findReview()': (store) => store.findReview(paid(4).orderNo),
  'listOrderEvents()': (store) => store.listOrderEvents(paid(4).orderNo, page),
  'latestOrderEvents()': (store) => store.latestOrderEvents(paid(4).orderNo, page),
  'findOrderByTransaction()': (store) =>
    store.findOrderByTransaction({ gateway: 'wechatpay', transactionId: paid(4).transactionId }),
  'ledgerOf()': (store) => store.ledgerOf(paid(4).orderNo),
  'balance()': (store) => store.balance(userOf(4, orders)),
  'listEntries()': (store) => store.listEntries(userOf(4, orders), page),
  'latestEntries()': (store) => store.latestEntries(userOf(4, orders), page),
  'listCredits()': (store) => store.listCredits({ merchant, beforeId: null, limit: 1000 }),
}

/** Counts stop at ten thousand; all else reads a page, or a batch, and a little more. */
const rowsMax = (name: string) => (name === 'vitals()' ? 10_001 : name === 'listCredits()' ? 1000 : 200)

const states: Readonly<Record<string, { readonly statistics: boolean }>> = {
  'with statistics': { statistics: true },
  'that nobody has counted yet': { statistics: false },
}

describe.each(Object.entries(states))('in tables of many orders, %s,', (_, { statistics }) => {
  let explained: ExplainedStore
  beforeAll(async () => {
    const url = await freshPostgresUrl()
    const database = await openDatabase(url)
    await fillShop(database, { merchant, orders, now: new Date(), statistics })
    await database.close()
    explained = await openExplained(url)
  })
  afterAll(() => explained.store.close())

  it.each(Object.keys(work))('%s goes by indexes, reads little and sorts less', async (name) => {
    const statements = await explained.explain(work[name] ?? missing)
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) {
      expect(faultsOf(statement, { rowsMax: rowsMax(name) }), statement.statement).toEqual([])
    }
  })
})

/** A sort is of rows that the statement ends with: a batch that was claimed, trails of a page. */
function faultsOf({ nodes }: Explained, { rowsMax }: { rowsMax: number }): readonly string[] {
  return nodes.flatMap(({ type, relation, rows }) => {
    const name = `${type} of ${relation ?? 'what is below'}: ${rows} rows`
    const scanned = type === 'Seq Scan' && large.includes(relation ?? '')
    const sorted = /Sort/.test(type) && rows > 3 * batch
    return scanned || sorted || rows > rowsMax ? [name] : []
  })
}

const pending = (offset: number) => paidOrder(firstPendingOf(orders) + 5000 + offset)
const paid = (index: number) => paidOrder(index)

async function settle(
  store: Store,
  step: (tx: Parameters<Parameters<Store['transaction']>[0]>[0], order: Order) => Promise<unknown>,
): Promise<void> {
  const order = await nextPending(store)
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrder(order.orderNo, { transactionId: '42' })
    await step(tx, locked?.order ?? order)
  })
}
