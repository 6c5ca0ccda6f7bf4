import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { CursorError } from '../../src/store/errors.ts'
import type { OrderFilter } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import {
  insertedOf,
  type MakeSubject,
  newEvent,
  newOrder,
  nextOrderNo,
  place,
  readAll,
  type Subject,
} from './store-fixtures.ts'

const everything: OrderFilter = { status: null, userId: null, limit: 200, cursor: null }

/** What people put into text fields, by accident or not. */
const hostileTexts = [
  `'; drop table orders; --`,
  '$1 {x} %s \\ " \\u0000',
  '补单 🧧 ‮abc',
  '\u0001\u001f\n\r\t',
  'x'.repeat(5000),
]

export function ordersContract(make: MakeSubject): void {
  describe('orders', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    it('insertOrder() gives back what was stored, and so does findOrder()', async () => {
      const order = newOrder({ attach: 'a', idempotencyKey: 'k-1', amount: 9007199254740991n })
      const stored = insertedOf(await subject.store.insertOrder(order, newEvent()))
      const { idempotencyKey, createdAt, end, ...facts } = order
      expect(stored).toMatchObject({ ...facts, status: 'pending', stateSeq: 1, checks: 0 })
      expect(stored.nextCheckAt).toEqual(stored.createdAt)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(stored)
    })

    it('insertOrder() without an end rounds creation plus life up to a whole second', async () => {
      const createdAt = new Date('2026-01-24T07:00:00.001Z')
      const { expiresAt } = await place(subject.store, {
        createdAt,
        end: { kind: 'after', ttlMs: 60_000 },
      })
      expect(expiresAt).toEqual(new Date('2026-01-24T07:01:01Z'))
      const whole = await place(subject.store, {
        createdAt: new Date('2026-01-24T07:00:00Z'),
        end: { kind: 'after', ttlMs: 60_000 },
      })
      expect(whole.expiresAt).toEqual(new Date('2026-01-24T07:01:00Z'))
    })

    it('insertOrder() keeps the times it is given, to the millisecond', async () => {
      const createdAt = new Date('2019-12-31T23:59:59.999Z')
      const expiresAt = new Date('2020-01-01T01:59:59.001Z')
      const order = await place(subject.store, {
        createdAt,
        end: { kind: 'at', at: expiresAt },
        adopted: true,
      })
      expect(order).toMatchObject({ createdAt, expiresAt, nextCheckAt: createdAt })
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
    })

    it('insertOrder() finds the order of the same key, whatever its number', async () => {
      const first = await place(subject.store, { idempotencyKey: 'same' })
      const again = newOrder({ idempotencyKey: 'same', amount: 1n })
      expect(await subject.store.insertOrder(again, newEvent())).toEqual({
        kind: 'exists',
        by: 'key',
        order: first,
      })
      expect(await subject.store.findOrder(keyOf(again.orderNo))).toBeNull()
    })

    it('insertOrder() distinguishes a number that was taken from a key that was used', async () => {
      const first = await place(subject.store, { idempotencyKey: 'mine' })
      const collides = newOrder({ orderNo: first.orderNo, idempotencyKey: 'other' })
      expect(await subject.store.insertOrder(collides, newEvent())).toEqual({
        kind: 'exists',
        by: 'number',
        order: first,
      })
    })

    it('insertOrder() stores one order for eight requests with one key at once', async () => {
      const insertions = await Promise.all(
        Array.from({ length: 8 }, () => {
          const order = newOrder({ idempotencyKey: 'race' })
          return subject.store.insertOrder(order, newEvent())
        }),
      )
      expect(insertions.filter(({ kind }) => kind === 'inserted')).toHaveLength(1)
      const found = insertions.flatMap((each) =>
        each.kind === 'upgrade_pending' ? [] : each.order,
      )
      expect(new Set(found.map(({ orderNo }) => orderNo)).size).toBe(1)
      expect(found).toHaveLength(insertions.length)
    })

    it.each(hostileTexts)('insertOrder() stores %j as it is', async (text) => {
      const changes = { orderNo: nextOrderNo(), userId: text.slice(0, 1000), description: text }
      const order = await place(subject.store, { ...changes, attach: text })
      expect(order).toMatchObject({ ...changes, attach: text })
      const page = await subject.store.listOrders({ ...everything, userId: changes.userId })
      expect(page.items.map(({ orderNo }) => orderNo)).toEqual([order.orderNo])
    })

    it.each(hostileTexts)('findOrders() finds nothing for %j', async (text) => {
      expect(await subject.store.findOrders(text)).toEqual([])
    })

    it('findOrders() finds each of many orders that are looked up at once, beside hostile texts', async () => {
      const orders: Order[] = []
      for (let nth = 0; nth < 12; nth += 1) orders.push(await place(subject.store))
      const found = orders.map(({ orderNo }) => subject.store.findOrders(orderNo))
      const hostile = [...hostileTexts, 'a\0b'].map((text) => subject.store.findOrders(text))
      const foundAgain = orders.map(({ orderNo }) => subject.store.findOrders(orderNo))
      expect(await Promise.all(found)).toEqual(orders.map((order) => [order]))
      expect(await Promise.all(foundAgain)).toEqual(orders.map((order) => [order]))
      expect((await Promise.all(hostile)).flat()).toEqual([])
    })

    it('findOrders() fails for what is no text, and for nobody beside it', async () => {
      const order = await place(subject.store)
      const lookUp = () => subject.store.findOrders(order.orderNo)
      const before = Array.from({ length: 4 }, lookUp)
      const wrong = subject.store.findOrders(12345 as unknown as string)
      const after = Array.from({ length: 4 }, lookUp)
      await expect(wrong).rejects.toThrow('Cannot find order 12345')
      expect((await Promise.all([...before, ...after])).flat()).toEqual(Array(8).fill(order))
    })

    it('findOrders() and listOrders() find nothing for a text with NUL', async () => {
      expect(await subject.store.findOrders('a\0b')).toEqual([])
      const page = await subject.store.listOrders({ ...everything, userId: 'u\0' })
      expect(page).toEqual({ items: [], nextCursor: null })
    })

    it('setCodeUrl() remembers the code of a pending order, with its event', async () => {
      const { orderNo } = await place(subject.store)
      const event = newEvent({ kind: 'prepaid', source: 'api' })
      await subject.store.setCodeUrl(keyOf(orderNo), {
        codeUrl: 'weixin://pay?pr=1',
        codeLifeMs: 7_200_000,
        event,
      })
      expect(await subject.store.findOrder(keyOf(orderNo))).toMatchObject({
        codeUrl: 'weixin://pay?pr=1',
      })
      const events = await subject.store.listOrderEvents(keyOf(orderNo), {
        limit: 10,
        cursor: null,
      })
      expect(events.items.map(({ kind }) => kind)).toEqual(['created', 'prepaid'])
    })

    it('setCodeUrl() leaves an order that has ended without a code', async () => {
      const order = await place(subject.store)
      await subject.store.transaction((tx) =>
        tx.changeStatus(order, { status: 'expired', event: newEvent() }),
      )
      const event = newEvent({ kind: 'prepaid' })
      await subject.store.setCodeUrl(keyOf(order.orderNo), {
        codeUrl: 'weixin://pay?pr=2',
        codeLifeMs: 7_200_000,
        event,
      })
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toMatchObject({ codeUrl: null })
    })
  })
}

