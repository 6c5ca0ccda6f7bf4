import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  freshLimiter,
  type LimiterState,
  penalize,
  type RateLimiter,
  reserve,
} from '../../src/domain/rate-limiter.ts'
import { createQuota } from '../../src/gateway/rate-limit/create-quota.ts'
import { type Stall, VirtualTime } from './virtual-time.ts'

/**
 * Nodes that share a quota, in virtual time: each stands still now and then, the database is some
 * milliseconds away, and so is the gateway, never twice the same.
 */

const never = new AbortController().signal
setMaxListeners(0, never)

interface NodeOptions {
  readonly stalls: readonly Stall[]
  readonly lanes: number
  /** How long the gateway takes to answer. */
  readonly answerMs: number
  /** Questions of each of its runs, of which one follows the other at once. */
  readonly batch: number
  readonly runs?: number
  /** From then on it is gone, with all that it reserved. */
  readonly diesAtMs?: number
}

interface Asking {
  readonly qps: number
  readonly nodes: readonly NodeOptions[]
  readonly untilMs: number
  readonly seed: number
}

const usual: NodeOptions = { stalls: [], lanes: 20, answerMs: 4, batch: 50 }
const endless = 1_000_000
const wayMsMax = 3
/** Signed, sent, received. */
const arrivalMsMax = 8

/** When the gateway was asked by each node, and how often each reserved. */
async function ask({ qps, nodes, untilMs, seed }: Asking) {
  const virtual = new VirtualTime()
  const random = chance(seed)
  const places = placesBy(virtual)
  const asked = nodes.map(
    ({ stalls, lanes, answerMs, batch, runs = endless, diesAtMs = untilMs }) => {
      const time = virtual.stalling([...stalls, { fromMs: diesAtMs, forMs: untilMs }])
      const asked = { times: [] as number[], reservations: 0 }
      const far: RateLimiter = {
        ...places,
        async reserve(wanted) {
          asked.reservations += 1
          await virtual.pause(wayMsMax * random())
          const given = await places.reserve(wanted)
          await time.pause(wayMsMax * random())
          return given
        },
      }
      const quota = createQuota(qps, { places: far, quotaName: 'm', time })
      let left = batch * runs
      const lane = async () => {
        while (virtual.now() < untilMs && left > 0) {
          left -= 1
          await quota.take(never, { ahead: left % batch })
          virtual.after(arrivalMsMax * random(), () => asked.times.push(virtual.now()))
          await time.pause(answerMs)
        }
      }
      for (let n = 0; n < lanes; n += 1) void lane()
      return asked
    },
  )
  await virtual.runUntil(untilMs)
  return asked
}

/** One quota, by the pure arithmetic. */
function placesBy(time: VirtualTime): RateLimiter {
  let limiter: LimiterState = { ...freshLimiter, nextAt: -Infinity, penaltyUntil: -Infinity }
  return {
    async reserve(wanted) {
      const { state, given } = reserve(limiter, { wanted, now: time.now() })
      limiter = state
      return given
    },
    async penalize(_line, placeAt) {
      const { state, hold } = penalize(limiter, { placeAt, now: time.now() })
      limiter = state
      return hold
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

function timesOf(asked: readonly { readonly times: readonly number[] }[]): readonly number[] {
  return asked.flatMap(({ times }) => times)
}

/** Of the quota, after a second for all to begin. */
function share(asked: Parameters<typeof timesOf>[0], { qps, untilMs }: Asking): number {
  const warmMs = 1_000
  const counted = timesOf(asked).filter((at) => at >= warmMs && at < untilMs)
  return counted.length / ((qps * (untilMs - warmMs)) / 1_000)
}

const qpsOf = fc.constantFrom(20, 200, 1_000)
const someSeconds = { 20: 12_000, 200: 4_000, 1000: 2_500 } as Readonly<Record<number, number>>

/** By then each has made its first reservation, and knows the line's clock. */
const knownMs = 50

/** Nodes of any sort, that stand still at any time. */
function anyAsking(stall: { readonly msMax: number; readonly perSecondMax: number }) {
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
        lanes: fc.constantFrom(5, 20, 100),
        answerMs: fc.nat({ max: 100 }),
        batch: fc.constantFrom(1, 10, 50, 500),
      })
      const nodes = fc.array(node, { minLength: count, maxLength: count })
      return nodes.map((made): Asking => ({ qps, seed, untilMs, nodes: made }))
    })
}

