import { setMaxListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryRateLimiter, type RateLimiter } from '../../src/domain/runs/rate-limiter.ts'
import { createQuota } from '../../src/gateway/rate-limit/create-quota.ts'
import { createOldOrderLimit } from '../../src/gateway/rate-limit/old-order-limit.ts'
import type { Quota } from '../../src/gateway/rate-limit/quota.ts'
import { wechatOldOrders } from '../../src/gateway/wechat/old-orders.ts'
import { openStore } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { gatewayTo, orderNo, signed, startSide, tradeBody, unsigned } from './wechat-side.ts'

const never = new AbortController().signal
setMaxListeners(0, never)
const quotaName = 'm'

/** The most of `times` (in ms) that lie within any `windowMs`. */
function mostWithin(times: readonly number[], windowMs: number): number {
  const counts = times.map(
    (from) => times.filter((at) => at >= from && at < from + windowMs).length,
  )
  return Math.max(...counts)
}

describe('createQuota()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** When each of `count` reservations was due, in ms from now, with one process for each quota. */
  async function timesOf(quotas: readonly Quota[], count: number): Promise<number[]> {
    const started = performance.now()
    const times: number[] = []
    for (let n = 0; n < count; n += 1) {
      const quota = quotas[n % quotas.length]
      void quota?.take(never).then(() => times.push(performance.now() - started))
    }
    while (times.length < count) await vi.advanceTimersByTimeAsync(1)
    return times
  }

  test.each([
    [20, 60, 1],
    [20, 60, 3],
    [1, 4, 1],
    [7, 20, 2],
    [0.5, 3, 2],
    [300, 600, 1],
    [300, 900, 3],
  ])(
    'createQuota() lets %d a second through and no more, of %d on %d nodes',
    async (qps, count, nodes) => {
      const limiter = new MemoryRateLimiter()
      const quotas = Array.from({ length: nodes }, () => createQuota(qps, { limiter, quotaName }))
      const times = await timesOf(quotas, count)
      expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(qps * 1.05 + 1)
      expect(times.at(-1)).toBeLessThanOrEqual(((count - 1) / qps) * 1_000 * 1.03 + 50)
    },
  )

  test('take() serves the urgent first, and each kind in the order of their calls', async () => {
    const quota = createQuota(10, { limiter: new MemoryRateLimiter(), quotaName })
    const given: string[] = []
    for (const name of ['a', 'b', 'c']) void quota.take(never).then(() => given.push(name))
    for (const name of ['U', 'V']) {
      void quota.take(never, { urgent: true }).then(() => given.push(name))
    }
    await vi.advanceTimersByTimeAsync(2_000)
    // The first was served at once, before the others came.
    expect(given.join('')).toMatch(/^(aUVbc|UVabc)$/)
  })

  test('take() stops waiting with its signal, and its reservation goes to the next', async () => {
    const quota = createQuota(1, { limiter: new MemoryRateLimiter(), quotaName })
    const controller = new AbortController()
    expect(await quota.take(never)).not.toBeNull()
    const leaving = [quota.take(controller.signal), quota.take(controller.signal)]
    const staying = quota.take(never)
    controller.abort()
    expect(await Promise.all(leaving)).toEqual([null, null])
    await vi.advanceTimersByTimeAsync(1_020)
    expect(await staying).not.toBeNull()
    expect(await quota.take(controller.signal)).toBeNull()
  })

  test('a reservation that nobody used expires: no later second has more for it', async () => {
    const quota = createQuota(20, { limiter: new MemoryRateLimiter(), quotaName })
    const controller = new AbortController()
    for (let n = 0; n < 5; n += 1) void quota.take(controller.signal)
    controller.abort()
    await vi.advanceTimersByTimeAsync(5_000)
    const times = await timesOf([quota], 40)
    expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(22)
  })

  test('a process that stalled does not make up for it all at once', async () => {
    const quota = createQuota(100, { limiter: new MemoryRateLimiter(), quotaName })
    const given: number[] = []
    for (let n = 0; n < 30; n += 1) void quota.take(never).then(() => given.push(n))
    await vi.advanceTimersByTimeAsync(1)
    const before = given.length
    // Its timers fire late: 150 ms have passed, and 15 reservations were due.
    vi.setSystemTime(Date.now() + 150)
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 150)
    await vi.advanceTimersToNextTimerAsync()
    vi.restoreAllMocks()
    expect(given.length - before).toBeLessThanOrEqual(6)
    expect(given.length - before).toBeGreaterThan(0)
  })

  test('penalize() by one process makes all wait, and the rate recovers by itself', async () => {
    const limiter = new MemoryRateLimiter()
    const [refused, other] = [1, 2].map(() => createQuota(1_000, { limiter, quotaName }))
    if (refused === undefined || other === undefined) return
    const waits: number[] = []
    for (let n = 0; n < 4; n += 1) {
      const taken = refused.take(never)
      await vi.advanceTimersByTimeAsync(50)
      const reservation = await taken
      const penalties = await Promise.all([1, 2, 3].map(() => refused.penalize(reservation)))
      expect(penalties.map(({ first }) => first)).toEqual([true, false, false])
      const [time = 0] = await timesOf([other], 1)
      waits.push(time)
    }
    for (const [n, penaltyMs] of [500, 1_000, 2_000, 2_000].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(penaltyMs - 1)
      expect(waits[n]).toBeLessThan(penaltyMs + 100)
    }
    const times = await timesOf([other], 1_000)
    expect(times.at(-1)).toBeLessThan(1_100)
  })

  test('take() waits while the limiter cannot be reached, says why, and goes on when it can', async () => {
    const memory = new MemoryRateLimiter()
    const broken = { is: true }
    const limiter: RateLimiter = {
      reserve: (wanted) =>
        broken.is ? Promise.reject(new Error('the database is away')) : memory.reserve(wanted),
      penalize: (...refused) => memory.penalize(...refused),
    }
    const quota = createQuota(20, { limiter, quotaName })
    const impatient = quota.take(AbortSignal.timeout(100))
    const patient = quota.take(never)
    await vi.advanceTimersByTimeAsync(101)
    expect(await impatient).toBeNull()
    expect(quota.lastError).toBe('the database is away')
    broken.is = false
    await vi.advanceTimersByTimeAsync(500)
    expect(await patient).not.toBeNull()
    expect(quota.lastError).toBeNull()
  })

  test('reserves for all that wait at once', async () => {
    const memory = new MemoryRateLimiter()
    let reservations = 0
    const limiter: RateLimiter = {
      reserve: (wanted) => {
        reservations += 1
        return memory.reserve(wanted)
      },
      penalize: (...refused) => memory.penalize(...refused),
    }
    await timesOf([createQuota(200, { limiter, quotaName })], 400)
    // Ten times a second for two seconds, and not 400 times.
    expect(reservations).toBeLessThan(30)
  })
})

