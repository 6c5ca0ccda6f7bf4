import { beforeAll, describe, expect, it } from 'vitest'
import { CursorError } from '../../src/store/errors.ts'
import { keyOf } from '../support/order-key.ts'
import {
  corrupt,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  placePaid,
  readAll,
  type Subject,
} from './store-fixtures.ts'

/** What people look up who look into one order or one account. */
export function lookupsContract(make: MakeSubject): void {
  describe('look-ups', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    it('findOrderByTransaction() finds the order that a payment credited, of its gateway alone', async () => {
      const { store } = subject
      const paid = await placePaid(store)
      await place(store)
      const transactionId = paid.transactionId ?? ''
      const { gateway } = merchant
      expect(await store.findOrderByTransaction({ gateway, transactionId })).toEqual(paid)
      for (const nobody of [
        { gateway: 'another', transactionId },
        { gateway, transactionId: `${transactionId}0` },
        { gateway, transactionId: '' },
        { gateway, transactionId: 'no\0body' },
      ]) {
        expect(await store.findOrderByTransaction(nobody)).toBeNull()
      }
    })

    it('ledgerOf() returns the transfer and both entries of a paid order, and nothing of another', async () => {
      const { store } = subject
      const paid = await placePaid(store, { userId: 'of the ledger' })
      const { amount, currency, creditedAt, paidAt, transactionId } = paid
      expect(await store.ledgerOf(keyOf(paid.orderNo))).toEqual({
        transfers: [{ ...merchant, transactionId, amount, currency, paidAt, at: creditedAt }],
        entries: [
          {
            id: expect.stringMatching(/^\d+$/),
            account: `gateway:${merchant.gateway}:${merchant.mchid}`,
            ...{ amount: -amount, currency, at: creditedAt },
          },
          {
            id: expect.stringMatching(/^\d+$/),
            account: 'user:of the ledger',
            ...{ amount, currency, at: creditedAt },
          },
        ],
      })
      for (const orderNo of [(await place(store)).orderNo, 'nobody']) {
        expect(await store.ledgerOf(keyOf(orderNo))).toEqual({ transfers: [], entries: [] })
      }
    })

    it.each([1, 3, 4, 10, 200])(
      'latestOrderEvents() is the timeline from its end, in pages of %i',
      async (limit) => {
        const { store } = subject
        const { orderNo } = await place(store)
        for (let count = 0; count < 9; count += 1) {
          await store.appendEvent(keyOf(orderNo), newEvent({ reason: `number ${count}` }))
        }
        const forwards = await readAll((cursor) =>
          store.listOrderEvents(keyOf(orderNo), { limit: 200, cursor }),
        )
        const backwards = await readAll((cursor) =>
          store.latestOrderEvents(keyOf(orderNo), { limit, cursor }),
        )
        expect(backwards).toHaveLength(10)
        expect(backwards).toEqual(forwards.toReversed())
      },
    )

    it.each([1, 2, 3, 7, 200])(
      'latestEntries() is the statement from its end with the same balances, in pages of %i',
      async (limit) => {
        const { store } = subject
        const userId = `backwards by ${limit}`
        for (let count = 1n; count <= 7n; count += 1n) {
          await placePaid(store, { userId, amount: count * 100n })
        }
        const forwards = await readAll((cursor) =>
          store.listEntries(userId, { limit: 200, cursor }),
        )
        const backwards = await readAll((cursor) => store.latestEntries(userId, { limit, cursor }))
        expect(backwards).toHaveLength(7)
        expect(backwards).toEqual(forwards.toReversed())
        expect(backwards[0]?.balance).toBe((await store.balance(userId)).balance)
      },
    )

    it('latestEntries() shows an entry whose transfer was lost', async () => {
      const { store } = subject
      const userId = 'with a loss'
      const [first, second] = [
        await placePaid(store, { userId }),
        await placePaid(store, { userId }),
      ]
      const lost = `delete from transfers where order_no = '${first.orderNo}'`
      const back = `insert into transfers (order_no, gateway, transaction_id, amount, currency,
        mchid, appid, paid_at, created_at) select order_no, gateway, transaction_id, amount,
        currency, mchid, appid, paid_at, credited_at from orders where order_no = '${first.orderNo}'`
      await corrupt(subject, [lost])
      const { items } = await store.latestEntries(userId, { limit: 10, cursor: null })
      expect(items.map(({ orderNo, transactionId }) => [orderNo, transactionId])).toEqual([
        [second.orderNo, second.transactionId],
        [first.orderNo, ''],
      ])
      await corrupt(subject, [back])
    })

    it('latestOrderEvents() and latestEntries() of nobody are empty, and take no cursor but their own', async () => {
      const { store } = subject
      const { orderNo, userId } = await placePaid(store, { userId: 'cursors' })
      await placePaid(store, { userId })
      const page = { limit: 1, cursor: null }
      for (const nobody of ['nobody', '']) {
        expect((await store.latestOrderEvents(keyOf(nobody), page)).items).toEqual([])
        expect((await store.latestEntries(nobody, page)).items).toEqual([])
      }
      const events = await store.listOrderEvents(keyOf(orderNo), page)
      const entries = await store.listEntries(userId, page)
      for (const cursor of [events.nextCursor, entries.nextCursor, 'x']) {
        expect(cursor).not.toBeNull()
        await expect(store.latestOrderEvents(keyOf(orderNo), { limit: 1, cursor })).rejects.toThrow(
          CursorError,
        )
        await expect(store.latestEntries(userId, { limit: 1, cursor })).rejects.toThrow(CursorError)
      }
    })

    it('auditRows() lists at most as many orders as were requested', async () => {
      const { store } = subject
      const orders = [await placePaid(store), await placePaid(store), await placePaid(store)]
      const numbers = orders.map(({ orderNo }) => orderNo)
      const listed = numbers.map((orderNo) => `'${orderNo}'`).join()
      const shift = (by: string) =>
        `update transfers set appid = ${by} where order_no in (${listed})`
      await corrupt(subject, [shift(`'another'`)])
      const { gateway, mchid } = merchant
      const wrong = numbers.map((orderNo) => ({ orderNo, merchant: { gateway, mchid } }))
      expect(await store.auditRows('mismatched', { limit: 2 })).toEqual(wrong.slice(0, 2))
      expect(await store.auditRows('mismatched', { limit: 100 })).toEqual(wrong)
      await corrupt(subject, [shift(`'${merchant.appid}'`)])
      expect(await store.auditRows('mismatched', { limit: 100 })).toEqual([])
    })
  })
}
