import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, merchant, place } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { PostgresRoad } from '../support/postgres-road.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function openNode(url: string, recharge = {}): Promise<World> {
  const store = await openStore(url)
  await store.migrate()
  const world = await openWorld({ store, recharge, timeoutMs, startAt: new Date() })
  closing.push(() => world.close())
  return world
}

/**
 * Ticks come faster than a test can wait. What a run had claimed when the server went, and could not
 * give back, waits for its lease: with these it is a few seconds.
 */
const ticking = {
  compensationIntervalMins: 0.001,
  compensationThresholdMins: 0.001,
  compensationRecheckMins: [0.01],
  compensationBatchSize: 5,
}
const timeoutMs = 1000

async function adoptPaid(world: World, orderNos: readonly string[]): Promise<void> {
  const hour = 3_600_000
  for (const orderNo of orderNos) {
    world.control.putOrder({ out_trade_no: orderNo, total: 100 })
    world.control.pay(orderNo, { callback: false })
    const createdAt = new Date(Date.now() - hour)
    const facts = { orderNo, userId: 'u1', amount: 100n, description: '' }
    await repeated(() => world.budan.adoptOrder({ ...facts, createdAt, expiresAt: null }))
  }
}

/** A caller repeats what failed: a connection of before the outage may be met once more. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return repeated(work)
  }
}

async function credited(world: World, orderNos: readonly string[]): Promise<void> {
  for (;;) {
    const orders = await Promise.all(orderNos.map((orderNo) => world.order(orderNo)))
    if (orders.every(({ status }) => status === 'paid')) break
    // Not for the credit: where the answer to its COMMIT was lost, no event reports it.
    await world.waitFor('scan_empty', { from: world.events.length })
  }
  expect(await world.balance('u1')).toBe(100n * BigInt(orderNos.length))
  expect(Object.values(await world.store.audit()).every((count) => count === 0)).toBe(true)
}

describe('a restart of the PostgreSQL server', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  const freshUrl = async (name: string) => {
    const client = new pg.Client(server.url)
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    const url = new URL(server.url)
    url.pathname = name
    return url.href
  }

  it.each([
    ['fast', 'SIGINT'],
    ['immediate', 'SIGQUIT'],
  ] as const)('in %s mode is outlived by a serving budan', async (mode, signal) => {
    const world = await openNode(await freshUrl(mode), ticking)
    world.budan.start()
    await world.waitFor('scan_empty')
    const before = ['BEFORE-1', 'BEFORE-2', 'BEFORE-3']
    await adoptPaid(world, before)
    await server.restart(signal)
    const after = ['AFTER-1', 'AFTER-2']
    await adoptPaid(world, after)
    await credited(world, [...before, ...after])
    expect(await world.ready()).toBe(true)
    await world.budan.stop()
  })

  it('in the middle of transactions leaves each order whole, and the store goes on', async () => {
    const store = await openStore(await freshUrl('middle'))
    closing.push(() => store.close())
    await store.migrate()
    const orders = []
    for (let n = 0; n < 30; n += 1) orders.push(await place(store, { userId: 'middle' }))
    const crediting = Promise.allSettled(orders.map(({ orderNo }) => credit(store, orderNo)))
    await server.restart('SIGQUIT')
    await crediting
    for (const { orderNo } of orders) await credit(store, orderNo)
    expect((await store.balance('middle')).balance).toBe(1234n * 30n)
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })
})

describe('a network to PostgreSQL', () => {
  const openRoad = async () => {
    const road = await PostgresRoad.to(await freshPostgresUrl())
    closing.push(() => road.close())
    return road
  }

  it('that is cut turns readiness red, and green when it is mended: runs go on', async () => {
    const road = await openRoad()
    const world = await openNode(road.url, ticking)
    world.budan.start()
    await world.waitFor('scan_empty')
    expect(await world.ready()).toBe(true)
    road.cut()
    await world.waitFor('tick_failed', { from: world.events.length })
    expect(await world.ready()).toBe(false)
    road.mend()
    await adoptPaid(world, ['ORDER-1'])
    await credited(world, ['ORDER-1'])
    expect(await world.ready()).toBe(true)
    await world.budan.stop()
  })

  it('that falls silent is given up on after a deadline', async () => {
    const road = await openRoad()
    const store = await openStore(road.url)
    closing.push(() => store.close())
    const { orderNo } = await place(store)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      road.silence()
      const calls = [store.findOrder(keyOf(orderNo)), credit(store, orderNo)]
      const ends = Promise.allSettled(calls)
      // The statement's deadline, and a new connection's.
      await vi.advanceTimersByTimeAsync(36_000)
      for (const end of await ends) {
        expect(end).toMatchObject({ status: 'rejected', reason: expect.any(StoreError) })
      }
    } finally {
      vi.useRealTimers()
    }
    road.mend()
    expect((await store.findOrder(keyOf(orderNo)))?.status).toBe('pending')
  })
})

describe('the deadlines and conflicts of PostgreSQL', () => {
  let store: Store
  let url: string
  beforeAll(async () => {
    url = await freshPostgresUrl()
    store = await openStore(url)
  })
  afterAll(() => store.close())

  it('transaction() is ended by the server when a statement takes too long', async () => {
    const [shown] = await store.transaction((tx) => tx.execute('show statement_timeout', []))
    expect(shown).toEqual({ statement_timeout: '30s' })
    const slow = store.transaction(async (tx) => {
      await tx.execute(`set local statement_timeout = '20ms'`, [])
      await tx.execute('select pg_sleep(30)', [])
    })
    await expect(slow).rejects.toThrow(/statement timeout/)
    await expect(slow).rejects.toThrow(StoreError)
  })

  it('a pool of two connections serves forty transactions at once', async () => {
    const narrow = await openStore(url, { poolMax: 2 })
    const orders = await Promise.all(
      Array.from({ length: 40 }, () => place(narrow, { userId: 'n' })),
    )
    await Promise.all(orders.map(({ orderNo }) => credit(narrow, orderNo)))
    expect((await narrow.balance('n')).balance).toBe(1234n * 40n)
    await narrow.close()
  })

  it('transaction() is done again after a serialization failure', async () => {
    const strict = await openStrict('repeatable read')
    const { orderNo } = await place(strict)
    let rounds = 0
    await strict.transaction(async (tx) => {
      rounds += 1
      await tx.execute('select count(*) from orders', [])
      // Changes the row after this transaction has its view of it.
      if (rounds === 1) await credit(strict, orderNo)
      const locked = await tx.lockOrder(keyOf(orderNo))
      expect(locked?.order.status).toBe('paid')
    })
    expect(rounds).toBe(2)
    await strict.close()
  })

  it.each(['repeatable read', 'serializable'])(
    'claims and credits are done again until they succeed where all is %s',
    async (isolation) => {
      const strict = await openStrict(isolation)
      const [shown] = await strict.transaction((tx) => tx.execute('show transaction_isolation', []))
      expect(shown).toEqual({ transaction_isolation: isolation })
      const createdAt = new Date(Date.now() - 3_600_000)
      const orders = []
      for (let n = 0; n < 12; n += 1) orders.push(await place(strict, { createdAt, userId: 's' }))
      const due = { merchant, thresholdMs: 0, limit: 3, leaseMs: 60_000 }
      const work = [
        ...orders.flatMap(({ orderNo }) => [credit(strict, orderNo), credit(strict, orderNo)]),
        ...Array.from({ length: 4 }, () => strict.claimDue(due)),
      ]
      // A transaction that conflicts too often fails and is repeated by its caller; none of them is half a credit.
      await Promise.allSettled(work)
      for (const { orderNo } of orders) await credit(strict, orderNo)
      expect((await strict.balance('s')).balance).toBe(1234n * 12n)
      expect(Object.values(await strict.audit()).every((count) => count === 0)).toBe(true)
      await strict.close()
    },
  )
})

/** A store for which all transactions are stricter than they need be. */
async function openStrict(isolation: string): Promise<Store> {
  const url = new URL(await freshPostgresUrl())
  const option = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
  url.searchParams.set('options', option)
  return openStore(url.href)
}
