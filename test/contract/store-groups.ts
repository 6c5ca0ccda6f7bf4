import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { Schedule } from '../../src/domain/runs/schedule.ts'
import { StaleOrderError } from '../../src/store/errors.ts'
import type { ClaimedOrder, Credit } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  placePaid,
  run,
  type Subject,
  transferOf,
} from './store-fixtures.ts'

const minuteMs = 60_000
const leaseMs = 10 * minuteMs

/** What the steps for many orders at once must do, as if each were done alone. */
export function groupsContract(make: MakeSubject): void {
  describe('groups', () => {
    let subject: Subject
    let nowMs = Date.UTC(2026, 0, 24, 7)
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(nowMs) })
    })
    afterAll(() => subject.store.close())

    const placeMany = async (count: number): Promise<readonly Order[]> => {
      const orders: Order[] = []
      for (let n = 0; n < count; n += 1) orders.push(await place(subject.store))
      return orders
    }
    const requestsFor = (orders: readonly Order[]) =>
      orders.map(({ key }) => ({ key, transactionId: `4200${key}` }))
    const creditOf = (order: Order): Credit => ({
      order,
      transfer: transferOf(order),
      source: 'compensation',
      event: newEvent({ tradeState: 'SUCCESS', decision: 'pay' }),
    })
    const eventsOf = async (orderNo: string) =>
      (await subject.store.listOrderEvents(keyOf(orderNo), { limit: 100, cursor: null })).items

    it('lockOrders() gives each row as lockOrder() does, and nothing of an order that is not here', async () => {
      const orders = await placeMany(3)
      const owner = await placePaid(subject.store)
      const wanted = [...requestsFor(orders), { key: keyOf('RECH-NOBODY'), transactionId: 'NUL\0' }]
      const first = orders[0]?.orderNo ?? ''
      const payment = { key: keyOf(first), transactionId: `4200${owner.orderNo}` }
      const alone = await subject.store.transaction((tx) => tx.lockOrder(keyOf(first), payment))
      const locked = await subject.store.transaction((tx) =>
        tx.lockOrders([payment, ...wanted.slice(1)]),
      )
      expect(locked.map(({ order }) => order.orderNo).sort()).toEqual(
        orders.map(({ orderNo }) => orderNo).sort(),
      )
      expect(locked.find(({ order }) => order.orderNo === first)).toEqual(alone)
      expect(alone?.transactionOwner).toBe(owner.orderNo)
      expect(await subject.store.transaction((tx) => tx.lockOrders([]))).toEqual([])
    })

    it('creditAll() credits each as credit() does, in their order', async () => {
      const orders = await placeMany(3)
      const paid = await subject.store.transaction((tx) => tx.credit(orders.map(creditOf)))
      expect(paid.map(({ orderNo }) => orderNo)).toEqual(orders.map(({ orderNo }) => orderNo))
      for (const order of paid) {
        expect(order).toMatchObject({ status: 'paid', creditedBy: 'compensation' })
        expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
        const { transfers, entries } = await subject.store.ledgerOf(keyOf(order.orderNo))
        expect(transfers).toHaveLength(1)
        expect(entries.map(({ amount }) => amount)).toEqual([-order.amount, order.amount])
        const newest = (await eventsOf(order.orderNo)).at(-1)
        expect(newest).toMatchObject({
          ...newEvent({ tradeState: 'SUCCESS', decision: 'pay' }),
          toStatus: 'paid',
          stateSeq: 2,
        })
      }
      expect(Object.values(await subject.store.audit())).toEqual([0, 0, 0, 0, 0, 0])
    })

    it('creditAll() credits none when one of them is not as it was locked', async () => {
      const [fresh, stale] = await placeMany(2)
      if (fresh === undefined || stale === undefined) throw new Error('no orders')
      await credit(subject.store, stale.orderNo)
      const both = subject.store.transaction((tx) => tx.credit([creditOf(fresh), creditOf(stale)]))
      await expect(both).rejects.toThrow(StaleOrderError)
      expect(await subject.store.findOrder(keyOf(fresh.orderNo))).toEqual(fresh)
      expect((await subject.store.ledgerOf(keyOf(fresh.orderNo))).transfers).toEqual([])
    })

    it('creditAll() refuses two orders for one payment (I1), and a transfer of other facts (I2)', async () => {
      const [one, other] = await placeMany(2)
      if (one === undefined || other === undefined) throw new Error('no orders')
      const transactionId = `4200${one.orderNo}`
      const doubled = { ...creditOf(other), transfer: transferOf(other, { transactionId }) }
      const dearer = { ...creditOf(other), transfer: transferOf(other, { amount: 99n }) }
      const posted = {
        ...creditOf(other),
        transfer: { ...transferOf(other), orderNo: one.orderNo },
      }
      for (const wrong of [doubled, dearer, posted]) {
        const work = subject.store.transaction((tx) => tx.credit([creditOf(one), wrong]))
        await expect(work).rejects.toThrow()
      }
      for (const { orderNo } of [one, other]) {
        expect(await subject.store.findOrder(keyOf(orderNo))).toMatchObject({ status: 'pending' })
      }
    })

    it('creditAll() keeps what strangers wrote, whatever it is', async () => {
      const [order] = await placeMany(1)
      if (order === undefined) throw new Error('no order')
      const reason = 'quote " backslash \\ NUL \0 half \ud800 snow ☃'
      const evidence = { said: reason, nested: [{ '\ud800': '\0' }] }
      const event = newEvent({ reason, evidence, decision: 'pay' })
      await subject.store.transaction((tx) => tx.credit([{ ...creditOf(order), event }]))
      const newest = (await eventsOf(order.orderNo)).at(-1)
      expect(newest?.reason).toBe('quote " backslash \\ NUL \ufffd half \ufffd snow ☃')
      expect(newest?.evidence).toEqual(evidence)
    })

    describe('waitAsClaimed()', () => {
      const claimAll = async (count: number): Promise<readonly ClaimedOrder[]> => {
        await run(
          subject,
          `update orders set next_check_at = '9999-01-01' where status = 'pending'`,
        )
        await placeMany(count)
        const absent = `set absent_count = 2, absent_since = created_at`
        await run(subject, `update orders ${absent} where status = 'pending'`)
        nowMs += 6 * minuteMs
        const claim = { merchant, thresholdMs: 5 * minuteMs, limit: 50, leaseMs }
        const claimed = await subject.store.claimDue(claim)
        expect(claimed).toHaveLength(count)
        return claimed
      }
      const next = (): Schedule => ({
        nextCheckAt: new Date(nowMs + 30 * minuteMs),
        checks: 3,
        absentCount: 0,
        absentSince: null,
        standing: 'known' as const,
        watchedUntil: null,
      })
      const waitsOf = (claimed: readonly ClaimedOrder[]) =>
        claimed.map((each) => ({
          claimed: each,
          schedule: next(),
          event: newEvent(),
        }))
      const numbersOf = (claimed: readonly ClaimedOrder[]) =>
        new Set(claimed.map(({ order }) => order.orderNo))

      it('moves the next query of each, with its event', async () => {
        const claimed = await claimAll(3)
        expect(await subject.store.waitAsClaimed(waitsOf(claimed))).toEqual(numbersOf(claimed))
        for (const { order } of claimed) {
          expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual({
            ...order,
            ...next(),
          })
          const newest = (await eventsOf(order.orderNo)).at(-1)
          expect(newest).toMatchObject({
            ...newEvent(),
            toStatus: null,
            stateSeq: null,
          })
        }
        expect(await subject.store.waitAsClaimed([])).toEqual(new Set())
      })

      it('keeps an end that was corrected, and a code that came, since the claim', async () => {
        const [corrected, coded] = await claimAll(2)
        if (corrected === undefined || coded === undefined) throw new Error('no orders')
        // The lease has run out, so a correction leaves the time of the next query as it is.
        nowMs += leaseMs + minuteMs
        const expiresAt = new Date(nowMs + 60 * minuteMs)
        const { userId, amount, appid, nextCheckAt } = corrected.order
        const correction = { userId, amount, appid, nextCheckAt, expiresAt, watchedUntil: null }
        const event = newEvent({
          ...{ kind: 'corrected', source: 'operator', operator: 'wang.li' },
        })
        await subject.store.transaction((tx) => tx.correct(corrected.order, { correction, event }))
        const code = { codeUrl: 'weixin://x', codeLifeMs: 1, event: newEvent() }
        await subject.store.setCodeUrl(keyOf(coded.order.orderNo), code)
        const waits = waitsOf([corrected, coded]).map((wait) => {
          const stale = { standing: 'unknown', watchedUntil: new Date(nowMs) } as const
          return { ...wait, schedule: { ...wait.schedule, ...stale } }
        })
        await subject.store.waitAsClaimed(waits)
        expect(await subject.store.findOrder(keyOf(corrected.order.orderNo))).toMatchObject({
          ...{ expiresAt, watchedUntil: null, checks: 3 },
        })
        expect(await subject.store.findOrder(keyOf(coded.order.orderNo))).toMatchObject({
          ...{ standing: 'known', checks: 3 },
        })
      })

      it('writes nothing a second time', async () => {
        const claimed = await claimAll(2)
        await subject.store.waitAsClaimed(waitsOf(claimed))
        expect(await subject.store.waitAsClaimed(waitsOf(claimed))).toEqual(new Set())
        for (const { order } of claimed) expect(await eventsOf(order.orderNo)).toHaveLength(2)
      })

      it.each([
        {
          what: 'was paid meanwhile',
          change: async (order: Order) => void (await credit(subject.store, order.orderNo)),
        },
        {
          what: 'was claimed again when its lease ran out',
          change: async () => {
            nowMs += leaseMs + minuteMs
            const claim = { merchant, thresholdMs: 5 * minuteMs, limit: 1, leaseMs }
            expect(await subject.store.claimDue(claim)).toHaveLength(1)
          },
        },
        {
          what: 'was found at the gateway by a check, after it had been absent',
          change: async (order: Order) => {
            const schedule = {
              ...order,
              absentCount: 0,
              absentSince: null,
              standing: 'known' as const,
              watchedUntil: null,
            }
            const event = newEvent({ source: 'check' })
            await subject.store.transaction((tx) => tx.reschedule(order, { schedule, event }))
          },
        },
        {
          what: 'came to review and changed its state',
          change: async (order: Order) => {
            const event = newEvent({ decision: 'review' })
            await subject.store.transaction((tx) =>
              tx.changeStatus(order, { status: 'review', event }),
            )
          },
        },
      ])('leaves an order alone that $what, and writes the others', async ({ change }) => {
        const claimed = await claimAll(3)
        const [changed, ...others] = claimed
        if (changed === undefined) throw new Error('nothing was claimed')
        await change(changed.order)
        const before = await subject.store.findOrder(keyOf(changed.order.orderNo))
        const events = await eventsOf(changed.order.orderNo)
        expect(await subject.store.waitAsClaimed(waitsOf(claimed))).toEqual(numbersOf(others))
        expect(await subject.store.findOrder(keyOf(changed.order.orderNo))).toEqual(before)
        expect(await eventsOf(changed.order.orderNo)).toEqual(events)
      })
    })
  })
}
