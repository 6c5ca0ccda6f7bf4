import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createQuota } from '../../src/gateway/quota.ts'
import { freshLine, type LineState, type Places, reserve } from '../../src/places.ts'
import { type Stall, VirtualTime } from './virtual-time.ts'

/**
 * Nodes that share a line, in virtual time: each stands still now and then, the database is some
 * milliseconds away, and so is the gateway, never twice the same.
 */

const never = new AbortController().signal
setMaxListeners(0, never)

interface NodeOptions {
  readonly stalls: readonly Stall[]
  readonly lanes: number
  /** How long the gateway takes to answer. */
  readonly answerMs: number
  /** Questions of each run; the next run follows at once. */
  readonly batch: number
}

interface Asking {
  readonly qps: number
  readonly nodes: readonly NodeOptions[]
  readonly untilMs: number
  readonly seed: number
}

const usual: NodeOptions = { stalls: [], lanes: 20, answerMs: 4, batch: 50 }
const wayMsMax = 3
/** Signed, sent, received. */
const arrivalMsMax = 8

/** When the gateway was asked by each node, and how often each reserved. */
async function ask({ qps, nodes, untilMs, seed }: Asking) {
  const virtual = new VirtualTime()
  const random = chance(seed)
  const places = placesBy(virtual)
  const asked = nodes.map(({ stalls, lanes, answerMs, batch }) => {
    const time = virtual.stalling(stalls)
    const asked = { times: [] as number[], reservations: 0 }
    const far: Places = {
      ...places,
      async reserve(wanted) {
        asked.reservations += 1
        await virtual.pause(wayMsMax * random())
        const given = await places.reserve(wanted)
        await time.pause(wayMsMax * random())
        return given
      },
    }
    const quota = createQuota(qps, { places: far, line: 'm', time })
    let left = 0
    const lane = async () => {
      while (virtual.now() < untilMs) {
        left = left === 0 ? batch - 1 : left - 1
        await quota.take(never, { ahead: left })
        virtual.after(arrivalMsMax * random(), () => asked.times.push(virtual.now()))
        await time.pause(answerMs)
      }
    }
    for (let n = 0; n < lanes; n += 1) void lane()
    return asked
  })
  await virtual.runUntil(untilMs)
  return asked
}

/** One line, by the pure arithmetic. */
function placesBy(time: VirtualTime): Places {
  let line: LineState = { ...freshLine, nextAt: -Infinity }
  return {
    async reserve(wanted) {
      const { state, given } = reserve(line, { wanted, now: time.now() })
      line = state
      return given
    },
    holdBack: async () => ({ forMs: 0, first: false }),
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
  })

  it('put no more than 1.05 of the quota into any second, however long they stand still', async () => {
    await fc.assert(
      fc.asyncProperty(anyAsking({ msMax: 400, perSecondMax: 4 }), async (asking) => {
        const asked = await ask(asking)
        expect(mostInASecond(timesOf(asked))).toBeLessThanOrEqual(1.05 * asking.qps)
      }),
      { numRuns: 60 },
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
      { numRuns: 30 },
    )
  })
})
