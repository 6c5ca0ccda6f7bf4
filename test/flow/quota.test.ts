import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import type { Event } from '../../src/domain/event.ts'
import type { RateLimiter } from '../../src/domain/runs/rate-limiter.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { freshPostgresUrl, freshStore } from '../support/stores.ts'
import { openWorld, useWorlds, type World } from '../support/world.ts'

/** The quota of the whole merchant, in real time; the orders' times are stepped. */

const world = useWorlds({ kind: 'postgres' })
const query = 'query' as const

function run(opened: World) {
  return opened.budan.run({ dryRun: false })
}

async function adoptPaid(opened: World, count: number): Promise<readonly string[]> {
  const orderNos = Array.from({ length: count }, (_, n) => `ORDER-${100 + n}`)
  for (const orderNo of orderNos) {
    await opened.adopt(orderNo)
    opened.control.pay(orderNo, { callback: false })
  }
  return orderNos
}

function counted(events: readonly Event[], type: Event['type']): number {
  return events.filter((event) => event.type === type).length
}

describe('a run with more queries at once than the quota has', () => {
  it('queries every order in time: waiting for a reservation uses up no time-out', async () => {
    const recharge = { compensationConcurrency: 500, compensationMaxQps: 20 }
    const opened = await world({ recharge, timeoutMs: 2_000 })
    await adoptPaid(opened, 50)
    await opened.advanceMins(6)
    expect((await run(opened)).run).toMatchObject({ status: 'finished', success: 50, failed: 0 })
  })

  it.each(['pglite', 'postgres'] as const)(
    'goes on until its deadline, and gives the rest back as it was, on %s',
    async (kind) => {
      const recharge = {
        ...{ compensationConcurrency: 50, compensationMaxQps: 5 },
        compensationIntervalMins: 0.025,
      }
      const opened = await world({ kind, recharge, timeoutMs: 3_000 })
      const orderNos = await adoptPaid(opened, 30)
      await opened.advanceMins(6)
      const before = await Promise.all(orderNos.map((orderNo) => opened.order(orderNo)))
      const { run: made } = await run(opened)
      expect(made).toMatchObject({ status: 'stopped', failed: 0, total: made.success })
      expect(made.success).toBeGreaterThanOrEqual(1)
      expect(made.success).toBeLessThanOrEqual(20)
      const after = await Promise.all(orderNos.map((orderNo) => opened.order(orderNo)))
      const pending = after.filter(({ status }) => status === 'pending')
      expect(pending).toEqual(
        before.filter(({ orderNo }) => pending.some((one) => one.orderNo === orderNo)),
      )
      expect(await opened.ready()).toBe(true)
      for (const type of ['order_unanswered', 'breaker_opened', 'settle_failed'] as const) {
        expect(counted(opened.events, type)).toBe(0)
      }
      expect(counted(opened.events, 'query_rate_limited')).toBeGreaterThan(0)
    },
  )

  it('lets a check by hand go first', async () => {
    const recharge = { compensationConcurrency: 50, compensationMaxQps: 5 }
    const opened = await world({ recharge, timeoutMs: 10_000 })
    await adoptPaid(opened, 30)
    await opened.advanceMins(6)
    opened.budan.start()
    await opened.waitFor('order_credited')
    expect(await opened.budan.checkOrder('ORDER-129')).toMatchObject({ tradeState: 'SUCCESS' })
    expect(counted(opened.events, 'order_credited')).toBeLessThan(15)
    await opened.budan.stop()
  })
})

describe('a check by hand that gets no reservation', () => {
  it('says so, and changes nothing about the order', async () => {
    const opened = await world({ recharge: { compensationMaxQps: 0.1 }, timeoutMs: 2_000 })
    const [first = '', second = ''] = await adoptPaid(opened, 2)
    expect(await opened.budan.checkOrder(first)).toMatchObject({ decision: 'pay' })
    const before = await opened.order(second)
    expect(await opened.budan.checkOrder(second)).toMatchObject({
      tradeState: null,
      decision: 'wait',
      reason: expect.stringContaining('rate limit: no slot before the deadline'),
    })
    expect(await opened.order(second)).toEqual(before)
    expect(await opened.ready()).toBe(true)
  })

  it('says why, when the limiter cannot be reached', async () => {
    const store = await freshStore('postgres')
    const rateLimiter: Store['rateLimiter'] = {
      reserve: () => Promise.reject(new Error('the database is away')),
      penalize: () => Promise.reject(new Error('the database is away')),
    }
    const opened = await world({ store: Object.assign(store, { rateLimiter }), timeoutMs: 300 })
    await opened.adopt('ORDER-1')
    expect(await opened.budan.checkOrder('ORDER-1')).toMatchObject({
      reason: expect.stringContaining('the database is away'),
    })
    expect(opened.control.requests({ operation: query })).toHaveLength(0)
  })
})

