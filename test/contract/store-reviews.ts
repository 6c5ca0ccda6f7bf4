import { beforeAll, describe, expect, it } from 'vitest'
import type { NewOrderEvent, Order } from '../../src/domain/order.ts'
import { CursorError, StaleOrderError, StoreError } from '../../src/store/errors.ts'
import type { Tx } from '../../src/store/store.ts'
import { creditOne } from '../support/credit-one.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  placePaid,
  readAll,
  run,
  type Subject,
  transferOf,
} from './store-fixtures.ts'

function word(changes: Partial<NewOrderEvent> = {}): NewOrderEvent {
  const operator = { source: 'operator', operator: 'Li', reason: 'seen the bill' } as const
  return newEvent({ kind: 'resolved', runId: null, ...operator, ...changes })
}

/** `credited` from review, with one thing wrong: what `:transfer`, `:event` and `:order` are made of. */
const creditStatement = `with o as (
    update orders set status = 'paid', state_seq = 3, transaction_id = 'T:order',
      credited_at = now(), credited_by = 'operator', dismissed_at = null
    where order_no = ':order' returning *
  ), v as (
    insert into order_events (order_no, at, kind, source, operator, reason, to_status, state_seq, alarm)
    select order_no, now(), 'resolved', :word, 'paid', 3, false from o
  ), t as (
    insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
    select :facts, now() from o returning *
  )
  insert into entries (order_no, leg, account, amount, currency, at)
  select order_no, 1, 'gateway', -amount, currency, now() from t
  union all select order_no, 2, 'user:u1', amount, currency, now() from t`

const rightWord = `'operator', 'Li', 'seen the bill'`
const rightFacts = `order_no, gateway, 'T:order', amount, currency, mchid, appid`

function crediting(given: { word?: string; facts?: string } = {}): string {
  return creditStatement
    .replace(':word', given.word ?? rightWord)
    .replace(':facts', given.facts ?? rightFacts)
}

function expiring(given: { word?: string; seq?: number } = {}): string {
  const seq = given.seq ?? 3
  return `with o as (
      update orders set status = 'expired', state_seq = ${seq}, dismissed_at = null
      where order_no = ':order' returning *
    )
    insert into order_events (order_no, at, kind, source, operator, reason, to_status, state_seq, alarm)
    select order_no, now(), 'answered', ${given.word ?? rightWord}, 'expired', ${seq}, false from o`
}

