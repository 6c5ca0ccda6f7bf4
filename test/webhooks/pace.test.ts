import { describe, expect, test } from 'vitest'
import {
  afterFailure,
  type EndpointHealth,
  gateOf,
  isFailing,
  wellEndpoint,
} from '../../src/domain/webhooks/endpoint-health.ts'
import { givenUpAfterMs, nextWaitMs, readRetryAfter } from '../../src/domain/webhooks/retry.ts'

const seconds = (count: number) => count * 1000
const hours = (count: number) => count * 3_600_000

/** When each attempt of one delivery is made, in seconds after the first, if all fail at once. */
function attemptsOf(chance: number): readonly number[] {
  const times = [0]
  for (let ageMs = 0; ; ) {
    const waitMs = nextWaitMs({ attempts: times.length, ageMs, retryAfterMs: null, chance })
    if (waitMs === null) return times
    ageMs += waitMs
    times.push(ageMs / 1000)
  }
}

describe('nextWaitMs()', () => {
  test('follows the schedule of the docs, and gives up after three days', () => {
    const times = attemptsOf(0)
    expect(times.slice(0, 6)).toEqual([0, 5, 35, 335, 2135, 9335])
    const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0))
    expect(waits.slice(5).map((wait) => wait / 3600)).toEqual([5, 10, 10, 10, 10, 10, 10])
    expect(times.at(-1)).toBeLessThanOrEqual(givenUpAfterMs / 1000)
  })

  test('only adds its jitter, at most a tenth', () => {
    for (const [at, time] of attemptsOf(1).entries()) {
      const scheduled = attemptsOf(0)[at] ?? 0
      expect(time).toBeGreaterThanOrEqual(scheduled)
      expect(time).toBeLessThanOrEqual(scheduled * 1.1 + 0.001)
    }
  })

  test('waits as long as the receiver says, up to an hour, and never shorter', () => {
    const failed = { attempts: 1, ageMs: 0, chance: 0 }
    expect(nextWaitMs({ ...failed, retryAfterMs: seconds(90) })).toBe(seconds(90))
    expect(nextWaitMs({ ...failed, retryAfterMs: hours(1000) })).toBe(hours(1))
    expect(nextWaitMs({ ...failed, retryAfterMs: seconds(1) })).toBe(seconds(5))
    expect(nextWaitMs({ ...failed, attempts: 7, retryAfterMs: hours(1) })).toBe(hours(10))
  })
})

describe('readRetryAfter()', () => {
  const now = Date.parse('2026-01-31T08:00:00Z')

  test.each([
    ['120', seconds(120)],
    [' 0 ', 0],
    ['Sat, 31 Jan 2026 08:01:00 GMT', seconds(60)],
    ['Sat, 31 Jan 2026 07:59:00 GMT', null],
    ['-5', null],
    ['1e9', null],
    ['soon', null],
    ['2026-02-01T00:00:00Z', null],
    ['9999999999', null],
    ['', null],
    [undefined, null],
  ])('reads %s', (value, expected) => {
    expect(readRetryAfter(value, now)).toBe(expected)
  })
})

describe('the health of an endpoint', () => {
  const start = Date.parse('2026-01-31T08:00:00Z')
  const at = (second: number) => new Date(start + seconds(second))

  /** An endpoint that is away, with enough deliveries that one is sent whenever it may be. */
  function outage(untilSecond: number): { health: EndpointHealth; tries: readonly number[] } {
    let health = wellEndpoint
    const tries: number[] = []
    for (let second = 0; second < untilSecond; second += 1) {
      if (gateOf(health, at(second)) === 'hold') continue
      tries.push(second)
      health = afterFailure(health, {
        ...{ beganAt: at(second), now: at(second), retryAfterMs: null },
      })
    }
    return { health, tries }
  }

  test('a receiver that is away for half a minute is back within seconds, without an alarm', () => {
    const { health, tries } = outage(30)
    expect(tries.length).toBeLessThanOrEqual(30)
    expect(+(health.heldUntil ?? 0)).toBeLessThanOrEqual(+at(34))
    expect([isFailing(health), gateOf(health, at(34))]).toEqual([false, 'flow'])
  })

  test('one that is away for longer is probed, less and less, and never given up', () => {
    const { health, tries } = outage(3 * 86_400)
    expect(isFailing(health)).toBe(true)
    expect(gateOf(health, health.heldUntil ?? at(0))).toBe('probe')
    expect(+(health.heldUntil ?? 0) - +(health.failedAt ?? 0)).toBe(600_000)
    expect(tries.length).toBeLessThan(600)
    // At any time it would have been noticed within a tenth of the outage, and ten minutes.
    for (const [place, second] of tries.entries()) {
      const next = tries[place + 1] ?? second
      expect(next - second).toBeLessThanOrEqual(Math.max(2, Math.min(601, second * 0.1 + 2)))
    }
  })

  test('failures that were under way together count once', () => {
    const late = { beganAt: at(0), now: at(16), retryAfterMs: null }
    let health = afterFailure(wellEndpoint, { ...late, now: at(15) })
    for (let count = 0; count < 20; count += 1) health = afterFailure(health, late)
    expect(health.failures).toBe(1)
  })

  test('few failures of single deliveries over a long time hold up nobody', () => {
    let health = wellEndpoint
    for (const second of [0, 5, 35, 335]) {
      const now = at(second)
      health = afterFailure(health, { beganAt: now, now, retryAfterMs: null })
    }
    expect(gateOf(health, at(400))).toBe('flow')
    expect(isFailing(health)).toBe(true)
  })

  test('the wait that a receiver names holds for all of its deliveries, up to ten minutes', () => {
    const now = at(0)
    const requested = (retryAfterMs: number) =>
      +(afterFailure(wellEndpoint, { beganAt: now, now, retryAfterMs }).heldUntil ?? 0) - +now
    expect([requested(seconds(30)), requested(hours(5))]).toEqual([seconds(30), seconds(600)])
  })
})
