import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  freshLimiter,
  type LimiterState,
  penalize,
  type RateLimiter,
  reserve,
} from '../../src/domain/runs/rate-limiter.ts'
import { createQuota } from '../../src/gateway/rate-limit/create-quota.ts'
import { runsOf } from '../support/random.ts'
import { type Stall, VirtualTime } from './virtual-time.ts'

/**
 * Nodes that share a quota, in virtual time: each stalls now and then, and the latencies of the database
 * and of the gateway vary by some milliseconds.
 */

const never = new AbortController().signal
setMaxListeners(0, never)

interface NodeOptions {
  readonly stalls: readonly Stall[]
  readonly concurrency: number
  /** How long the gateway takes to answer. */
  readonly answerMs: number
  /** Queries of each of its runs, which follow one another at once. */
  readonly batch: number
  readonly runs?: number
  /** When it dies, with all its reservations. */
  readonly diesAtMs?: number
}

interface Scenario {
  readonly qps: number
  readonly nodes: readonly NodeOptions[]
  readonly untilMs: number
  readonly seed: number
}

const usual: NodeOptions = { stalls: [], concurrency: 20, answerMs: 4, batch: 50 }
const endless = 1_000_000
const latencyMsMax = 3
/** Signed, sent, received. */
const arrivalMsMax = 8

/** When the queries of each node arrived at the gateway, and how often each reserved. */
async function play({ qps, nodes, untilMs, seed }: Scenario) {
  const virtual = new VirtualTime()
  const random = chance(seed)
  const limiter = limiterBy(virtual)
  const runs = nodes.map(
    ({ stalls, concurrency, answerMs, batch, runs = endless, diesAtMs = untilMs }) => {
      const time = virtual.stalling([...stalls, { fromMs: diesAtMs, forMs: untilMs }])
      const node = { times: [] as number[], reservations: 0 }
      const far: RateLimiter = {
        ...limiter,
        async reserve(wanted) {
          node.reservations += 1
          await virtual.pause(latencyMsMax * random())
          const given = await limiter.reserve(wanted)
          await time.pause(latencyMsMax * random())
          return given
        },
      }
      const quota = createQuota(qps, { limiter: far, quotaName: 'm', time })
      let left = batch * runs
      const queryOneByOne = async () => {
        while (virtual.now() < untilMs && left > 0) {
          left -= 1
          await quota.take(never, { ahead: left % batch })
          virtual.after(arrivalMsMax * random(), () => node.times.push(virtual.now()))
          await time.pause(answerMs)
        }
      }
      for (let n = 0; n < concurrency; n += 1) void queryOneByOne()
      return node
    },
  )
  await virtual.runUntil(untilMs)
  return runs
}

/** One quota, by the pure arithmetic. */
function limiterBy(time: VirtualTime): RateLimiter {
  let current: LimiterState = { ...freshLimiter, nextAt: -Infinity, penaltyUntil: -Infinity }
  return {
    async reserve(wanted) {
      const { state, given } = reserve(current, { wanted, now: time.now() })
      current = state
      return given
    },
    async penalize(_quota, reservedAt) {
      const { state, penalty } = penalize(current, { reservedAt, now: time.now() })
      current = state
      return penalty
    },
  }
}

/** From 0 to 1, the same each time. */
function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The most that lie within any second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  let from = 0
  return sorted.reduce((most, at, n) => {
    while ((sorted[from] ?? 0) <= at - 1_000) from += 1
    return Math.max(most, n + 1 - from)
  }, 0)
}

function timesOf(nodes: readonly { readonly times: readonly number[] }[]): readonly number[] {
  return nodes.flatMap(({ times }) => times)
}

/** Of the quota, after a second for all to begin. */
function share(nodes: Parameters<typeof timesOf>[0], { qps, untilMs }: Scenario): number {
  const warmMs = 1_000
  const counted = timesOf(nodes).filter((at) => at >= warmMs && at < untilMs)
  return counted.length / ((qps * (untilMs - warmMs)) / 1_000)
}

const qpsOf = fc.constantFrom(20, 200, 1_000)
const someSeconds = { 20: 12_000, 200: 4_000, 1000: 2_500 } as Readonly<Record<number, number>>

/** By then each has made its first reservation, and knows the offset of the limiter's clock. */
const knownMs = 50