describe('queries about orders older than thirty days', () => {
  it('are few, and those put off make room for younger ones and come back after the longest wait', async () => {
    const opened = await world({ recharge: { compensationBatchSize: 20 } })
    const monthAgo = new Date(+opened.now() - 40 * 86_400_000)
    for (let n = 10; n < 40; n += 1) {
      const orderNo = `OLD-${n}`
      opened.control.putOrder({ out_trade_no: orderNo, total: 100 })
      opened.control.pay(orderNo, { callback: false })
      const facts = { orderNo, userId: 'u1', amount: 100n, description: '' }
      await opened.budan.adoptOrder({ ...facts, createdAt: monthAgo, expiresAt: null })
    }
    await adoptPaid(opened, 10)
    await opened.advanceMins(6)
    const { run: made } = await run(opened)
    expect(made).toMatchObject({ status: 'finished', success: 18, failed: 0 })
    expect(counted(opened.events, 'order_credited')).toBe(18)
    const queries = opened.control.requests({ operation: query })
    expect(queries.filter(({ out_trade_no: orderNo }) => orderNo?.startsWith('OLD'))).toHaveLength(
      8,
    )

    const page = { limit: 200, cursor: null, userId: null, status: 'pending' } as const
    const { items } = await opened.store.listOrders(page)
    expect(items).toHaveLength(22)
    for (const { nextCheckAt, checks } of items) {
      expect((+nextCheckAt - +opened.now()) / 60_000).toBeCloseTo(57.5, 1)
      expect(checks).toBe(0)
    }
    expect((await opened.budan.metrics()).text).toContain(
      'budan_queries_rate_limited_total{cause="old_order_limit"} 22',
    )
  })
})

describe('three nodes of one merchant', () => {
  const nodes: World[] = []
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })

  it('query no more than the quota together, and all wait when one gets "too many"', async () => {
    const arrivals: number[] = []
    const url = await freshPostgresUrl()
    const minutes = { passed: 0 }
    const startAt = Date.UTC(2026, 0, 24, 7)
    const clock = () => new Date(startAt + minutes.passed * 60_000)
    const line = new LineBook()
    // Each takes a third of the orders, so every node sends queries.
    const shared = { compensationConcurrency: 50, compensationBatchSize: 20 }
    const recharge = { ...shared, compensationMaxQps: 20 }
    for (let n = 0; n < 3; n += 1) {
      const store = line.watch(await openStore(url, { clock }))
      nodes.push(await openWorld({ store, recharge }))
    }
    for (let n = 100; n < 160; n += 1) {
      const orderNo = `ORDER-${n}`
      for (const { control } of nodes) {
        control.putOrder({ out_trade_no: orderNo, total: 1 })
        control.pay(orderNo, { callback: false })
      }
      const facts = { orderNo, userId: 'u1', amount: 1n, description: '' }
      const expiresAt = new Date(startAt + 86_400_000)
      await nodes[0]?.budan.adoptOrder({ ...facts, createdAt: new Date(startAt), expiresAt })
    }
    minutes.passed = 6
    for (const node of nodes) watch(node, () => arrivals.push(performance.now()))
    nodes[0]?.control.addFault({
      ...{ operation: query, times: 1 },
      fault: { kind: 'error', status: 429, code: 'FREQUENCY_LIMITED' },
    })
    await Promise.all(nodes.map(run))
    const throttled = nodes.flatMap(({ events }) =>
      events.filter(({ type }) => type === 'gateway_throttled'),
    )
    expect(throttled).toMatchObject([{ holdMs: 500 }])
    // By the line's own clock, so that a machine that stalls changes nothing: one reservation in 50 ms.
    const { reservations, afterHold } = line
    reservations.sort((one, other) => one - other)
    const steps = reservations.slice(1).map((at, n) => at - (reservations[n] ?? 0))
    expect(Math.min(...steps)).toBeGreaterThan(1000 / 20 - 0.1)
    expect(reservations.length).toBeGreaterThanOrEqual(60)
    // What is reserved after the hold, by whichever node, begins when it has ended.
    const heldUntil = await lineHeldUntil(url)
    expect(afterHold.length).toBeGreaterThan(0)
    expect(Math.min(...afterHold)).toBeGreaterThanOrEqual(heldUntil - 0.1)
    // And the queries arrive at their reserved times. Arrivals bunch where the machine stalls.
    arrivals.sort((one, other) => one - other)
    for (const from of arrivals) {
      expect(arrivals.filter((at) => at >= from && at < from + 1_000).length).toBeLessThan(40)
    }
    // All except the one that was throttled.
    expect(arrivals).toHaveLength(60)
    expect(await nodes[0]?.balance('u1')).toBe(59n)
  })
})

/** The reservations of all nodes, in ms by the clock of their line. */
class LineBook {
  readonly reservations: number[] = []
  /** Those that were reserved after a node was throttled. */
  readonly afterHold: number[] = []
  #held = false

  watch(store: Store): Store {
    const { rateLimiter } = store
    const watched: RateLimiter = {
      reserve: async (wanted) => {
        const { reservations, afterHold } = this
        const isAfterHold = this.#held
        const given = await rateLimiter.reserve(wanted)
        for (let n = 0; n < given.count; n += 1) {
          const at = given.firstAt + n * wanted.stepMs
          reservations.push(at)
          if (isAfterHold) afterHold.push(at)
        }
        return given
      },
      penalize: async (line, reservedAt) => {
        const hold = await rateLimiter.penalize(line, reservedAt)
        this.#held = true
        return hold
      },
    }
    return { ...store, rateLimiter: watched }
  }
}

async function lineHeldUntil(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('set search_path = budan, public')
    const { rows } = await client.query(
      'select max(extract(epoch from held_until)::float8 * 1000) as at from quota_lines',
    )
    return rows[0].at
  } finally {
    await client.end()
  }
}

/** Calls `arrived` for each query that arrives at the node's gateway. */
function watch(node: World, arrived: () => void): void {
  let count = 0
  const next = async () => {
    count += 1
    await node.control.waitForRequests({ operation: query }, { count })
    arrived()
    void next().catch(() => undefined)
  }
  void next().catch(() => undefined)
}
