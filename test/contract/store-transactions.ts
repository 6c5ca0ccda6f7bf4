import { beforeAll, describe, expect, it } from 'vitest'
import { AssertionError } from '../../src/domain/assert.ts'
import { StaleOrderError, StoreError } from '../../src/store/errors.ts'
import type { Tx } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import { type MakeSubject, newEvent, place, run, type Subject } from './store-fixtures.ts'

export function transactionsContract(make: MakeSubject): void {
  describe('transactions', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    const eventCount = async (orderNo: string) => {
      const { items } = await subject.store.listOrderEvents(keyOf(orderNo), {
        limit: 200,
        cursor: null,
      })
      return items.length
    }

    it('transaction() keeps nothing when its work throws, and throws the same', async () => {
      const { orderNo } = await place(subject.store)
      const fault = new Error('onPaid failed')
      const failing = subject.store.transaction(async (tx) => {
        await tx.appendEvent(keyOf(orderNo), newEvent())
        throw fault
      })
      await expect(failing).rejects.toBe(fault)
      expect(await eventCount(orderNo)).toBe(1)
    })

    it('transaction() keeps nothing when its work throws before it ever waits', async () => {
      const thrown = () => {
        throw new Error('at once')
      }
      await expect(subject.store.transaction(thrown)).rejects.toThrow('at once')
      expect(await subject.store.findOrder(keyOf('free again'))).toBeNull()
    })

    it('transaction() fails when its work swallows the error of a step', async () => {
      const { orderNo } = await place(subject.store)
      const swallowing = subject.store.transaction(async (tx) => {
        await tx.appendEvent(keyOf(orderNo), newEvent())
        await tx.appendEvent(keyOf('nobody'), newEvent()).catch(() => undefined)
      })
      await expect(swallowing).rejects.toThrow(StoreError)
      expect(await eventCount(orderNo)).toBe(1)
    })

    it('a step after the end of its transaction fails', async () => {
      const { orderNo } = await place(subject.store)
      const kept: Tx[] = []
      await subject.store.transaction(async (tx) => void kept.push(tx))
      await expect(kept[0]?.appendEvent(keyOf(orderNo), newEvent())).rejects.toThrow(AssertionError)
      expect(await eventCount(orderNo)).toBe(1)
    })

    it('execute() writes in the transaction, and is undone with it', async () => {
      const counted = `select count(*)::int as n from onpaid where order_no = $1`
      await run(subject, 'create table onpaid (order_no text)')
      await run(subject, 'grant all on onpaid to public')
      const write = (fail: boolean) =>
        subject.store.transaction(async (tx) => {
          await tx.execute('insert into onpaid values ($1)', ['r1'])
          if (fail) throw new Error('undo')
          return tx.execute(counted, ['r1'])
        })
      expect(await write(false)).toEqual([{ n: 1 }])
      await expect(write(true)).rejects.toThrow('undo')
      const rows = await subject.store.transaction((tx) => tx.execute(counted, ['r1']))
      expect(rows).toEqual([{ n: 1 }])
    })

    it('lockOrder() lets one transaction at a time decide about an order', async () => {
      const { orderNo } = await place(subject.store)
      const trace: string[] = []
      const settle = (name: string) =>
        subject.store.transaction(async (tx) => {
          const locked = await tx.lockOrder(keyOf(orderNo))
          trace.push(`${name} in`)
          await tx.appendEvent(keyOf(orderNo), newEvent({ node: name }))
          trace.push(`${name} out`)
          return locked
        })
      await Promise.all(['a', 'b', 'c', 'd'].map(settle))
      for (let i = 0; i < trace.length; i += 2) {
        expect(trace[i]?.slice(0, 1)).toBe(trace[i + 1]?.slice(0, 1))
      }
      expect(await eventCount(orderNo)).toBe(5)
    })

    it('lockOrder() is null for an order that is not here', async () => {
      const locked = await subject.store.transaction((tx) => tx.lockOrder(keyOf('nobody')))
      expect(locked).toBeNull()
    })

    it('turn() gives the state its number and its event', async () => {
      const order = await place(subject.store)
      const event = newEvent({ decision: 'expire' })
      const turned = await subject.store.transaction((tx) =>
        tx.changeStatus(order, { status: 'expired', event }),
      )
      expect(turned).toEqual({ ...order, status: 'expired', stateSeq: 2 })
      const { items } = await subject.store.listOrderEvents(keyOf(order.orderNo), {
        limit: 9,
        cursor: null,
      })
      expect(items.at(-1)).toMatchObject({ decision: 'expire', toStatus: 'expired', stateSeq: 2 })
    })

    it('wait() moves the schedule and nothing else', async () => {
      const order = await place(subject.store)
      const schedule = {
        nextCheckAt: new Date('2026-01-24T08:00:00.123Z'),
        checks: 3,
        absentCount: 2,
        absentSince: new Date('2026-01-24T07:30:00.456Z'),
        standing: 'known' as const,
        watchedUntil: null,
      }
      const event = newEvent()
      const waiting = await subject.store.transaction((tx) =>
        tx.reschedule(order, { schedule, event }),
      )
      expect(waiting).toEqual({ ...order, ...schedule })
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(waiting)
      expect(await eventCount(order.orderNo)).toBe(2)
    })

    it('turn(), wait() and credit() refuse an order that changed since it was read', async () => {
      const order = await place(subject.store)
      const event = newEvent()
      const turn = () =>
        subject.store.transaction((tx) => tx.changeStatus(order, { status: 'expired', event }))
      await turn()
      await expect(turn()).rejects.toThrow(StaleOrderError)
      const { nextCheckAt, checks, absentCount, absentSince, standing, watchedUntil } = order
      const schedule = { nextCheckAt, checks, absentCount, absentSince, standing, watchedUntil }
      await expect(
        subject.store.transaction((tx) => tx.reschedule(order, { schedule, event })),
      ).rejects.toThrow(`order "${order.orderNo}" is not pending, state 1`)
      expect(await eventCount(order.orderNo)).toBe(2)
    })

    it('transaction() takes turns when many are requested at once', async () => {
      const { orderNo } = await place(subject.store)
      await Promise.all(
        Array.from({ length: 40 }, () =>
          subject.store.transaction(async (tx) => {
            await tx.lockOrder(keyOf(orderNo))
            await tx.appendEvent(keyOf(orderNo), newEvent())
          }),
        ),
      )
      expect(await eventCount(orderNo)).toBe(41)
    })
  })
}
