import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RechargeConfig } from '../../src/config/config.ts'
import type { Order } from '../../src/domain/order.ts'
import { scheduleAfter, scheduleKept, schedulePolicy } from '../../src/domain/runs/schedule.ts'
import type { Answer } from '../../src/domain/trade.ts'
import { minuteMs } from '../../src/text/time-units.ts'
import { absentAnswer, answerOf, sampleOrder, unknownAnswer } from '../support/samples.ts'

const now = new Date('2026-01-24T12:05:00Z')
const recheckMs = [5, 5, 10, 15, 30, 60].map((minutes) => minutes * minuteMs)
const at = { now, from: now, recheckMs, absenceCredible: true }

const defaults: RechargeConfig = {
  compensationEnabled: true,
  compensationIntervalMins: 5,
  compensationThresholdMins: 5,
  compensationBatchSize: 50,
  compensationConcurrency: 5,
  compensationRecheckMins: [5, 5, 10, 15, 30, 60],
  compensationDrain: false,
  compensationMaxQps: 20,
  orderTtlMins: 120,
}

describe('scheduleAfter()', () => {
  it('walks through the waits and repeats the last', () => {
    const waits = []
    let order = sampleOrder()
    for (let times = 0; times < 8; times += 1) {
      const schedule = scheduleAfter(order, answerOf('NOTPAY'), at)
      waits.push((+schedule.nextCheckAt - +now) / minuteMs)
      order = { ...order, ...schedule }
    }
    expect(waits).toEqual([5, 5, 10, 15, 30, 60, 60, 60])
  })

  it('spends nothing of the schedule on an unknown answer, and queries again after the shortest wait', () => {
    const order = sampleOrder({ checks: 5, absentCount: 2, absentSince: now })
    const schedule = scheduleAfter(order, unknownAnswer, at)
    expect(schedule).toEqual({
      nextCheckAt: new Date(+now + 5 * minuteMs),
      checks: 5,
      absentCount: 2,
      absentSince: now,
      standing: 'known',
      watchedUntil: null,
    })
  })

  it('spends it on a refusal, which every further query would get', () => {
    const refusal = { ...unknownAnswer, cause: 'refused' } as Answer
    const order = sampleOrder({ checks: 3, absentCount: 2, absentSince: now })
    expect(scheduleAfter(order, refusal, at)).toEqual({
      nextCheckAt: new Date(+now + 15 * minuteMs),
      checks: 4,
      absentCount: 2,
      absentSince: now,
      standing: 'known',
      watchedUntil: null,
    })
  })

  it('counts a wait from the slot, so that it ends with a slot, but never queries twice in a row', () => {
    const from = new Date(+now - 20_000)
    const soon = scheduleAfter(sampleOrder(), answerOf('NOTPAY'), { ...at, from })
    expect(soon.nextCheckAt).toEqual(new Date(+from + 5 * minuteMs))
    const late = new Date(+now - 60 * minuteMs)
    const bounded = scheduleAfter(sampleOrder(), answerOf('NOTPAY'), { ...at, from: late })
    expect(bounded.nextCheckAt).toEqual(new Date(+now + 2.5 * minuteMs))
  })

  it('counts absent answers in a row from the first, and forgets them when a trade shows', () => {
    const expiresAt = new Date(+now - 1)
    const first = scheduleAfter(sampleOrder({ expiresAt }), absentAnswer, at)
    expect(first).toMatchObject({ absentCount: 1, absentSince: now })
    const later = { ...at, now: new Date(+now + minuteMs) }
    const second = scheduleAfter(sampleOrder({ ...first, expiresAt }), absentAnswer, later)
    expect(second).toMatchObject({ absentCount: 2, absentSince: now })
    const shown = scheduleAfter(sampleOrder({ ...second, expiresAt }), answerOf('NOTPAY'), later)
    expect(shown).toMatchObject({ absentCount: 0, absentSince: null })
  })

  it('counts no absent answer before the end of an order: its trade may be placed after it', () => {
    const notYet = { expiresAt: new Date(+now + 1) }
    const watched = { expiresAt: null, watchedUntil: new Date(+now + 1) }
    for (const end of [notYet, watched]) {
      const order = { ...sampleOrder(), ...end }
      expect(scheduleAfter(order, absentAnswer, at)).toMatchObject({ absentCount: 0, checks: 1 })
    }
    const unwatched = { ...sampleOrder(), expiresAt: null, watchedUntil: now }
    expect(scheduleAfter(unwatched, absentAnswer, at)).toMatchObject({ absentCount: 1 })
  })

  it('counts no absent answer that is not believed: an outage of them must not end an order later', () => {
    const doubted = { ...at, absenceCredible: false }
    const absences = { absentCount: 1, absentSince: now }
    const order = sampleOrder({ checks: 2, ...absences, expiresAt: new Date(+now - 1) })
    expect(scheduleAfter(order, absentAnswer, doubted)).toEqual({
      nextCheckAt: new Date(+now + 10 * minuteMs),
      checks: 3,
      absentCount: 1,
      absentSince: now,
      standing: 'known',
      watchedUntil: null,
    })
  })
})