describe('createOldOrderLimit()', () => {
  const now = new Date('2026-01-24T12:00:00Z')
  const dayMs = 86_400_000
  const made = (limiter = new MemoryRateLimiter()) =>
    createOldOrderLimit(wechatOldOrders, { limiter, quotaName, clock: () => now })
  const old = new Date(+now - 31 * dayMs)

  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('tryAcquire() lets every query through about an order of up to thirty days, or of unknown age', async () => {
    const limit = made()
    for (let n = 0; n < 100; n += 1) {
      expect(await limit.tryAcquire(new Date(+now - 30 * dayMs))).toBe(true)
      expect(await limit.tryAcquire(undefined)).toBe(true)
    }
  })

  test('tryAcquire() lets eight about older ones through at once, and fifteen in any minute, over all processes', async () => {
    const limiter = new MemoryRateLimiter()
    const nodes = [made(limiter), made(limiter)]
    const together = await Promise.all(
      nodes.flatMap((node) => [1, 2, 3, 4, 5, 6].map(() => node.tryAcquire(old))),
    )
    expect(together.filter((acquired) => acquired)).toHaveLength(8)
    const times = Array.from({ length: 8 }, () => 0)
    for (let second = 1; second < 300; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000)
      for (const node of nodes) if (await node.tryAcquire(old)) times.push(second * 1_000)
    }
    expect(mostWithin(times, 60_000)).toBe(15)
    expect(times.length).toBeGreaterThan(40)
  })
})

