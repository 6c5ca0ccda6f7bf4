import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillDataset, userOf } from '../../bench/flat/dataset.ts'
import { paidOrder } from '../../bench/numbered.ts'
import type { Order } from '../../src/domain/order.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { OrderFilter, Store, Tx } from '../../src/store/store.ts'
import { merchant, newEvent, transferOf } from '../contract/store-fixtures.ts'
import { creditOne } from '../support/credit-one.ts'
import { type Explained, type ExplainedStore, openExplained } from '../support/explained.ts'
import { keyOf } from '../support/order-key.ts'
import { freshPostgresUrl } from '../support/stores.ts'

const orders = 100_000
/** Where the planner is tempted to read the whole table, and to keep that plan while it grows. */
const fewOrders = 10_000
const batch = 50
const claim = {
  merchant,
  thresholdMs: 300_000,
  farthestMs: 3_600_000,
  limit: batch,
  leaseMs: 60_000,
}
const otherMerchants = Array.from({ length: 9 }, (_, nth) => ({
  ...merchant,
  mchid: String(1_800_000_000 + nth),
}))
const page = { limit: batch, cursor: null }
const none = { gateway: 'wechatpay', mchid: '1900009999' }

/** Those that grow with the orders. The others have some thousand rows, or one. */
const large = ['orders', 'orders_of_users', 'order_events', 'transfers', 'entries']

type Work = Readonly<Record<string, (store: Store) => Promise<unknown>>>

/** What claims and checks send, by what they do. */
const ofRuns: Work = {
  'claimDue() of a batch': (store) => store.claimDue(claim),
  'claimDue() of ten merchants at once': (store) =>
    Promise.all(
      [merchant, ...otherMerchants].map((each) => store.claimDue({ ...claim, merchant: each })),
    ),
  'claimDue() for a probe': (store) => store.claimDue({ ...claim, limit: 1, youngestFrom: 7 }),
  'peekDue()': (store) => store.peekDue(claim),
  'release()': async (store) => store.release(await store.claimDue(claim)),
  'waitAsClaimed()': (store) => letWait(store),
  'findOrders()': (store) => store.findOrders(paid(4).orderNo),
  'findOrders() of many at once': (store) =>
    Promise.all(Array.from({ length: 40 }, (_, nth) => store.findOrders(paid(nth).orderNo))),
  'findOrder()': (store) => store.findOrder(keyOf(paid(4).orderNo)),
  'appendEvent()': (store) => store.appendEvent(keyOf(paid(4).orderNo), newEvent()),
  'lockOrder() and wait()': (store) =>
    settle(store, (tx, order) =>
      tx.reschedule(order, { schedule: later(order), event: newEvent() }),
    ),
  'lockOrder() and turn()': (store) =>
    settle(store, (tx, order) => tx.changeStatus(order, { status: 'expired', event: newEvent() })),
  'lockOrder() and credit()': (store) =>
    settle(store, (tx, order) => creditOne(tx, order, creditOf(order))),
  'lockOrders() and creditAll()': (store) => creditMany(store),
}

/** And what pages of the console send. */
const ofPages: Work = {
  'vitals()': (store) => store.vitals([merchant]),
  'listRuns()': (store) => store.listRuns(page),
  'findRun()': (store) => store.findRun('1234'),
  'listOrders()': (store) => bothPages((cursor) => listOf(store, { cursor })),
  'listOrders() by status': (store) =>
    bothPages((cursor) => listOf(store, { cursor, status: 'pending' })),
  'listOrders() by merchant': (store) => bothPages((cursor) => listOf(store, { cursor, merchant })),
  'listOrders() by merchant and status': (store) =>
    bothPages((cursor) => listOf(store, { cursor, merchant, status: 'paid' })),
  'listOrders() of a merchant without orders': (store) => listOf(store, { merchant: none }),
  'listReviews() of a merchant without orders': (store) =>
    store.listReviews({ ...page, dismissed: false, merchant: none }),
  'listOrders() by user': (store) =>
    bothPages((cursor) => listOf(store, { cursor, userId: userOf(4, orders), limit: 7 })),
  'listOrders() by user and status': (store) =>
    listOf(store, { status: 'expired', userId: userOf(4, orders) }),
  'listReviews()': (store) =>
    bothPages((cursor) => store.listReviews({ ...page, cursor, dismissed: false })),
  'findReview()': (store) => store.findReview(keyOf(paid(4).orderNo)),
  'listOrderEvents()': (store) => store.listOrderEvents(keyOf(paid(4).orderNo), page),
  'latestOrderEvents()': (store) => store.latestOrderEvents(keyOf(paid(4).orderNo), page),
  'findOrderByTransaction()': (store) =>
    store.findOrderByTransaction({ gateway: 'wechatpay', transactionId: paid(4).transactionId }),
  'ledgerOf()': (store) => store.ledgerOf(keyOf(paid(4).orderNo)),
  'balance()': (store) => store.balance(userOf(4, orders)),
  'listEntries()': (store) => store.listEntries(userOf(4, orders), page),
  'latestEntries()': (store) => store.latestEntries(userOf(4, orders), page),
  'listCredits()': (store) =>
    store.listCredits({ merchants: [merchant], beforeId: null, limit: 1000 }),
}

const work: Work = { ...ofRuns, ...ofPages }

/** Counts stop at ten thousand; all else reads a page, or a batch, and a little more. */
const rowsMaxOf: Readonly<Record<string, number>> = {
  'claimDue() of a batch': batch,
  'claimDue() of ten merchants at once': batch,
  'vitals()': 10_001,
  'listCredits()': 1000,
  // A page of each state.
  'listOrders() by merchant': 4 * (batch + 1),
}