describe('scheduleAfter() near the end of an order', () => {
  const expiresAt = new Date(+now + 20 * minuteMs)
  const notPaid = answerOf('NOTPAY')
  const half = Math.min(...recheckMs) / 2

  it('cuts a wait to what is left until the end', () => {
    const from = new Date(+now - 20_000)
    const order = sampleOrder({ checks: 5, expiresAt })
    expect(scheduleAfter(order, notPaid, { ...at, from }).nextCheckAt).toEqual(expiresAt)
  })

  it('lets half the shortest wait pass all the same', () => {
    const order = sampleOrder({ checks: 5, expiresAt: new Date(+now + 1000) })
    expect(scheduleAfter(order, notPaid, at).nextCheckAt).toEqual(new Date(+now + half))
  })

  it('waits on as ever once the end has come', () => {
    const order = sampleOrder({ checks: 5, expiresAt: now })
    expect(scheduleAfter(order, answerOf('USERPAYING'), at).nextCheckAt).toEqual(
      new Date(+now + 60 * minuteMs),
    )
  })

  it('is never later than far from it, never in a row, and never past it but for that', () => {
    const far = new Date(+now + 365 * 24 * 60 * minuteMs)
    fc.assert(
      fc.property(
        fc.record({
          checks: fc.nat(8),
          leftMs: fc.integer({ min: -60 * minuteMs, max: 180 * minuteMs }),
          lateMs: fc.integer({ min: -10 * minuteMs, max: 60 * minuteMs }),
          answer: fc.constantFrom(notPaid, absentAnswer, unknownAnswer),
        }),
        ({ checks, leftMs, lateMs, answer }) => {
          const time = { ...at, from: new Date(+now - lateMs) }
          const order = sampleOrder({ checks, expiresAt: new Date(+now + leftMs) })
          const cut = scheduleAfter(order, answer, time)
          const whole = scheduleAfter({ ...order, expiresAt: far }, answer, time)
          const { absentCount, absentSince, nextCheckAt } = cut
          expect(cut).toEqual({ ...whole, absentCount, absentSince, nextCheckAt })
          expect(+cut.nextCheckAt).toBeLessThanOrEqual(+whole.nextCheckAt)
          expect(+cut.nextCheckAt).toBeGreaterThanOrEqual(+now + half)
          // Without an answer it is queried again after the shortest wait, wherever the end is.
          if (leftMs <= 0 || answer === unknownAnswer)
            expect(nextCheckAt).toEqual(whole.nextCheckAt)
          else expect(+cut.nextCheckAt).toBeLessThanOrEqual(Math.max(+now + half, +order.expiresAt))
        },
      ),
    )
  })

  it('sends seven queries about an abandoned order, the last past its end, whenever it was placed', () => {
    const slotMs = 5 * minuteMs
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: slotMs - 1 }),
        // Each run comes so late after its slot.
        fc.array(fc.nat(2 * minuteMs), { minLength: 40, maxLength: 40 }),
        (phaseMs, latenesses) => {
          const createdAt = +now + phaseMs
          // In whole seconds, as the store keeps it.
          const end = new Date(Math.ceil((createdAt + 120 * minuteMs) / 1000) * 1000)
          let order = sampleOrder({ expiresAt: end, nextCheckAt: new Date(createdAt + slotMs) })
          const queries: Date[] = []
          for (const [slot, lateMs] of latenesses.entries()) {
            const from = new Date(+now + slot * slotMs)
            const time = { ...at, now: new Date(+from + lateMs), from }
            if (order.nextCheckAt > time.now) continue
            queries.push(time.now)
            if (time.now >= end) break
            order = { ...order, ...scheduleAfter(order, notPaid, time) }
          }
          expect(queries).toHaveLength(7)
          expect(+(queries.at(-1) ?? 0) - +end).toBeGreaterThanOrEqual(0)
          expect(+(queries.at(-1) ?? 0) - +end).toBeLessThan(slotMs + 2 * minuteMs)
        },
      ),
    )
  })
})