describe('the quota of a gateway', () => {
  test('query() is unknown when there is no slot before its deadline, and sends nothing', async () => {
    const side = await startSide(() => signed(200, tradeBody()))
    const { gateway, events } = gatewayTo(side, { timeoutMs: 2_000 }, { maxQps: 0.1 })
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    const answer = await gateway.query(orderNo)
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'quota', systemic: false })
    expect(answer).toMatchObject({
      message: expect.stringContaining('rate limit: no slot before the deadline'),
    })
    expect(side.received).toHaveLength(1)
    expect(events.map(({ type }) => type)).toEqual(['gateway_called', 'query_rate_limited'])
    await gateway.stop()
    await side.stop()
  })

  test('query() waits as long as its caller has patience, and not for its time-out', async () => {
    const side = await startSide(() => signed(200, tradeBody()))
    const { gateway } = gatewayTo(side, { timeoutMs: 2_000 }, { maxQps: 0.4 })
    await gateway.query(orderNo)
    const patience = AbortSignal.timeout(10_000)
    expect(await gateway.query(orderNo, { patience })).toMatchObject({ kind: 'trade' })
    await gateway.stop()
    await side.stop()
  })

  test('query() that announces how many follow reserves for them, too', async () => {
    const side = await startSide(() => signed(200, tradeBody()))
    const memory = new MemoryRateLimiter()
    const counts: number[] = []
    const limiter: RateLimiter = {
      reserve: (wanted) => {
        counts.push(wanted.count)
        return memory.reserve(wanted)
      },
      penalize: (...refused) => memory.penalize(...refused),
    }
    const { gateway } = gatewayTo(side, {}, { maxQps: 1_000, limiter })
    await gateway.query(orderNo, { patience: AbortSignal.timeout(10_000), ahead: 9 })
    expect(counts).toEqual([10])
    await gateway.stop()
    await side.stop()
  })

  test('query() waits after a 429, which is one event', async () => {
    // All three arrive before the first of them is refused: a later one would be refused anew.
    let resolveAll = (_: number) => {}
    const allReceived = new Promise<number>((resolve) => {
      resolveAll = resolve
    })
    const side = await startSide(async () => {
      if (side.received.length === 3) resolveAll(performance.now())
      await allReceived
      return unsigned(429, { code: 'FREQUENCY_LIMITED' })
    })
    const { gateway, events } = gatewayTo(side, {}, { maxQps: 1_000 })
    const refused = await Promise.all([1, 2, 3].map(() => gateway.query(orderNo)))
    for (const answer of refused)
      expect(answer).toMatchObject({ cause: 'throttled', systemic: false })
    side.answer = () => signed(200, tradeBody())
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    // Half a second from the refusal, which was after all three were received.
    expect(performance.now() - (await allReceived)).toBeGreaterThan(490)
    expect(events.filter(({ type }) => type === 'gateway_throttled')).toHaveLength(1)
    await gateway.stop()
    await side.stop()
  })

  test('prepay() needs no reservation, and a 429 for it slows the queries', async () => {
    const side = await startSide(() => unsigned(429, { code: 'RATE_LIMITED' }))
    const { gateway } = gatewayTo(side, {}, { maxQps: 0.1 })
    const order = {
      orderNo,
      appid: 'wx1',
      amount: 1n,
      currency: 'CNY',
      description: 'x',
      attach: null,
    }
    const started = performance.now()
    for (let n = 0; n < 3; n += 1) {
      const placed = await gateway.prepay({ ...order, expiresAt: new Date(Date.now() + 3_600_000) })
      expect(placed).toMatchObject({ cause: 'throttled' })
    }
    side.answer = () => signed(200, tradeBody())
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    expect(performance.now() - started).toBeGreaterThan(490)
    await gateway.stop()
    await side.stop()
  })

  test('gateways of two merchants have one each, though they use one limiter', async () => {
    const side = await startSide(() => signed(200, tradeBody()))
    const limiter = new MemoryRateLimiter()
    const [one, other] = ['1900000001', '1900000003'].map(
      (mchId) => gatewayTo(side, { mchId }, { maxQps: 0.1, limiter }).gateway,
    )
    expect(await one?.query(orderNo)).toMatchObject({ kind: 'trade' })
    expect(await other?.query(orderNo)).toMatchObject({ kind: 'trade' })
    const patience = AbortSignal.timeout(50)
    expect(await one?.query(orderNo, { patience })).toMatchObject({ kind: 'unknown' })
    await Promise.all([one?.stop(), other?.stop()])
    await side.stop()
  })

  test('gateways of one merchant share it over PostgreSQL, and its 429s', async () => {
    const times: number[] = []
    const side = await startSide(() => {
      times.push(performance.now())
      return signed(200, tradeBody())
    })
    const url = await freshPostgresUrl()
    const stores = await Promise.all([1, 2, 3].map(() => openStore(url)))
    const nodes = stores.map(
      ({ rateLimiter: limiter }) => gatewayTo(side, {}, { maxQps: 50, limiter }).gateway,
    )
    const patience = AbortSignal.timeout(30_000)
    setMaxListeners(0, patience)
    const query = (count: number) =>
      Promise.all(
        nodes.flatMap((node) =>
          Array.from({ length: count }, () => node.query(orderNo, { patience })),
        ),
      )
    const startedAt = performance.now()
    const answers = await query(30)
    expect(answers.filter(({ kind }) => kind === 'trade')).toHaveLength(90)
    // Arrivals bunch where the machine stalls, so no bound on each second; a quota each took 0.6 s.
    expect((times.at(-1) ?? 0) - startedAt).toBeGreaterThan(1_700)

    let refusedAt = 0
    side.answer = () => {
      refusedAt = performance.now()
      return unsigned(429)
    }
    await nodes[0]?.query(orderNo)
    side.answer = () => {
      times.push(performance.now())
      return signed(200, tradeBody())
    }
    times.length = 0
    await query(1)
    expect(Math.min(...times) - refusedAt).toBeGreaterThan(490)
    await Promise.all(nodes.map((node) => node.stop()))
    await Promise.all(stores.map((store) => store.close()))
    await side.stop()
  })
})