/** Nodes of any kind, which stall at any time. */
function anyScenario(stall: { readonly msMax: number; readonly perSecondMax: number }) {
  return fc
    .record({ qps: qpsOf, count: fc.constantFrom(1, 2, 4), seed: fc.nat() })
    .chain(({ qps, count, seed }) => {
      const untilMs = someSeconds[qps] ?? 0
      const stalls = fc.array(
        fc.record({
          fromMs: fc.integer({ min: knownMs, max: untilMs }),
          forMs: fc.nat({ max: stall.msMax }),
        }),
        { maxLength: Math.ceil((stall.perSecondMax * untilMs) / 1_000) },
      )
      const node = fc.record({
        stalls,
        concurrency: fc.constantFrom(5, 20, 100),
        answerMs: fc.nat({ max: 100 }),
        batch: fc.constantFrom(1, 10, 50, 500),
      })
      const nodes = fc.array(node, { minLength: count, maxLength: count })
      return nodes.map((made): Scenario => ({ qps, seed, untilMs, nodes: made }))
    })
}

describe('nodes that share a quota', () => {
  const combinations = [20, 200, 1_000].flatMap((qps) => [1, 2, 4].map((count) => ({ qps, count })))

  it.each(combinations)('use $qps slots a second, $count of them', async ({ qps, count }) => {
    const untilMs = someSeconds[qps] ?? 0
    const nodes = Array.from({ length: count }, () => usual)
    const scenario = { qps, seed: 1, untilMs, nodes }
    const runs = await play(scenario)
    expect(share(runs, scenario)).toBeGreaterThanOrEqual(0.98)
    expect(mostInASecond(timesOf(runs))).toBeLessThanOrEqual(1.05 * qps)
    const least = Math.min(...runs.map(({ times }) => times.length))
    expect(least).toBeGreaterThan((0.4 * timesOf(runs).length) / count)
  })

  it('send at most 1.05 of the quota in any second, however long they stall', async () => {
    await fc.assert(
      fc.asyncProperty(anyScenario({ msMax: 400, perSecondMax: 2 }), async (scenario) => {
        const runs = await play(scenario)
        expect(mostInASecond(timesOf(runs))).toBeLessThanOrEqual(1.05 * scenario.qps)
      }),
      { numRuns: runsOf(40) },
    )
  })

  it('lose none of the quota while no stall is longer than a reservation is valid', async () => {
    await fc.assert(
      fc.asyncProperty(anyScenario({ msMax: 30, perSecondMax: 4 }), async (made) => {
        const scenario = {
          ...made,
          nodes: made.nodes.map((node) => ({ ...usual, stalls: node.stalls })),
        }
        const runs = await play(scenario)
        expect(share(runs, scenario)).toBeGreaterThanOrEqual(0.97)
      }),
      { numRuns: runsOf(15) },
    )
  })

  it('leave to the others what they cannot use', async () => {
    const slow = { ...usual, concurrency: 5, answerMs: 2_000 }
    const scenario = { qps: 20, seed: 1, untilMs: 60_000, nodes: [slow, slow, usual] }
    const [one, other, quick] = await play(scenario)
    // A slow one sends only five in two seconds.
    const left = 20 * 60 - (one?.times.length ?? 0) - (other?.times.length ?? 0)
    expect(one?.times.length).toBeGreaterThan(60)
    expect(quick?.times.length).toBeGreaterThan(0.9 * left)
  })

  it('go on without one that dies, and lose a second of it at most', async () => {
    const dying = { ...usual, diesAtMs: 5_000 }
    const scenario = { qps: 20, seed: 1, untilMs: 12_000, nodes: [dying, usual, usual] }
    const times = [...timesOf(await play(scenario))].sort((a, b) => a - b)
    expect(times.length).toBeGreaterThanOrEqual(0.98 * 20 * 11)
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(1_100)
  })
})

describe('a check by hand', () => {
  it('is served within two seconds while other nodes reserve all there is', async () => {
    const virtual = new VirtualTime()
    const options = { limiter: limiterBy(virtual), quotaName: 'm', time: virtual }
    for (const quota of [createQuota(20, options), createQuota(20, options)]) {
      for (let ahead = 199; ahead >= 0; ahead -= 1) void quota.take(never, { ahead })
    }
    const quota = createQuota(20, options)
    for (const takenAt of [1_000, 4_000, 7_000]) {
      await virtual.runUntil(takenAt)
      let servedAt = Number.POSITIVE_INFINITY
      void quota.take(never, { urgent: true }).then(() => {
        servedAt = virtual.now()
      })
      await virtual.runUntil(takenAt + 2_900)
      expect(servedAt - takenAt).toBeLessThan(2_000)
    }
  })
})

