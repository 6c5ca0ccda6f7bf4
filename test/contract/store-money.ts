import { beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { StaleOrderError, StoreError } from '../../src/store/errors.ts'
import { creditOne } from '../support/credit-one.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  type MakeSubject,
  newEvent,
  place,
  placePaid,
  readAll,
  run,
  type Subject,
  transferOf,
} from './store-fixtures.ts'

export function moneyContract(make: MakeSubject): void {
  describe('money', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    const creditWith = (order: Order, changes: Parameters<typeof transferOf>[1]) =>
      subject.store.transaction((tx) =>
        creditOne(tx, order, {
          transfer: transferOf(order, changes),
          source: 'check',
          event: newEvent(),
        }),
      )

    it('credit() makes the order paid, with transfer, entries and event', async () => {
      const order = await place(subject.store, { userId: 'first' })
      const paid = await credit(subject.store, order.orderNo)
      expect(paid).toMatchObject({
        status: 'paid',
        stateSeq: 2,
        transactionId: `4200${order.orderNo}`,
        paidAt: new Date('2026-01-24T07:01:02.345Z'),
        creditedBy: 'compensation',
      })
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(paid)
      expect(await subject.store.balance('first')).toEqual({
        userId: 'first',
        balance: 1234n,
        currency: 'CNY',
      })
      const { items } = await subject.store.listOrderEvents(keyOf(order.orderNo), {
        limit: 9,
        cursor: null,
      })
      expect(items.at(-1)).toMatchObject({ toStatus: 'paid', stateSeq: 2, at: paid?.creditedAt })
    })

    it('credit() without a time of payment stores none', async () => {
      const order = await place(subject.store)
      const paid = await creditWith(order, { paidAt: null })
      expect(paid).toMatchObject({ status: 'paid', paidAt: null })
    })

    it('credit() makes one transfer of eight at once', async () => {
      const { orderNo } = await place(subject.store, { userId: 'eight' })
      const credits = await Promise.all(
        Array.from({ length: 8 }, () => credit(subject.store, orderNo)),
      )
      expect(credits.filter((order) => order !== null)).toHaveLength(1)
      expect((await subject.store.balance('eight')).balance).toBe(1234n)
    })

    it('credit() makes one transfer of eight at once without any lock', async () => {
      const order = await place(subject.store, { userId: 'unlocked' })
      const ends = await Promise.allSettled(Array.from({ length: 8 }, () => creditWith(order, {})))
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(StaleOrderError)
      }
      expect((await subject.store.balance('unlocked')).balance).toBe(1234n)
    })

    it('credit() credits an expired order, but none in review', async () => {
      const order = await place(subject.store)
      const turn = (from: Order, status: 'expired' | 'review') =>
        subject.store.transaction((tx) => tx.changeStatus(from, { status, event: newEvent() }))
      const expired = await turn(order, 'expired')
      expect(await creditWith(expired, {})).toMatchObject({ status: 'paid', stateSeq: 3 })
      const other = await turn(await place(subject.store), 'review')
      await expect(creditWith(other, {})).rejects.toThrow(StaleOrderError)
    })

    it.each([
      ['another amount', { amount: 1233n }],
      ['another currency', { currency: 'USD' }],
      ['another mchid', { mchid: '1900000002' }],
      ['another appid', { appid: 'wx0000000000000002' }],
    ])('credit() of a trade with %s is refused by the schema (I2)', async (_, changes) => {
      const order = await place(subject.store, { userId: 'unequal' })
      await expect(creditWith(order, changes)).rejects.toThrow(StoreError)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
      expect((await subject.store.balance('unequal')).balance).toBe(0n)
    })

    it('credit() of a trade with the number of another order is refused (I2)', async () => {
      const order = await place(subject.store)
      const other = await place(subject.store)
      await expect(creditWith(order, { orderNo: other.orderNo })).rejects.toThrow(StoreError)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
    })

    it('credit() of a second order by the same payment is refused (I1)', async () => {
      const { transactionId } = await placePaid(subject.store)
      const order = await place(subject.store)
      await expect(creditWith(order, { transactionId })).rejects.toThrow(StoreError)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
    })

    it('credit() to anybody but the user of the order is refused (I3)', async () => {
      const order = await place(subject.store)
      const transfer = transferOf({ ...order, userId: 'thief' })
      const event = newEvent()
      await expect(
        subject.store.transaction((tx) =>
          creditOne(tx, order, { transfer, source: 'check', event }),
        ),
      ).rejects.toThrow(/I3/)
    })

    it('lockOrder() names the order that a payment has credited already', async () => {
      const paid = await placePaid(subject.store)
      const { orderNo } = await place(subject.store)
      const locked = await subject.store.transaction((tx) =>
        tx.lockOrder(keyOf(orderNo), { transactionId: paid.transactionId }),
      )
      expect(locked?.transactionOwner).toBe(paid.orderNo)
      const itself = await subject.store.transaction((tx) =>
        tx.lockOrder(keyOf(paid.orderNo), { transactionId: paid.transactionId }),
      )
      expect(itself?.transactionOwner).toBeNull()
    })

    it('balance() of an unknown user is 0', async () => {
      for (const userId of ['nobody', 'no\0body', '']) {
        expect(await subject.store.balance(userId)).toMatchObject({ balance: 0n, currency: 'CNY' })
      }
    })

    it('listEntries() carries the running balance across pages', async () => {
      const amounts = [1n, 20n, 300n, 4000n, 50000n]
      for (const amount of amounts) await placePaid(subject.store, { userId: 'saver', amount })
      for (const limit of [1, 2, 3, 5, 200]) {
        const entries = await readAll((cursor) =>
          subject.store.listEntries('saver', { limit, cursor }),
        )
        expect(entries.map(({ amount }) => amount)).toEqual(amounts)
        expect(entries.map(({ balance }) => balance)).toEqual([1n, 21n, 321n, 4321n, 54321n])
      }
      const page = await subject.store.listEntries('saver', { limit: 1, cursor: null })
      expect(page.items[0]?.transactionId).toMatch(/^4200RECH/)
    })

    it('the ledger sums to zero', async () => {
      const [row] = await run(subject, 'select sum(amount)::bigint as sum from entries')
      expect(row).toEqual({ sum: 0n })
    })
  })
}
