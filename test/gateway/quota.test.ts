import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createQuota } from '../../src/gateway/quota.ts'
import { gatewayTo, orderNo, signed, startSide, tradeBody, unsigned } from './wechat-side.ts'

const never = new AbortController().signal

describe('createQuota()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** When each of `count` places was given, in ms from now. */
  async function places(maxQps: number, count: number): Promise<number[]> {
    const quota = createQuota(maxQps)
    const started = Date.now()
    const times: number[] = []
    for (let n = 0; n < count; n += 1) {
      void quota.take(never).then(() => times.push(Date.now() - started))
    }
    while (times.length < count) await vi.advanceTimersByTimeAsync(1)
    return times
  }

  test.each([
    [20, 60],
    [1, 4],
    [7, 20],
    [0.5, 2],
    [300, 600],
  ])('createQuota() gives %d places a second and no more', async (maxQps, count) => {
    const times = await places(maxQps, count)
    const slice = Math.max(1, Math.floor(maxQps / 10))
    for (const from of times) {
      const within = times.filter((at) => at >= from && at < from + 1000).length
      expect(within).toBeLessThanOrEqual(Math.ceil(maxQps) + slice)
    }
    const ideal = ((count - slice) / maxQps) * 1000
    expect(times.at(-1)).toBeLessThanOrEqual(ideal * 1.1 + 50)
  })

  test('take() gives places in the order of asking', async () => {
    const quota = createQuota(10)
    const given: number[] = []
    for (let n = 0; n < 10; n += 1) void quota.take(never).then(() => given.push(n))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(given).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('take() stops waiting with its signal and spends nothing', async () => {
    const quota = createQuota(1)
    const controller = new AbortController()
    expect(await quota.take(never)).toBe(true)
    const leaving = [quota.take(controller.signal), quota.take(controller.signal)]
    const staying = quota.take(never)
    controller.abort()
    expect(await Promise.all(leaving)).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(1_001)
    expect(await staying).toBe(true)
  })

  test('slowDown() holds everybody back, longer in a row, and once for calls told together', async () => {
    const quota = createQuota(1_000)
    const waits: number[] = []
    for (let n = 0; n < 4; n += 1) {
      await Promise.all([quota.slowDown(), quota.slowDown(), quota.slowDown()])
      const started = Date.now()
      const place = quota.take(never).then(() => waits.push(Date.now() - started))
      await vi.advanceTimersByTimeAsync(4_000)
      await place
    }
    expect(waits).toEqual([500, 1_000, 2_000, 2_000])
    quota.speedUp()
    await quota.slowDown()
    const started = Date.now()
    const place = quota.take(never).then(() => Date.now() - started)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(await place).toBe(500)
  })
})

describe('the quota of a gateway', () => {
  test('query() is unknown when no place comes before its deadline, and asks nobody', async () => {
    const side = await startSide(() => signed(200, tradeBody()))
    const { gateway } = gatewayTo(side, { timeoutMs: 1_000 }, { maxQps: 0.1 })
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    const answer = await gateway.query(orderNo)
    expect(answer).toMatchObject({ kind: 'unknown', cause: 'timeout', systemic: false })
    expect(side.received).toHaveLength(1)
    await gateway.stop()
    await side.stop()
  })

  test('query() waits after a 429', async () => {
    const side = await startSide(() => unsigned(429, { code: 'FREQUENCY_LIMITED' }))
    const { gateway } = gatewayTo(side, {}, { maxQps: 1_000 })
    expect(await gateway.query(orderNo)).toMatchObject({ cause: 'throttled', systemic: false })
    side.answer = () => signed(200, tradeBody())
    const started = performance.now()
    expect(await gateway.query(orderNo)).toMatchObject({ kind: 'trade' })
    expect(performance.now() - started).toBeGreaterThan(400)
    await gateway.stop()
    await side.stop()
  })
})