describe('scheduleKept()', () => {
  const order = sampleOrder({ checks: 2, absentCount: 1, absentSince: now })

  it('moves nothing, however often somebody checks', () => {
    const { nextCheckAt, checks } = order
    expect(scheduleKept(order, absentAnswer, now)).toEqual({
      ...{ nextCheckAt, checks, absentCount: 1, absentSince: now },
      ...{ standing: 'known', watchedUntil: null },
    })
  })

  it('leaves a new order new where no trade exists before its payer acts', () => {
    const order: Order = { ...sampleOrder({ standing: 'new' }), expiresAt: null, watchedUntil: now }
    const notBegun = { ...absentAnswer, meaning: 'not_begun' } as const
    expect(scheduleAfter(order, notBegun, { ...at, absenceCredible: false })).toMatchObject({
      ...{ standing: 'new', watchedUntil: now, absentCount: 0 },
      checks: order.checks + 1,
    })
    expect(scheduleAfter(order, absentAnswer, at).standing).toBe('unknown')
  })

  it('forgets absent answers when a trade shows', () => {
    expect(scheduleKept(order, answerOf('NOTPAY'), now)).toMatchObject({
      ...{ checks: 2, absentCount: 0, absentSince: null },
    })
  })
})

describe('an answer about another trade', () => {
  const watchedUntil = new Date(+now + minuteMs)
  const unknown = { standing: 'unknown', watchedUntil, absentCount: 2, absentSince: now } as const

  it.each([
    ['order number', { orderNo: 'RECHSOMEBODYELSES' }],
    ['mchid', { mchid: '1900000999' }],
  ])('of another %s does not show that the gateway knows this one', (_, changes) => {
    const order = sampleOrder(unknown)
    const answer = answerOf('NOTPAY', changes)
    expect(scheduleAfter(order, answer, at)).toMatchObject(unknown)
    expect(scheduleKept(order, answer, now)).toMatchObject(unknown)
    expect(scheduleAfter(sampleOrder({ standing: 'new' }), answer, at).standing).toBe('new')
  })

  it('of another app id alone does: the merchant knows that number', () => {
    const order = sampleOrder(unknown)
    const shown = { standing: 'known', absentCount: 0, absentSince: null }
    const answer = answerOf('NOTPAY', { appid: 'wxanother' })
    expect(scheduleAfter(order, answer, at)).toMatchObject(shown)
    expect(scheduleKept(order, answer, now)).toMatchObject(shown)
  })
})

describe('schedulePolicy()', () => {
  it('lets a run last an interval, or as long as a batch of hung calls takes, and leases for longer', () => {
    expect(schedulePolicy(defaults, 5000)).toMatchObject({
      intervalMs: 300_000,
      runDeadlineMs: 300_000,
      leaseMs: 330_000,
      absenceSpreadMs: 3_600_000,
    })
    const hasty = { ...defaults, compensationIntervalMins: 0.05 }
    expect(schedulePolicy(hasty, 5000)).toMatchObject({ runDeadlineMs: 50_000, leaseMs: 80_000 })
  })
})
