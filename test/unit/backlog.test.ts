import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backlog, type BacklogPolicy, together } from '../../src/job/backlog.ts'

const minuteMs = 60_000

/** A batch of 50 every five minutes, at most ten queries a second. */
const policy: BacklogPolicy = {
  batchSize: 50,
  intervalMs: 5 * minuteMs,
  drain: false,
  qpsMax: 10,
}

describe('Backlog', () => {
  it('count() returns nothing while no more than a batch is due', () => {
    const backlog = new Backlog(policy)
    expect(backlog.count(0, 0)).toBeNull()
    expect(backlog.count(50, 5 * minuteMs)).toBeNull()
    expect(backlog.latest(5 * minuteMs)).toMatchObject({ remaining: 50 })
  })

  it('count() first estimates by what the configuration allows', () => {
    expect(new Backlog(policy).count(600, 0)).toEqual({
      type: 'catching_up',
      ...{ remaining: 600, perSec: 50 / 300, doneInMs: 60 * minuteMs, basis: 'batch' },
    })
    expect(new Backlog({ ...policy, drain: true }).count(600, 0)).toEqual({
      type: 'catching_up',
      ...{ remaining: 600, perSec: 10, doneInMs: minuteMs, basis: 'quota' },
    })
    // A batch that the quota does not let through in an interval.
    expect(new Backlog({ ...policy, qpsMax: 0.1 }).count(600, 0)).toMatchObject({ basis: 'quota' })
  })

  it('count() then goes by what was really done, new arrivals included', () => {
    const backlog = new Backlog(policy)
    backlog.count(1000, 0)
    expect(backlog.count(980, 5 * minuteMs)).toMatchObject({
      basis: 'measured',
      perSec: 20 / 300,
      doneInMs: (980 / 20) * 5 * minuteMs,
    })
  })

  it('count() knows no end of a backlog that grows', () => {
    const backlog = new Backlog(policy)
    backlog.count(1000, 0)
    expect(backlog.count(1100, 5 * minuteMs)).toMatchObject({ doneInMs: null })
  })

  it('count() says once that it is over', () => {
    const backlog = new Backlog(policy)
    backlog.count(1000, 0)
    expect(backlog.count(12, 5 * minuteMs)).toEqual({ type: 'caught_up', remaining: 12 })
    expect(backlog.count(12, 10 * minuteMs)).toBeNull()
  })

  it('count() takes no rate from a stretch of long ago', () => {
    const backlog = new Backlog(policy)
    backlog.count(1000, 0)
    expect(backlog.count(900, 24 * 60 * minuteMs)).toMatchObject({ basis: 'batch' })
  })

  it('latest() forgets what nobody has counted again', () => {
    const backlog = new Backlog(policy)
    backlog.count(1000, 0)
    expect(backlog.latest(15 * minuteMs)).toMatchObject({ remaining: 1000 })
    expect(backlog.latest(16 * minuteMs)).toBeNull()
  })

  it('batchesFor() plans no batch without drain, and never more than is due or allowed', () => {
    expect(new Backlog(policy).batchesFor(10_000)).toBe(0)
    const draining = new Backlog({ ...policy, drain: true })
    expect(draining.batchesFor(0)).toBe(0)
    expect(draining.batchesFor(1)).toBe(1)
    expect(draining.batchesFor(101)).toBe(3)
    // 10 a second for 300 s are 60 batches: as many again until a plan that comes late, and one more.
    expect(draining.batchesFor(1_000_000)).toBe(121)
    const unbounded = new Backlog({ ...policy, drain: true, qpsMax: 10_000, batchSize: 1 })
    expect(unbounded.batchesFor(1_000_000)).toBe(10_000)
  })

  it('count() is finite and never negative, whatever is counted when', () => {
    const counted = fc.array(fc.tuple(fc.nat(2_000_000), fc.nat(10 * minuteMs)), { maxLength: 30 })
    fc.assert(
      fc.property(counted, fc.boolean(), (counts, drain) => {
        const backlog = new Backlog({ ...policy, drain })
        let at = 0
        for (const [remaining, waitMs] of counts) {
          at += waitMs
          const estimate = backlog.count(remaining, at)
          if (estimate?.type !== 'catching_up') continue
          expect(estimate.remaining).toBe(remaining)
          expect(Number.isFinite(estimate.perSec)).toBe(true)
          if (estimate.doneInMs !== null) expect(estimate.doneInMs).toBeGreaterThan(0)
        }
      }),
    )
  })
})

describe('together()', () => {
  const estimate = (remaining: number, doneInMs: number | null) => ({
    ...{ remaining, doneInMs, perSec: 2, basis: 'quota' as const },
  })

  it('is done when the slowest merchant is', () => {
    const found = together([estimate(5, 1_000), estimate(7, 9_000), estimate(0, 0)])
    expect(found).toMatchObject({ remaining: 12, perSec: 6, doneInMs: 9_000 })
  })

  it('is never done where one merchant’s backlog does not shrink', () => {
    expect(together([estimate(5, 1_000), estimate(7, null)]).doneInMs).toBeNull()
  })
})