async function inTables(
  count: number,
  options: { readonly statistics: boolean } = { statistics: true },
): Promise<ExplainedStore> {
  const url = await freshPostgresUrl()
  const database = await openDatabase(url)
  await fillDataset(database, { merchant, orders: count, now: new Date() }, options)
  await database.close()
  return openExplained(url)
}

async function expectFrugal(explained: ExplainedStore, name: string): Promise<void> {
  const statements = await explained.explain(work[name] ?? missing)
  expect(statements.length).toBeGreaterThan(0)
  for (const statement of statements) {
    const faults = faultsOf(statement, { rowsMax: rowsMaxOf[name] ?? 200 })
    expect(faults, statement.statement).toEqual([])
  }
}

describe('in tables of many orders', () => {
  let explained: ExplainedStore
  beforeAll(async () => {
    explained = await inTables(orders)
  })
  afterAll(() => explained.store.close())

  it.each(Object.keys(work))('%s goes by indexes, reads little and sorts less', (name) =>
    expectFrugal(explained, name),
  )

  it('claimDue() reads as many pages as before, after many claims that no vacuum may tidy up', async () => {
    const pagesOf = async () => {
      const [claimed] = await explained.explain((store) => store.claimDue(claim))
      const scans = claimed?.nodes.filter(({ index }) => index === 'orders_claims') ?? []
      return Math.max(...scans.map(({ pages }) => pages))
    }
    const reader = await beginSnapshot(explained.url)
    const first = await pagesOf()
    const pages: number[] = []
    while (pages.length < 60) pages.push(await pagesOf())
    await reader.end()
    // Now and then one claim reads from the start of the index.
    expect(Math.min(...pages.slice(-20))).toBeLessThan(1.5 * first)
  })
})

/** As after a restored dump, or a million orders adopted in a minute: autovacuum has not been there. */
describe('in tables of many orders that nobody has counted yet', () => {
  let explained: ExplainedStore
  beforeAll(async () => {
    explained = await inTables(orders, { statistics: false })
  })
  afterAll(() => explained.store.close())

  // A page may take longer until then: it is looked at by people, and read once for all of them.
  it.each(Object.keys(work).filter((name) => !pagesOfPeople.includes(name)))(
    '%s goes by indexes, reads little and sorts less',
    (name) => expectFrugal(explained, name),
  )
})

describe('in tables of a few orders', () => {
  let explained: ExplainedStore
  beforeAll(async () => {
    explained = await inTables(fewOrders)
  })
  afterAll(() => explained.store.close())

  it.each(Object.keys(ofRuns))('%s goes by indexes, reads little and sorts less', (name) =>
    expectFrugal(explained, name),
  )
})

const pagesOfPeople = [
  ...['vitals()', 'listOrders() by user and status', 'listReviews()', 'listCredits()'],
]

/** Sees all rows as they are now, until it ends. */
async function beginSnapshot(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('begin isolation level repeatable read; select 1 from orders limit 1')
  return client
}

/** A sort is of rows that the statement ends with: a batch that was claimed, trails of a page. */
function faultsOf({ nodes }: Explained, { rowsMax }: { rowsMax: number }): readonly string[] {
  return nodes.flatMap(({ type, relation, rows }) => {
    const name = `${type} of ${relation ?? 'what is below'}: ${rows} rows`
    const scanned = type === 'Seq Scan' && large.includes(relation ?? '')
    const sorted = /Sort/.test(type) && rows > 3 * batch
    return scanned || sorted || rows > rowsMax ? [name] : []
  })
}

const paid = (index: number) => paidOrder(index)

async function youngestPending(store: Store, limit: number): Promise<readonly Order[]> {
  return (await listOf(store, { status: 'pending', limit })).items
}

async function settle(
  store: Store,
  step: (tx: Tx, order: Order) => Promise<unknown>,
): Promise<void> {
  const [order] = await youngestPending(store, 1)
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrder(keyOf(order?.orderNo ?? ''), { transactionId: '42' })
    if (locked === null) throw new Error('No such order')
    await step(tx, locked.order)
  })
}

async function creditMany(store: Store): Promise<void> {
  const youngest = await youngestPending(store, batch)
  await store.transaction(async (tx) => {
    const locked = await tx.lockOrders(
      youngest.map(({ key }) => ({ key, transactionId: `42${key}` })),
    )
    await tx.credit(locked.map(({ order }) => ({ order, ...creditOf(order) })))
  })
}

async function letWait(store: Store): Promise<void> {
  const claimed = await store.claimDue(claim)
  const waits = claimed.map((each) => ({
    claimed: each,
    schedule: later(each.order),
    event: newEvent(),
  }))
  expect((await store.waitAsClaimed(waits)).size).toBe(batch)
}

const later = (order: Order) => ({
  nextCheckAt: new Date(Date.now() + 300_000),
  checks: order.checks + 1,
  absentCount: 0,
  absentSince: null,
  standing: 'known' as const,
  watchedUntil: null,
})

const creditOf = (order: Order) => ({
  transfer: transferOf(order),
  source: 'compensation' as const,
  event: newEvent({ tradeState: 'SUCCESS', decision: 'pay' }),
})

const listOf = (store: Store, filter: Partial<OrderFilter>) =>
  store.listOrders({ ...page, status: null, userId: null, ...filter })

/** The first, and that after it. */
async function bothPages(
  list: (cursor: string | null) => Promise<{ readonly nextCursor: string | null }>,
): Promise<void> {
  const { nextCursor } = await list(null)
  expect(nextCursor).not.toBeNull()
  await list(nextCursor)
}

function missing(): never {
  throw new Error('No such work')
}