describe('nodes on one line', () => {
  const combinations = [20, 200, 1_000].flatMap((qps) => [1, 2, 4].map((count) => ({ qps, count })))

  it.each(combinations)('use $qps places a second, $count of them', async ({ qps, count }) => {
    const untilMs = someSeconds[qps] ?? 0
    const nodes = Array.from({ length: count }, () => usual)
    const asking = { qps, seed: 1, untilMs, nodes }
    const asked = await ask(asking)
    expect(share(asked, asking)).toBeGreaterThanOrEqual(0.98)
    expect(mostInASecond(timesOf(asked))).toBeLessThanOrEqual(1.05 * qps)
    const least = Math.min(...asked.map(({ times }) => times.length))
    expect(least).toBeGreaterThan((0.4 * timesOf(asked).length) / count)
  })

  it('put no more than 1.05 of the quota into any second, however long they stand still', async () => {
    await fc.assert(
      fc.asyncProperty(anyAsking({ msMax: 400, perSecondMax: 2 }), async (asking) => {
        const asked = await ask(asking)
        expect(mostInASecond(timesOf(asked))).toBeLessThanOrEqual(1.05 * asking.qps)
      }),
      { numRuns: 40 },
    )
  })

  it('lose none of the quota while they stand still for no longer than a place is good', async () => {
    await fc.assert(
      fc.asyncProperty(anyAsking({ msMax: 30, perSecondMax: 4 }), async (made) => {
        const asking = {
          ...made,
          nodes: made.nodes.map((node) => ({ ...usual, stalls: node.stalls })),
        }
        const asked = await ask(asking)
        expect(share(asked, asking)).toBeGreaterThanOrEqual(0.97)
      }),
      { numRuns: 15 },
    )
  })

  it('leave to the others what they cannot use', async () => {
    const slow = { ...usual, lanes: 5, answerMs: 2_000 }
    const asking = { qps: 20, seed: 1, untilMs: 60_000, nodes: [slow, slow, usual] }
    const [one, other, quick] = await ask(asking)
    // Five in two seconds are all that a slow one asks.
    const left = 20 * 60 - (one?.times.length ?? 0) - (other?.times.length ?? 0)
    expect(one?.times.length).toBeGreaterThan(60)
    expect(quick?.times.length).toBeGreaterThan(0.9 * left)
  })

  it('go on without one that dies, and lose a second of it at most', async () => {
    const dying = { ...usual, diesAtMs: 5_000 }
    const asking = { qps: 20, seed: 1, untilMs: 12_000, nodes: [dying, usual, usual] }
    const times = [...timesOf(await ask(asking))].sort((a, b) => a - b)
    expect(times.length).toBeGreaterThanOrEqual(0.98 * 20 * 11)
    const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(1_100)
  })
})

describe('a check by hand', () => {
  it('has its place within two seconds while other nodes take all there are', async () => {
    const virtual = new VirtualTime()
    const options = { places: placesBy(virtual), quotaName: 'm', time: virtual }
    for (const quota of [createQuota(20, options), createQuota(20, options)]) {
      for (let ahead = 199; ahead >= 0; ahead -= 1) void quota.take(never, { ahead })
    }
    const quota = createQuota(20, options)
    for (const askedAt of [1_000, 4_000, 7_000]) {
      await virtual.runUntil(askedAt)
      let givenAt = Number.POSITIVE_INFINITY
      void quota.take(never, { urgent: true }).then(() => {
        givenAt = virtual.now()
      })
      await virtual.runUntil(askedAt + 2_900)
      expect(givenAt - askedAt).toBeLessThan(2_000)
    }
  })
})

describe('a node that is told "too many"', () => {
  it('asks again as soon as the hold is over, and at the pace of before', async () => {
    const virtual = new VirtualTime()
    const quota = createQuota(20, { places: placesBy(virtual), quotaName: 'm', time: virtual })
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

describe('a node that hardly ever wakes', () => {
  it('asks a question every ten seconds all the same', async () => {
    const virtual = new VirtualTime()
    const places = placesBy(virtual)
    let answerMs = 1
    const far: RateLimiter = {
      ...places,
      async reserve(wanted) {
        const given = await places.reserve(wanted)
        await virtual.pause(answerMs)
        return given
      },
    }
    const quota = createQuota(200, { places: far, quotaName: 'm', time: virtual })
    void quota.take(never)
    await virtual.runUntil(100)
    // From now on each answer of the database finds the process standing still.
    answerMs = 300
    let given = 0
    const ask = async () => {
      await quota.take(never)
      given += 1
      void ask()
    }
    void ask()
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
  ])('of 50 questions at $qps a second reserves $reservations times', async (expected) => {
    const { qps } = expected
    const node = { ...usual, lanes: 5, batch: 50, runs: 1 }
    const [asked] = await ask({ qps, seed: 1, untilMs: 5_000, nodes: [node] })
    expect(asked).toMatchObject({ reservations: expected.reservations })
    expect(asked?.times).toHaveLength(50)
  })

  it('reserves for two at a time when nobody tells it of more', async () => {
    const node = { ...usual, lanes: 5, batch: 1 }
    const [asked] = await ask({ qps: 20, seed: 1, untilMs: 20_000, nodes: [node] })
    expect(asked?.times.length).toBeGreaterThan(0.98 * 20 * 20)
    expect(asked?.reservations).toBeLessThan(0.6 * (asked?.times.length ?? 0))
  })

  it.each([
    ['all that fell due meanwhile', { afterMs: 26, places: 5 }],
    ['none of more than 40 ms ago', { afterMs: 100, places: 8 }],
  ])('uses, after a moment without a question, %s', async (_which, { afterMs, places }) => {
    const virtual = new VirtualTime()
    const quota = createQuota(200, { places: placesBy(virtual), quotaName: 'm', time: virtual })
    void quota.take(never, { ahead: 40 })
    await virtual.runUntil(afterMs)
    let given = 0
    for (let ahead = 39; ahead >= 0; ahead -= 1) {
      void quota.take(never, { ahead }).then(() => {
        given += 1
      })
    }
    await virtual.runUntil(afterMs)
    expect(given).toBe(places)
  })
})