/** What a statement on an order in review must not do. `:paid` is another order's payment. */
const attacks: readonly (readonly [string, string])[] = [
  [
    'I1: credited by the payment of another order',
    crediting({ facts: rightFacts.replace("'T:order'", "'4200:paid'") }),
  ],
  [
    'I2: credited in another amount',
    crediting({ facts: rightFacts.replace('amount', 'amount + 1') }),
  ],
  [
    'I2: credited in another currency',
    crediting({ facts: rightFacts.replace('currency', "'USD'") }),
  ],
  ['I2: credited for another mchid', crediting({ facts: rightFacts.replace('mchid', "'1'") })],
  ['I2: credited for another appid', crediting({ facts: rightFacts.replace('appid', "'1'") })],
  [
    'I2: credited for another order',
    crediting({ facts: rightFacts.replace('order_no', "':paid'") }),
  ],
  [
    'I2: credited by the transaction of nobody',
    crediting({ facts: rightFacts.replace("'T:order'", "'other'") }),
  ],
  [
    'I3: paid without a transfer',
    crediting()
      .replace('select :facts', 'select')
      .replace(/, t as \([\s\S]*?returning \*\s+\)[\s\S]*$/, ' select 1'),
  ],
  ['I6: credited without an operator', crediting({ word: `'check', null, 'x'` })],
  ['I6: credited by an operator without a name', crediting({ word: `'operator', null, 'x'` })],
  ['I6: credited by a name that is empty', crediting({ word: `'operator', '', 'x'` })],
  ['I6: credited by a name without end', crediting({ word: `'operator', repeat('x', 65), 'x'` })],
  ['I6: credited without a reason', crediting({ word: `'operator', 'Li', null` })],
  ['I6: a name on what no operator did', crediting({ word: `'check', 'Li', 'x'` })],
  ['I6: credited without an event', crediting().replace(/, v as \([\s\S]*?from o\s+\)/, '')],
  [
    'I6: expired without an event',
    `update orders set status = 'expired', state_seq = 3 where order_no = ':order'`,
  ],
  ['I6: expired without an operator', expiring({ word: `'check', null, 'x'` })],
  ['I6: expired two states on', expiring({ seq: 4 })],
  ['I6: pending again', expiring().replaceAll("'expired'", "'pending'")],
  ['I6: in review once more', expiring().replaceAll("'expired'", "'review'")],
  [
    'I6: dismissed without an event',
    `update orders set dismissed_at = now() where order_no = ':order'`,
  ],
  [
    'I6: dismissed before its event',
    `with o as (update orders set dismissed_at = now() - interval '1 day' where order_no = ':order' returning *)
    insert into order_events (order_no, at, kind, source, operator, reason, alarm)
    select order_no, now(), 'dismissed', ${rightWord}, false from o`,
  ],
  [
    'I6: dismissed by nobody',
    `with o as (update orders set dismissed_at = now() where order_no = ':order' returning *)
    insert into order_events (order_no, at, kind, source, reason, alarm)
    select order_no, dismissed_at, 'dismissed', 'check', 'x', false from o`,
  ],
  [
    'a payment known of an order that is not dismissed',
    `update orders set dismissed_payment = 'x' where order_no = ':order'`,
  ],
  ...['paid', 'pending'].map((status): readonly [string, string] => [
    `a dismissal of an order that is ${status}`,
    `with o as (update orders set dismissed_at = now() where order_no = ':${status}' returning *)
     insert into order_events (order_no, at, kind, source, operator, reason, alarm)
     select order_no, dismissed_at, 'dismissed', ${rightWord}, false from o`,
  ]),
]