export function listsContract(make: MakeSubject): void {
  describe('lists of orders', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
      // Three of each share a millisecond, so that pages end between equal times.
      for (let i = 0; i < 21; i += 1) {
        await place(subject.store, {
          userId: i % 2 === 0 ? 'even' : 'odd',
          createdAt: new Date(Date.UTC(2026, 0, 24) + Math.floor(i / 3)),
        })
      }
    })
    afterAll(() => subject.store.close())

    it.each([1, 2, 3, 5, 20, 21, 200])(
      'listOrders() returns each order once, newest first, in pages of %i',
      async (limit) => {
        const orders = await readAll((cursor) =>
          subject.store.listOrders({ ...everything, limit, cursor }),
        )
        const numbers = orders.map(({ orderNo }) => orderNo)
        expect(numbers).toHaveLength(21)
        expect(numbers).toEqual([...numbers].sort().reverse())
      },
    )

    it('listOrders() filters by user and by status, in pages too', async () => {
      const orders = await readAll((cursor) =>
        subject.store.listOrders({ status: 'pending', userId: 'odd', limit: 4, cursor }),
      )
      expect(orders).toHaveLength(10)
      expect(orders.every(({ userId }) => userId === 'odd')).toBe(true)
      const paid = await subject.store.listOrders({ ...everything, status: 'paid' })
      expect(paid).toEqual({ items: [], nextCursor: null })
    })

    const madeUp = ['["orders","x",1]', '["orders",8.64e15,"x"]', '["orders",-6.3e13,"x"]']
    it.each([
      ...['', 'x', 'bm90IG91cnM', '[]'],
      ...madeUp.map((text) => Buffer.from(text).toString('base64url')),
    ])('listOrders() refuses the cursor %j', async (cursor) => {
      await expect(subject.store.listOrders({ ...everything, cursor })).rejects.toThrow(CursorError)
    })

    it("listOrders() refuses another list's cursor", async () => {
      const { items } = await subject.store.listOrders(everything)
      const orderNo = items[0]?.orderNo ?? ''
      await subject.store.appendEvent(keyOf(orderNo), newEvent())
      const { nextCursor } = await subject.store.listOrderEvents(keyOf(orderNo), {
        limit: 1,
        cursor: null,
      })
      expect(nextCursor).not.toBeNull()
      const filter = { ...everything, cursor: nextCursor }
      await expect(subject.store.listOrders(filter)).rejects.toThrow(CursorError)
    })

    it.each([0, -1, 201, 1.5, Number.NaN])('listOrders() refuses a page of %d', async (limit) => {
      await expect(subject.store.listOrders({ ...everything, limit })).rejects.toThrow(
        'a page has 1 to 200',
      )
    })
  })
}
