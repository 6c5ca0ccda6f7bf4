import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { NewRun } from '../../src/domain/runs/run.ts'
import type { ClaimedOrder } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  runOfMerchant,
  type Subject,
} from './store-fixtures.ts'

const minuteMs = 60_000
const yearMinutes = 366 * 1440
const claim = {
  merchant,
  thresholdMs: 5 * minuteMs,
  limit: 50,
  leaseMs: minuteMs,
  farthestMs: 61 * minuteMs,
}

/** The database's clock was a year ahead for a while, and has been set right. */
export function clockContract(make: MakeSubject): void {
  describe('a clock that was a year ahead', () => {
    let subject: Subject
    let nowMs = Date.UTC(2026, 0, 24, 7)
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(nowMs) })
    })
    afterAll(() => subject.store.close())
    beforeEach(async () => {
      for (const { orderNo } of await pending()) await credit(subject.store, orderNo)
      pass(1440)
    })

    const pending = async () => {
      const page = { limit: 200, cursor: null, userId: null }
      return (await subject.store.listOrders({ ...page, status: 'pending' })).items
    }
    const pass = (minutes: number) => {
      nowMs += minutes * minuteMs
    }
    const ahead = async <T>(work: () => Promise<T>): Promise<T> => {
      pass(yearMinutes)
      const done = await work()
      pass(-yearMinutes)
      return done
    }
    const run: NewRun = {
      ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null },
      farthestMs: claim.farthestMs,
    }
    const openRun = (changes: Partial<NewRun> = {}) => subject.store.openRun({ ...run, ...changes })
    const repair = () => openRun()
    const letWait = (order: Order, minutes: number) =>
      subject.store.transaction((tx) => {
        const nextCheckAt = new Date(nowMs + minutes * minuteMs)
        const schedule = {
          nextCheckAt,
          checks: 1,
          absentCount: 0,
          absentSince: null,
          standing: 'known' as const,
          watchedUntil: null,
        }
        return tx.reschedule(order, { schedule, event: newEvent() })
      })
    const numbersOf = (claimed: readonly ClaimedOrder[]) =>
      claimed.map(({ order }) => order.orderNo).sort()

    it('claimDue() takes at once what was put off or claimed then, and then by its schedule', async () => {
      const [put, claimed] = [await place(subject.store), await place(subject.store)]
      await ahead(async () => {
        await letWait(put, 5)
        await subject.store.claimDue(claim)
      })
      pass(6)
      await repair()
      const expected = [put.orderNo, claimed.orderNo].sort()
      expect((await subject.store.peekDue(claim)).map(({ orderNo }) => orderNo).sort()).toEqual(
        expected,
      )
      const taken = await subject.store.claimDue(claim)
      expect(numbersOf(taken)).toEqual(expected)
      expect(await subject.store.claimDue(claim)).toEqual([])
      for (const { order } of taken) await letWait(order, 60)
      pass(59.9)
      expect(await subject.store.claimDue(claim)).toEqual([])
      pass(0.1)
      expect(numbersOf(await subject.store.claimDue(claim))).toEqual(expected)
    })

    it('claimDue() takes what was created then, each time that it is due', async () => {
      const order = await ahead(() => place(subject.store))
      await repair()
      for (const wait of [5, 60]) {
        const taken = await subject.store.claimDue(claim)
        expect(numbersOf(taken)).toEqual([order.orderNo])
        await letWait(taken[0]?.order ?? order, wait)
        pass(wait - 0.1)
        expect(await subject.store.claimDue(claim)).toEqual([])
        pass(0.1)
      }
    })

    it('openRun() puts such orders behind what is due, and leaves all others as they are', async () => {
      const usual = await place(subject.store)
      const early = await ahead(() => place(subject.store))
      pass(6)
      const due = await subject.store.findOrder(keyOf(usual.orderNo))
      await repair()
      expect(await subject.store.findOrder(keyOf(usual.orderNo))).toEqual(due)
      expect(numbersOf(await subject.store.claimDue({ ...claim, limit: 1 }))).toEqual([
        usual.orderNo,
      ])
      expect(numbersOf(await subject.store.claimDue({ ...claim, limit: 1 }))).toEqual([
        early.orderNo,
      ])
    })

    it('openRun() repairs nothing for other merchants, and says whether late checks are due', async () => {
      const { store } = subject
      const isLateCheckDue = async (changes: Partial<NewRun>) => {
        const opened = await openRun(changes)
        return opened.kind === 'opened' && opened.merchants.some((each) => each.lateCheckDue)
      }
      const others = { merchants: [{ ...merchant, mchid: '1900000999' }] }
      const order = await ahead(() => place(store))
      for (const given of [others, { dryRun: true }]) {
        expect(await isLateCheckDue(given)).toBe(false)
        expect(await store.findOrder(keyOf(order.orderNo))).toEqual(order)
      }
      expect(await isLateCheckDue({})).toBe(false)
      expect((await store.findOrder(keyOf(order.orderNo)))?.nextCheckAt).toEqual(new Date(nowMs))

      await store.transaction((tx) => tx.addLateChecks(order))
      expect(await isLateCheckDue({})).toBe(false)
      pass(24 * 60)
      expect(await isLateCheckDue({})).toBe(true)
      for (const given of [others, { dryRun: true }])
        expect(await isLateCheckDue(given)).toBe(false)
    })

    it('claimDue() of one takes one, and release() gives it back as it was', async () => {
      const order = await ahead(() => place(subject.store))
      await repair()
      const repaired = await subject.store.findOrder(keyOf(order.orderNo))
      const taken = await subject.store.claimDue({ ...claim, limit: 1 })
      expect(numbersOf(taken)).toEqual([order.orderNo])
      await subject.store.release(taken)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(repaired)
    })

    it('claimDue() leaves alone what no wrong clock has touched', async () => {
      const order = await place(subject.store, { createdAt: new Date(nowMs + 30 * minuteMs) })
      await place(subject.store)
      expect(await subject.store.claimDue(claim)).toEqual([])
      await letWait(order, 61)
      await repair()
      expect(await subject.store.claimDue(claim)).toEqual([])
    })

    it('vitals() returns the run that finished last, not the one with the latest time', async () => {
      const finish = async () => {
        const run = { ...runOfMerchant, trigger: 'manual', intervalMs: null } as const
        const opened = await subject.store.openRun(run)
        if (opened.kind !== 'opened') throw new Error('No run')
        await subject.store.finishRun(opened.run.id, { status: 'finished', results: [] })
        return new Date(nowMs)
      }
      const then = await ahead(finish)
      expect((await subject.store.vitals([merchant])).lastFinishedRunAt).toEqual(then)
      const now = await finish()
      expect((await subject.store.vitals([merchant])).lastFinishedRunAt).toEqual(now)
    })
  })
}
