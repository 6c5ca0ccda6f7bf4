import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { ClaimedOrder } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  placeKnown,
  run,
  type Subject,
} from './store-fixtures.ts'

const minuteMs = 60_000
const claim = { merchant, thresholdMs: 5 * minuteMs, limit: 50, leaseMs: minuteMs }

export function claimsContract(make: MakeSubject): void {
  describe('claims', () => {
    let subject: Subject
    let nowMs = Date.UTC(2026, 0, 24, 7)
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(nowMs) })
    })
    // An embedded database holds some 300 MB.
    afterAll(() => subject.store.close())
    beforeEach(async () => {
      nowMs += 1440 * minuteMs
      // What earlier tests left behind is not due any more.
      await run(subject, `update orders set next_check_at = '9999-01-01' where status = 'pending'`)
    })

    const pass = (minutes: number) => {
      nowMs += minutes * minuteMs
    }
    const numbersOf = (claimed: readonly ClaimedOrder[]) =>
      claimed.map(({ order }) => order.orderNo)
    const letWait = (order: Order, minutes: number) =>
      subject.store.transaction((tx) =>
        tx.reschedule(order, {
          schedule: {
            nextCheckAt: new Date(nowMs + minutes * minuteMs),
            checks: order.checks + 1,
            absentCount: 0,
            absentSince: null,
            standing: 'known' as const,
            watchedUntil: null,
          },
          event: newEvent(),
        }),
      )

    it('claimDue() leaves orders alone until they are older than the threshold', async () => {
      const order = await place(subject.store)
      pass(5)
      expect(await subject.store.claimDue(claim)).toEqual([])
      nowMs += 1
      const leased = { ...order, nextCheckAt: new Date(nowMs + claim.leaseMs) }
      expect(await subject.store.claimDue(claim)).toEqual([
        { order: leased, dueAt: order.createdAt },
      ])
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(leased)
    })

    it('claimDue() gives a claimed order to nobody else until the lease runs out', async () => {
      await place(subject.store)
      pass(6)
      expect(await subject.store.claimDue(claim)).toHaveLength(1)
      pass(0.99)
      expect(await subject.store.claimDue(claim)).toHaveLength(0)
      pass(0.01)
      expect(await subject.store.claimDue(claim)).toHaveLength(1)
    })

    it('claimDue() takes orders never queried by creation, and those queried before after them', async () => {
      const placed: Order[] = []
      for (let i = 0; i < 4; i += 1) {
        placed.push(await place(subject.store))
        pass(1)
      }
      pass(5)
      const [first, second] = await subject.store.claimDue({ ...claim, limit: 2 })
      expect(numbersOf([first, second].filter((one) => one !== undefined))).toEqual(
        placed.slice(0, 2).map(({ orderNo }) => orderNo),
      )
      for (const one of [first, second]) if (one) await letWait(one.order, 1)
      const fifth = await place(subject.store)
      pass(10)
      expect(numbersOf(await subject.store.claimDue(claim))).toEqual(
        [placed[2], placed[3], fifth, placed[0], placed[1]].map((order) => order?.orderNo),
      )
    })

    it('claimDue() orders creations of the same millisecond by number', async () => {
      const orders = [await place(subject.store), await place(subject.store)]
      pass(6)
      expect(numbersOf(await subject.store.claimDue(claim))).toEqual(
        orders.map(({ orderNo }) => orderNo).sort(),
      )
    })

    it('claimDue() takes no more than the limit', async () => {
      for (let i = 0; i < 5; i += 1) await place(subject.store)
      pass(6)
      expect(await subject.store.claimDue({ ...claim, limit: 3 })).toHaveLength(3)
      expect(await subject.store.claimDue({ ...claim, limit: 3 })).toHaveLength(2)
    })

    it('claimDue() takes orders of the one merchant only, and openOrders() counts the others', async () => {
      const own = await place(subject.store)
      await place(subject.store, { mchid: '1900000002' })
      pass(6)
      expect(numbersOf(await subject.store.claimDue(claim))).toEqual([own.orderNo])
      const others = { ...merchant, mchid: '1900000002' }
      expect(await subject.store.openOrders()).toContainEqual({ ...others, count: 1 })
      expect(await subject.store.claimDue({ ...claim, merchant: others })).toHaveLength(1)
    })

    it('claimDue() takes pending orders only', async () => {
      const paid = await place(subject.store)
      const expired = await place(subject.store)
      await credit(subject.store, paid.orderNo)
      const event = newEvent()
      await subject.store.transaction((tx) =>
        tx.changeStatus(expired, { status: 'expired', event }),
      )
      pass(6)
      expect(await subject.store.claimDue(claim)).toEqual([])
    })

    it('claimDue() reaches a new order behind many unpaid ones in a known number of runs', async () => {
      // Fault 1: with a batch of 2 and 10 unpaid orders in front, the 11th is reached all the same.
      const orders: Order[] = []
      for (let i = 0; i < 11; i += 1) orders.push(await placeKnown(subject.store))
      const last = orders.at(-1)?.orderNo
      let runs = 0
      for (let found = false; !found && runs < 20; runs += 1) {
        pass(6)
        const claimed = await subject.store.claimDue({ ...claim, limit: 2 })
        found = numbersOf(claimed).includes(last ?? '')
        for (const { order } of claimed) await letWait(order, 5)
      }
      expect(runs).toBe(6)
    })

    describe('beside numbers that the gateway does not know', () => {
      const adoptMany = async (count: number) => {
        const orders: Order[] = []
        for (let i = 0; i < count; i += 1)
          orders.push(await place(subject.store, { adopted: true }))
        return orders
      }
      const letUnknown = (order: Order, minutes: number) =>
        subject.store.transaction((tx) => {
          const nextCheckAt = new Date(nowMs + minutes * minuteMs)
          const { checks, watchedUntil } = order
          const absences = { absentCount: 1, absentSince: new Date(nowMs) }
          const schedule = {
            nextCheckAt,
            checks,
            watchedUntil,
            standing: 'unknown',
            ...absences,
          } as const
          return tx.reschedule(order, { schedule, event: newEvent() })
        })
      const claimed = async (limit: number) =>
        new Set(numbersOf(await subject.store.claimDue({ ...claim, limit })))

      it('claimDue() takes an order that it knows with the next batch, whatever waits before it', async () => {
        await adoptMany(30)
        pass(1)
        const known = await placeKnown(subject.store)
        pass(6)
        expect(await claimed(10)).toContain(known.orderNo)
      })

      it('claimDue() takes a number just adopted with the next batch, whatever was absent before', async () => {
        for (const order of await adoptMany(30)) await letUnknown(order, 1)
        pass(1)
        const [fresh] = await adoptMany(1)
        pass(6)
        expect(await claimed(10)).toContain(fresh?.orderNo)
      })

      it('claimDue() gives each its share, and what one leaves to the others', async () => {
        const [absent, fresh] = [await adoptMany(12), await adoptMany(12)]
        for (const order of absent) await letUnknown(order, 1)
        const known = []
        for (let i = 0; i < 12; i += 1) known.push(await placeKnown(subject.store))
        pass(6)
        const numbers = await claimed(10)
        const of = (orders: readonly Order[]) =>
          orders.filter(({ orderNo }) => numbers.has(orderNo)).length
        expect([of(absent), of(fresh), of(known)]).toEqual([1, 5, 4])
        for (const size of [10, 10, 6]) expect(await claimed(10)).toHaveProperty('size', size)
      })

      it('claimDue() probes in turn with one never queried, and one that the gateway knows', async () => {
        const known = await placeKnown(subject.store)
        pass(1)
        const [absent, fresh] = await adoptMany(2)
        if (absent) await letUnknown(absent, 1)
        pass(6)
        const probe = async (youngestFrom: number) =>
          numbersOf(await subject.store.claimDue({ ...claim, limit: 1, youngestFrom }))
        expect(await probe(0)).toEqual([fresh?.orderNo])
        expect(await probe(1)).toEqual([known.orderNo])
        expect(await probe(0)).toEqual([absent?.orderNo])
      })

      it('claimDue() takes the orders of all app ids of the merchant, by their time', async () => {
        const appids = ['wx0000000000000001', 'wx0000000000000002']
        const orders: Order[] = []
        for (const appid of [...appids, ...appids, 'wx0000000000000003']) {
          orders.push(await placeKnown(subject.store, { appid }))
          pass(1)
        }
        pass(6)
        const due = { ...claim, merchant: { ...merchant, appids } }
        expect(await subject.store.countDue({ ...due, countMax: 100 })).toBe(4)
        expect(numbersOf(await subject.store.claimDue(due))).toEqual(
          orders.slice(0, 4).map(({ orderNo }) => orderNo),
        )
      })
    })

    it('peekDue() returns the same orders and claims none', async () => {
      for (let i = 0; i < 3; i += 1) await place(subject.store)
      pass(6)
      const peeked = await subject.store.peekDue({ ...claim, limit: 2 })
      const claimed = await subject.store.claimDue({ ...claim, limit: 2 })
      expect(claimed.map(({ order, dueAt }) => ({ ...order, nextCheckAt: dueAt }))).toEqual(peeked)
    })

    it('release() makes claimed orders due again when they were', async () => {
      const order = await place(subject.store)
      pass(6)
      await subject.store.release(await subject.store.claimDue(claim))
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
      expect(numbersOf(await subject.store.claimDue(claim))).toEqual([order.orderNo])
      await subject.store.release([])
    })

    it('release() leaves what was settled, or claimed by another, since then', async () => {
      const paid = await place(subject.store)
      const queried = await place(subject.store)
      const reclaimed = await place(subject.store)
      pass(6)
      const claimed = await subject.store.claimDue(claim)
      await credit(subject.store, paid.orderNo)
      const waiting = await letWait(claimed[1]?.order ?? queried, 5)
      pass(1)
      const again = await subject.store.claimDue(claim)
      expect(numbersOf(again)).toEqual([reclaimed.orderNo])
      await subject.store.release(claimed)
      expect(await subject.store.findOrder(keyOf(paid.orderNo))).toMatchObject({ status: 'paid' })
      expect(await subject.store.findOrder(keyOf(queried.orderNo))).toEqual(waiting)
      expect(await subject.store.findOrder(keyOf(reclaimed.orderNo))).toEqual(again[0]?.order)
    })
  })
}
