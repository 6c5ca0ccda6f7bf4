import { describe, expect, it } from 'vitest'
import {
  freshLimiter,
  type LimiterState,
  MemoryRateLimiter,
  penalize,
  reserve,
} from '../../src/domain/runs/rate-limiter.ts'

const rate = { quota: 'm', stepMs: 50, burstMs: 40, horizonMs: 200 }
const now = 1_000_000

/** What a quota gives of `count` slots whose next one is `nextInMs` ahead. */
function given(nextInMs: number, count: number) {
  const state = { ...freshLimiter, nextAt: now + nextInMs }
  return reserve(state, { wanted: { ...rate, count }, now })
}

describe('reserve()', () => {
  it.each([
    [
      'slots of an idle quota, from a little before now',
      -10_000,
      1,
      { count: 1, firstInMs: -40, next: 10 },
    ],
    ['no more than up to the horizon', -10_000, 99, { count: 5, firstInMs: -40, next: 210 }],
    ['slots behind those before', 120, 99, { count: 2, firstInMs: 120, next: 220 }],
    ['the slot on the horizon itself', 200, 99, { count: 1, firstInMs: 200, next: 250 }],
    ['nothing beyond the horizon', 201, 99, { count: 0, firstInMs: 201, next: 201 }],
    ['none for a count of 0', 0, 0, { count: 0, firstInMs: 0, next: 0 }],
    ['nothing during a penalty', 2_000, 1, { count: 0, firstInMs: 2_000, next: 2_000 }],
    [
      'slots from now where the clock was set back',
      3_600_000,
      1,
      { count: 1, firstInMs: 0, next: 50 },
    ],
  ])('gives %s', (_name, nextInMs, count, expected) => {
    const { state, given: slots } = given(nextInMs, count)
    expect(slots).toMatchObject({ count: expected.count, firstInMs: expected.firstInMs })
    expect(slots.nextInMs).toBe(expected.next)
    expect(state.nextAt).toBe(now + expected.next)
  })

  it('never gives a slot twice while the clock goes forward', () => {
    let state: LimiterState = { ...freshLimiter }
    let last = 0
    for (let request = 0; request < 500; request += 1) {
      const at = now + request * 37
      const step = reserve(state, { wanted: { ...rate, count: request % 7 }, now: at })
      if (step.given.count > 0) {
        expect(step.given.firstAt).toBeGreaterThanOrEqual(last + (last > 0 ? rate.stepMs : 0))
        last = step.given.firstAt + (step.given.count - 1) * rate.stepMs
      }
      state = step.state
    }
  })
})

describe('penalize()', () => {
  /** The penalties for requests of these reservations, each refused when the penalty before is over. */
  function penalties(reservedAts: readonly number[]) {
    let state: LimiterState = { ...freshLimiter }
    return reservedAts.map((reservedAt) => {
      const step = penalize(state, { reservedAt, now: reservedAt + 10 })
      state = step.state
      return step.penalty
    })
  }

  it('lasts longer while it repeats, up to a maximum', () => {
    const reservedAts = [now]
    for (const penaltyMs of [500, 1_000, 2_000, 2_000])
      reservedAts.push((reservedAts.at(-1) ?? 0) + penaltyMs + 20)
    expect(penalties(reservedAts).map(({ forMs }) => forMs)).toEqual([
      500, 1_000, 2_000, 2_000, 2_000,
    ])
  })

  it('starts at the minimum again after a second of answers', () => {
    expect(penalties([now, now + 510, now + 2_600]).map(({ forMs }) => forMs)).toEqual([
      500, 1_000, 500,
    ])
  })

  it('counts refusals of requests sent before the penalty ended as the same one', () => {
    const state = penalize(freshLimiter, { reservedAt: now, now: now + 10 }).state
    for (const [reservedAt, at] of [
      [now - 100, now + 11],
      [now + 400, now + 450], // reserved before the penalty
      [now, now + 5_000], // a slow answer
    ] as const) {
      const again = penalize(state, { reservedAt, now: at })
      expect(again.state).toBe(state)
      expect(again.penalty).toEqual({ first: false, forMs: Math.max(0, now + 510 - at) })
    }
  })

  it('of a request without a reservation counts from now', () => {
    const first = penalize(freshLimiter, { reservedAt: null, now })
    expect(first.penalty).toEqual({ first: true, forMs: 500 })
    expect(penalize(first.state, { reservedAt: null, now: now + 100 }).penalty.first).toBe(false)
  })

  it('ends at once where the clock was set back', () => {
    const state = { nextAt: now + 3_600_000, penaltyUntil: now + 3_600_000, penaltyMs: 500 }
    expect(penalize(state, { reservedAt: now, now }).penalty).toEqual({ first: true, forMs: 500 })
  })
})

describe('MemoryRateLimiter', () => {
  it('keeps quotas apart', async () => {
    const limiter = new MemoryRateLimiter()
    const first = await limiter.reserve({ ...rate, count: 5 })
    expect(first.count).toBe(5)
    expect((await limiter.reserve({ ...rate, count: 5 })).count).toBe(0)
    expect((await limiter.reserve({ ...rate, quota: 'other', count: 5 })).count).toBe(5)
    await limiter.penalize('other', null)
    expect((await limiter.reserve({ ...rate, quota: 'other', count: 5 })).count).toBe(0)
  })
})
