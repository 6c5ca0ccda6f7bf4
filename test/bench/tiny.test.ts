import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchClaiming } from '../../bench/claiming.ts'
import { Closing } from '../../bench/closing.ts'
import { benchCrediting } from '../../bench/crediting.ts'
import type { Figure } from '../../bench/figure.ts'
import { type InstantGateway, startInstantGateway } from '../../bench/gateway/start.ts'
import { paidOrders } from '../../bench/orders.ts'
import { benchPages } from '../../bench/pages.ts'
import { benchMemory } from '../../bench/run-memory.ts'
import { benchServe } from '../../bench/serve-ready.ts'
import { createWechatGateway } from '../../src/gateway/wechat.ts'
import { closeStores, freshDatabase, freshPostgresUrl } from '../support/stores.ts'
import { configOf } from '../support/world.ts'

const kinds = ['pglite', 'postgres'] as const
const closing = new Closing()
let gateway: InstantGateway

beforeAll(async () => {
  gateway = closing.add(await startInstantGateway(), (started) => started.stop())
})

afterAll(async () => {
  await closing.close()
  await closeStores()
})

/** No bench asserts a time: a test machine may be as slow as it likes. */
function expectSane(figures: readonly Figure[], { repetitions }: { repetitions: number }) {
  for (const { name, values } of figures) {
    expect(values, name).toHaveLength(repetitions)
    for (const value of values) {
      expect(Number.isFinite(value), name).toBe(true)
      expect(value, name).toBeGreaterThan(0)
    }
  }
}

describe('startInstantGateway()', () => {
  it('gives answers that the client verifies, for the orders that it was told of', async () => {
    const [known] = paidOrders({ first: 7, count: 1 })
    await gateway.sign(known ? [known] : [])
    const { wechat } = configOf(gateway, { merchant: gateway.merchant })
    if (wechat === null || known === undefined) throw new Error('nothing to ask')
    const client = createWechatGateway(wechat, { emit: () => {} })
    const answer = await client.query(known.orderNo)
    const absent = await client.query('RECH20260124120000nobody0000')
    await client.stop()
    const trade = { state: 'paid', orderNo: known.orderNo, transactionId: known.transactionId }
    expect(answer).toMatchObject({ kind: 'trade', trade })
    expect(absent.kind).toBe('absent')
  })
})

describe.each(kinds)('on %s', (kind) => {
  it('benchCrediting() credits every order and compares a run with its two halves', async () => {
    const { database } = await freshDatabase(kind)
    const figures = await benchCrediting({
      ...{ database, gateway, orders: 12, slice: 6, repetitions: 2, concurrency: 3 },
      logLevel: 'silent',
    })
    expectSane(figures, { repetitions: 2 })
    expect(figures.filter(({ goal }) => goal !== null)).toHaveLength(1)
    const [ratio, q, s, r] = figures.map(({ values }) => values[0] ?? 0)
    expect(ratio).toBeCloseTo((r ?? 0) / (1 / (1 / (q ?? 0) + 1 / (s ?? 0))), 10)
  })

  it('benchClaiming() claims fresh orders each time', async () => {
    const small = { database: (await freshDatabase(kind)).database, orders: 200 }
    const large = { database: (await freshDatabase(kind)).database, orders: 400 }
    const figures = await benchClaiming({ small, large, repetitions: 1, claims: 2 })
    expectSane(figures, { repetitions: 1 })
  })

  it('benchClaiming() fails rather than time a claim that finds too few', async () => {
    const small = { database: (await freshDatabase(kind)).database, orders: 60 }
    const large = { database: (await freshDatabase(kind)).database, orders: 100 }
    await expect(benchClaiming({ small, large, repetitions: 1, claims: 1 })).rejects.toThrow(
      'A claim found 10 orders of 60, not 50',
    )
  })
})

describe('benchPages()', () => {
  it.each(kinds)('times each page of the console on %s', async (kind) => {
    const small = { database: (await freshDatabase(kind)).database, orders: 500 }
    const large = { database: (await freshDatabase(kind)).database, orders: 2500 }
    const figures = await benchPages({ gateway, small, large, repetitions: 1, requests: 2 })
    expectSane(figures, { repetitions: 1 })
    expect(figures.filter(({ goal }) => goal !== null).length).toBeGreaterThan(9)
  })
})

describe('the built program', () => {
  it('benchServe() times serve on a directory with orders until it is ready', async () => {
    const figures = await benchServe({ gateway, closing, orders: 40, repetitions: 1 })
    expectSane(figures, { repetitions: 1 })
  })

  it('benchMemory() reads the peak of a run that credited its whole batch', async () => {
    const databaseUrl = await freshPostgresUrl()
    const figures = await benchMemory({ gateway, closing, databaseUrl, orders: 8, repetitions: 1 })
    expectSane(figures, { repetitions: 1 })
    // A Node program holds tens of megabytes and not thousands: the unit is right.
    expect(figures[0]?.median).toBeGreaterThan(20)
    expect(figures[0]?.median).toBeLessThan(2000)
  })
})