export function reviewsContract(make: MakeSubject): void {
  describe('reviews', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    const step = <T>(work: (tx: Tx) => Promise<T>) => subject.store.transaction(work)
    const placeInReview = async (changes: Parameters<typeof place>[1] = {}): Promise<Order> => {
      const order = await place(subject.store, changes)
      const event = newEvent({ decision: 'review', reason: 'not as ordered' })
      return step((tx) => tx.changeStatus(order, { status: 'review', event }))
    }
    const creditBy = (order: Order, event: NewOrderEvent) =>
      step((tx) => creditOne(tx, order, { transfer: transferOf(order), source: 'operator', event }))
    const dismiss = (order: Order, payment: string | null = null) =>
      step((tx) => tx.dismiss(order, { payment, event: word({ kind: 'dismissed' }) }))
    const reopen = (order: Order) =>
      step((tx) => tx.reopen(order, { event: newEvent({ decision: 'review', alarm: true }) }))
    const queue = (dismissed: boolean, limit = 200) =>
      readAll((cursor) => subject.store.listReviews({ dismissed, limit, cursor }))

    it('credit() credits an order in review by the word of an operator alone', async () => {
      const order = await placeInReview({ userId: 'reviewed' })
      await expect(creditBy(order, newEvent())).rejects.toThrow(StaleOrderError)
      const paid = await creditBy(order, word())
      expect(paid).toMatchObject({ status: 'paid', stateSeq: 3, creditedBy: 'operator' })
      expect((await subject.store.balance('reviewed')).balance).toBe(order.amount)
      await expect(creditBy(order, word())).rejects.toThrow(StaleOrderError)
    })

    it('credit() of an order in review makes one transfer of eight at once without any lock', async () => {
      const order = await placeInReview({ userId: 'eight operators' })
      const ends = await Promise.allSettled(
        Array.from({ length: 8 }, () => creditBy(order, word())),
      )
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await subject.store.balance('eight operators')).balance).toBe(order.amount)
    })

    it.each([
      ['another amount', { amount: 1233n }],
      ['another currency', { currency: 'USD' }],
      ['another mchid', { mchid: '1900000002' }],
      ['another appid', { appid: 'wx0000000000000002' }],
      ['the number of another order', { orderNo: 'SOMEBODYELSES' }],
    ])(
      'credit() of an order in review is refused by the schema for %s (I2)',
      async (_, changes) => {
        const order = await placeInReview()
        const transfer = transferOf(order, changes)
        const event = word()
        await expect(
          step((tx) => creditOne(tx, order, { transfer, source: 'operator', event })),
        ).rejects.toThrow(StoreError)
        expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
      },
    )

    it('credit() of an order in review by a payment that credited another is refused (I1)', async () => {
      const { transactionId } = await placePaid(subject.store)
      const order = await placeInReview()
      const transfer = transferOf(order, { transactionId })
      await expect(
        step((tx) => creditOne(tx, order, { transfer, source: 'operator', event: word() })),
      ).rejects.toThrow(StoreError)
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
    })

    it('turn() expires an order in review by the word of an operator alone', async () => {
      const order = await placeInReview()
      const expire = (event: NewOrderEvent) =>
        step((tx) => tx.changeStatus(order, { status: 'expired', event }))
      await expect(expire(newEvent())).rejects.toThrow(/leaves review by an operator/)
      expect(await expire(word())).toMatchObject({ status: 'expired', stateSeq: 3 })
      await expect(expire(word())).rejects.toThrow(StaleOrderError)
      // Late money is still credited, without an operator.
      expect(await credit(subject.store, order.orderNo)).toMatchObject({ status: 'paid' })
    })

    it('dismiss() and reopen() move it out of the queue and back, once each', async () => {
      const order = await placeInReview()
      const dismissed = await dismiss(order, 'the payment')
      expect(dismissed).toEqual({
        ...order,
        dismissed: { at: expect.any(Date), payment: 'the payment' },
      })
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(dismissed)
      await expect(dismiss(dismissed)).rejects.toThrow(StaleOrderError)
      expect(await reopen(dismissed)).toEqual(order)
      await expect(reopen(order)).rejects.toThrow(StaleOrderError)
      expect(await dismiss(order)).toMatchObject({ dismissed: { payment: null } })
    })

    it('dismiss() refuses an order that is not in review', async () => {
      for (const order of [await place(subject.store), await placePaid(subject.store)]) {
        await expect(dismiss(order)).rejects.toThrow(StaleOrderError)
      }
    })

    it.each([
      ['credited', (order: Order) => creditBy(order, word())],
      [
        'expired',
        (order: Order) =>
          step((tx) => tx.changeStatus(order, { status: 'expired', event: word() })),
      ],
    ])('a dismissed order can still be %s, and is dismissed no more', async (_, resolve) => {
      const dismissed = await dismiss(await placeInReview(), 'x')
      expect(await resolve(dismissed)).toMatchObject({ dismissed: null, stateSeq: 3 })
    })

    it('findReview() returns the newest event, the one that changed the state to review, and the last resolution', async () => {
      const order = await placeInReview()
      const { orderNo } = order
      const before = await subject.store.findReview(keyOf(orderNo))
      expect(before).toMatchObject({ order, resolved: null })
      expect(before?.entered).toEqual(before?.seen)
      expect(before?.entered).toMatchObject({ toStatus: 'review', reason: 'not as ordered' })

      const dismissed = await dismiss(order)
      await subject.store.appendEvent(keyOf(orderNo), newEvent({ reason: 'came later' }))
      await subject.store.appendEvent(
        keyOf(orderNo),
        newEvent({ kind: 'closing', source: 'operator', operator: 'Wu' }),
      )
      const after = await subject.store.findReview(keyOf(orderNo))
      expect(after).toMatchObject({
        order: dismissed,
        seen: { reason: 'came later' },
        entered: { toStatus: 'review' },
        resolved: { kind: 'dismissed', operator: 'Li', reason: 'seen the bill' },
      })

      await reopen(dismissed)
      const again = await subject.store.findReview(keyOf(orderNo))
      expect(again?.entered).toEqual(again?.seen)
      expect(again?.entered).toMatchObject({ toStatus: null, decision: 'review', alarm: true })
      expect(again?.resolved).toEqual(after?.resolved)
    })

    it('findReview() of an order that never was in review has none, and of nobody is null', async () => {
      const { orderNo } = await place(subject.store)
      const found = await subject.store.findReview(keyOf(orderNo))
      expect(found).toMatchObject({ entered: null, resolved: null, seen: { kind: 'created' } })
      for (const nobody of ['nobody', '']) {
        expect(await subject.store.findReview(keyOf(nobody))).toBeNull()
      }
    })

    it('trail() sees what its own transaction wrote', async () => {
      const order = await placeInReview()
      const trail = await step(async (tx) => {
        await tx.appendEvent(keyOf(order.orderNo), newEvent({ reason: 'just now' }))
        return tx.reviewTrail(keyOf(order.orderNo))
      })
      expect(trail.seen.reason).toBe('just now')
    })

    it('listReviews() gives the queue oldest first, in pages, without what was dismissed', async () => {
      const fresh = await make()
      const was = subject
      subject = fresh
      const days = [3, 1, 2, 5, 4]
      const orders = new Map<number, Order>()
      for (const day of days) {
        orders.set(day, await placeInReview({ createdAt: new Date(Date.UTC(2026, 0, day)) }))
      }
      await place(subject.store)
      await placePaid(subject.store)
      const numberOf = (day: number) => orders.get(day)?.orderNo
      for (const day of [2, 5]) {
        const order = orders.get(day)
        if (order !== undefined) await dismiss(order)
      }
      for (const limit of [1, 2, 200]) {
        const waiting = await queue(false, limit)
        expect(waiting.map(({ order }) => order.orderNo)).toEqual([1, 3, 4].map(numberOf))
        expect(waiting.every(({ entered }) => entered?.reason === 'not as ordered')).toBe(true)
        const dismissed = await queue(true, limit)
        expect(dismissed.map(({ order }) => order.orderNo)).toEqual([2, 5].map(numberOf))
        expect(dismissed.every(({ resolved }) => resolved?.operator === 'Li')).toBe(true)
      }
      const vitals = await subject.store.vitals([merchant])
      expect(vitals).toMatchObject({ ordersByStatus: { review: 5 }, reviewQueue: 3 })
      const page = await subject.store.listOrders({
        ...{ status: null, userId: null, limit: 1, cursor: null },
      })
      await expect(
        subject.store.listReviews({ dismissed: false, limit: 1, cursor: page.nextCursor }),
      ).rejects.toThrow(CursorError)
      expect(Object.values(await subject.store.audit()).every((count) => count === 0)).toBe(true)
      await subject.store.close()
      subject = was
    })

    it.each(attacks)('the schema refuses %s', async (_, statement) => {
      const order = await placeInReview()
      const others = { paid: await placePaid(subject.store), pending: await place(subject.store) }
      const text = statement
        .replaceAll(':order', order.orderNo)
        .replaceAll(
          /:(paid|pending)/g,
          (_whole, status: keyof typeof others) => others[status].orderNo,
        )
      await expect(run(subject, text)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^23/) }),
      )
      expect(await subject.store.findOrder(keyOf(order.orderNo))).toEqual(order)
      for (const other of Object.values(others)) {
        expect(await subject.store.findOrder(keyOf(other.orderNo))).toEqual(other)
      }
    })

    it.each([
      ['credit', crediting(), 'paid'],
      ['expiry', expiring(), 'expired'],
    ])(
      'the schema lets the %s through when nothing is wrong with it',
      async (_, statement, status) => {
        const { orderNo } = await dismiss(await placeInReview(), null)
        await run(subject, statement.replaceAll(':order', orderNo))
        expect(await subject.store.findOrder(keyOf(orderNo))).toMatchObject({
          status,
          dismissed: null,
        })
      },
    )

    it('the schema refuses the same credit twice (I1)', async () => {
      const { orderNo } = await placeInReview()
      const statement = crediting().replaceAll(':order', orderNo)
      await run(subject, statement)
      // The second changes no row of a review any more, so that all else must still refuse it.
      await expect(run(subject, statement)).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^23/) }),
      )
    })
  })
}
