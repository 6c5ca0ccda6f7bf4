import { describe, expect, it } from 'vitest'
import {
  freshLimiter,
  type LimiterState,
  MemoryRateLimiter,
  penalize,
  reserve,
} from '../../src/domain/rate-limiter.ts'

const rate = { quota: 'm', stepMs: 50, burstMs: 40, horizonMs: 200 }
const now = 1_000_000

/** What of `count` places a line gives whose next one is so far ahead. */
function given(nextInMs: number, count: number) {
  const state = { ...freshLimiter, nextAt: now + nextInMs }
  return reserve(state, { wanted: { ...rate, count }, now })
}

describe('reserve()', () => {
  it.each([
    ['an idle quota, from a little before now', -10_000, 1, { count: 1, firstInMs: -40, next: 10 }],
    ['no more than up to the horizon', -10_000, 99, { count: 5, firstInMs: -40, next: 210 }],
    ['behind those before', 120, 99, { count: 2, firstInMs: 120, next: 220 }],
    ['the place on the horizon itself', 200, 99, { count: 1, firstInMs: 200, next: 250 }],
    ['nothing beyond the horizon', 201, 99, { count: 0, firstInMs: 201, next: 201 }],
    ['nothing to nobody', 0, 0, { count: 0, firstInMs: 0, next: 0 }],
    ['nothing while all are held back', 2_000, 1, { count: 0, firstInMs: 2_000, next: 2_000 }],
    [
      'a line whose clock was set back, from now',
      3_600_000,
      1,
      { count: 1, firstInMs: 0, next: 50 },
    ],
  ])('gives %s', (_name, nextInMs, count, expected) => {
    const { state, given: places } = given(nextInMs, count)
    expect(places).toMatchObject({ count: expected.count, firstInMs: expected.firstInMs })
    expect(places.nextInMs).toBe(expected.next)
    expect(state.nextAt).toBe(now + expected.next)
  })

  it('never gives a place of an honest line twice, whatever is asked', () => {
    let state: LimiterState = { ...freshLimiter }
    let last = 0
    for (let asked = 0; asked < 500; asked += 1) {
      const at = now + asked * 37
      const step = reserve(state, { wanted: { ...rate, count: asked % 7 }, now: at })
      if (step.given.count > 0) {
        expect(step.given.firstAt).toBeGreaterThanOrEqual(last + (last > 0 ? rate.stepMs : 0))
        last = step.given.firstAt + (step.given.count - 1) * rate.stepMs
      }
      state = step.state
    }
  })
})

describe('holdBack()', () => {
  /** The holds that questions of these places cause, each told when the one before is over. */
  function holds(placesAt: readonly number[]) {
    let state: LimiterState = { ...freshLimiter }
    return placesAt.map((placeAt) => {
      const told = penalize(state, { placeAt, now: placeAt + 10 })
      state = told.state
      return told.hold
    })
  }

  it('holds for longer while it repeats, up to an end', () => {
    const placesAt = [now]
    for (const penaltyMs of [500, 1_000, 2_000, 2_000])
      placesAt.push((placesAt.at(-1) ?? 0) + penaltyMs + 20)
    expect(holds(placesAt).map(({ forMs }) => forMs)).toEqual([500, 1_000, 2_000, 2_000, 2_000])
  })

  it('begins anew after a second of answers', () => {
    expect(holds([now, now + 510, now + 2_600]).map(({ forMs }) => forMs)).toEqual([
      500, 1_000, 500,
    ])
  })

  it('takes what is told of questions put before the hold ended for the same word', () => {
    const state = penalize(freshLimiter, { placeAt: now, now: now + 10 }).state
    for (const [placeAt, at] of [
      [now - 100, now + 11],
      [now + 400, now + 450], // reserved before anybody knew
      [now, now + 5_000], // a slow answer
    ] as const) {
      const again = penalize(state, { placeAt, now: at })
      expect(again.state).toBe(state)
      expect(again.hold).toEqual({ first: false, forMs: Math.max(0, now + 510 - at) })
    }
  })

  it('of a question without a place counts from now', () => {
    const first = penalize(freshLimiter, { placeAt: null, now })
    expect(first.hold).toEqual({ first: true, forMs: 500 })
    expect(penalize(first.state, { placeAt: null, now: now + 100 }).hold.first).toBe(false)
  })

  it('is not fooled by a clock that was set back', () => {
    const state = { nextAt: now + 3_600_000, penaltyUntil: now + 3_600_000, penaltyMs: 500 }
    expect(penalize(state, { placeAt: now, now }).hold).toEqual({ first: true, forMs: 500 })
  })
})

describe('MemoryPlaces', () => {
  it('keeps the lines of different quotas apart', async () => {
    const places = new MemoryRateLimiter()
    const first = await places.reserve({ ...rate, count: 5 })
    expect(first.count).toBe(5)
    expect((await places.reserve({ ...rate, count: 5 })).count).toBe(0)
    expect((await places.reserve({ ...rate, quota: 'other', count: 5 })).count).toBe(5)
    await places.penalize('other', null)
    expect((await places.reserve({ ...rate, quota: 'other', count: 5 })).count).toBe(0)
  })
})