describe('a node that the gateway refuses with "too many requests"', () => {
  it('goes on as soon as the penalty is over, at the rate of before', async () => {
    const virtual = new VirtualTime()
    const quota = createQuota(20, { limiter: limiterBy(virtual), quotaName: 'm', time: virtual })
    const given: number[] = []
    const first = quota.take(never, { ahead: 40 })
    for (let ahead = 39; ahead >= 0; ahead -= 1) {
      void quota.take(never, { ahead }).then(() => given.push(virtual.now()))
    }
    await virtual.runUntil(120)
    void quota.penalize(await first)
    await virtual.runUntil(2_000)
    expect(given.filter((at) => at <= 620)).toHaveLength(2)
    expect(given[2]).toBeLessThan(700)
    expect(given.length).toBeGreaterThanOrEqual(2 + 26)
  })
})

describe('a node that stalls nearly all the time', () => {
  it('still sends a query every ten seconds', async () => {
    const virtual = new VirtualTime()
    const limiter = limiterBy(virtual)
    let answerMs = 1
    const far: RateLimiter = {
      ...limiter,
      async reserve(wanted) {
        const given = await limiter.reserve(wanted)
        await virtual.pause(answerMs)
        return given
      },
    }
    const quota = createQuota(200, { limiter: far, quotaName: 'm', time: virtual })
    void quota.take(never)
    await virtual.runUntil(100)
    // From now on the process stalls before it reads each answer of the database.
    answerMs = 300
    let given = 0
    const takeForEver = async () => {
      await quota.take(never)
      given += 1
      void takeForEver()
    }
    void takeForEver()
    await virtual.runUntil(60_000)
    expect(given).toBeGreaterThanOrEqual(5)
    expect(given).toBeLessThan(10)
  })
})

describe('a run on a node alone', () => {
  it.each([
    { qps: 20, reservations: 3 },
    { qps: 50, reservations: 3 },
    { qps: 250, reservations: 1 },
    { qps: 1_000, reservations: 1 },
  ])('of 50 queries at $qps a second reserves $reservations times', async (expected) => {
    const { qps } = expected
    const node = { ...usual, concurrency: 5, batch: 50, runs: 1 }
    const [run] = await play({ qps, seed: 1, untilMs: 5_000, nodes: [node] })
    expect(run).toMatchObject({ reservations: expected.reservations })
    expect(run?.times).toHaveLength(50)
  })

  it('never waits for the limiter between its queries where the quota is far above its rate', async () => {
    // Five at a time, 10 ms each: 500 a second, of 10,000.
    const node = { ...usual, concurrency: 5, answerMs: 10, batch: 250 }
    const [run] = await play({ qps: 10_000, seed: 1, untilMs: 5_000, nodes: [node] })
    expect(run?.times.length).toBeGreaterThan(0.98 * 500 * 5)
    expect(run?.reservations).toBeLessThan((run?.times.length ?? 0) / 15)
  })

  it('reserves two at a time when no more are announced', async () => {
    const node = { ...usual, concurrency: 5, batch: 1 }
    const [run] = await play({ qps: 20, seed: 1, untilMs: 20_000, nodes: [node] })
    expect(run?.times.length).toBeGreaterThan(0.98 * 20 * 20)
    expect(run?.reservations).toBeLessThan(0.6 * (run?.times.length ?? 0))
  })

  it.each([
    ['all that fell due meanwhile', { afterMs: 26, reservations: 5 }],
    ['none of more than 40 ms ago', { afterMs: 100, reservations: 8 }],
  ])('uses, after a moment without a query, %s', async (_which, { afterMs, reservations }) => {
    const virtual = new VirtualTime()
    const quota = createQuota(200, { limiter: limiterBy(virtual), quotaName: 'm', time: virtual })
    void quota.take(never, { ahead: 40 })
    await virtual.runUntil(afterMs)
    let given = 0
    for (let ahead = 39; ahead >= 0; ahead -= 1) {
      void quota.take(never, { ahead }).then(() => {
        given += 1
      })
    }
    await virtual.runUntil(afterMs)
    expect(given).toBe(reservations)
  })
})
