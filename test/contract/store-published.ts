import { sql } from 'kysely'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { NewOrderEvent, Order } from '../../src/domain/order.ts'
import type { StoredEvent } from '../../src/domain/webhooks/published-event.ts'
import { CursorError, CursorGoneError } from '../../src/store/errors.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { creditOne } from '../support/credit-one.ts'
import { keyOf } from '../support/order-key.ts'
import {
  credit,
  creditByKey,
  type MakeSubject,
  newEvent,
  place,
  placePaid,
  run,
  type Subject,
  transferOf,
} from './store-fixtures.ts'

const dayMs = 86_400_000

/** The word of a person, by which an order leaves review. */
function word(changes: Partial<NewOrderEvent> = {}): NewOrderEvent {
  const operator = { source: 'operator', operator: 'Li', reason: 'seen the bill' } as const
  return newEvent({ kind: 'resolved', runId: null, ...operator, ...changes })
}

export async function positionAll(store: Store): Promise<void> {
  while ((await store.positionEvents({ limit: 100 })).count > 0);
}

async function readToEnd(store: Store, after: string | null = null, limit = 200) {
  const events: StoredEvent[] = []
  for (let cursor = after; ; ) {
    const page = await store.readEvents({ after: cursor, types: null, limit })
    events.push(...page.events)
    cursor = page.nextCursor
    if (!page.more) return { events, cursor }
  }
}

export function publishedContract(make: MakeSubject): void {
  describe('published events', () => {
    let subject: Subject
    let store: Store
    beforeAll(async () => {
      subject = await make()
      store = subject.store
    })

    /** What is published by the work, and the events themselves, on a store that others use as well. */
    async function publishedBy(work: () => Promise<unknown>): Promise<readonly StoredEvent[]> {
      await positionAll(store)
      const { cursor } = await readToEnd(store)
      await work()
      await positionAll(store)
      // Those of exceptions are beside them: see store-exceptions.ts.
      const { events } = await readToEnd(store, cursor)
      return events.filter(({ type }) => type.startsWith('order.'))
    }
    const typesOf = (events: readonly StoredEvent[]) => events.map(({ type }) => type).sort()
    const locked = <T>(orderNo: string, step: (tx: Tx, order: Order) => Promise<T>) =>
      store.transaction(async (tx) => {
        const found = await tx.lockOrder(keyOf(orderNo))
        if (found === null) throw new Error(`No order ${orderNo}`)
        return step(tx, found.order)
      })
    const review = (orderNo: string) =>
      locked(orderNo, (tx, order) =>
        tx.changeStatus(order, {
          status: 'review',
          event: newEvent({ decision: 'review', reason: { code: 'refund_started' } }),
        }),
      )
    const dismiss = (orderNo: string) =>
      locked(orderNo, (tx, order) =>
        tx.dismiss(order, { payment: null, event: word({ kind: 'dismissed', decision: 'keep' }) }),
      )
    const reopen = (orderNo: string) =>
      locked(orderNo, (tx, order) =>
        tx.reopen(order, {
          event: newEvent({ decision: 'review', reason: { code: 'dismissed_new_payment' } }),
        }),
      )
    const expire = (orderNo: string, event = newEvent({ reason: { code: 'trade_closed' } })) =>
      locked(orderNo, (tx, order) => tx.changeStatus(order, { status: 'expired', event }))
    const creditFromReview = (orderNo: string) =>
      locked(orderNo, (tx, order) =>
        creditOne(tx, order, {
          ...{ transfer: transferOf(order), source: 'operator', event: word({ decision: 'pay' }) },
        }),
      )

    it('are order.paid for a credit, complete and once', async () => {
      const { orderNo } = await place(store, { userId: 'u-paid', amount: 9_007_199_254_740_991n })
      let paid: Order | null = null
      const events = await publishedBy(async () => {
        paid = await credit(store, orderNo)
        await credit(store, orderNo)
        await store.appendEvent(keyOf(orderNo), newEvent({ decision: 'keep' }))
      })
      expect(events).toEqual([
        {
          id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
          type: 'order.paid',
          timestamp: (paid as Order | null)?.creditedAt,
          ...{ gateway: 'wechatpay', mchid: '1900000001' },
          position: expect.any(BigInt),
          cursor: expect.any(String),
          data: {
            ...{ order_no: orderNo, user_id: 'u-paid' },
            ...{ amount: 9_007_199_254_740_991, currency: 'CNY' },
            transaction_id: `4200${orderNo}`,
            paid_at: '2026-01-24T07:01:02.345Z',
            credited_at: (paid as Order | null)?.creditedAt?.toISOString(),
            credited_by: 'compensation',
          },
        },
      ])
      expect(Object.keys(events[0]?.data ?? {})[0]).toBe('order_no')
    })

    it('are one for each order of a group that is credited together', async () => {
      const orders = await Promise.all([1, 2, 3, 4, 5].map(() => place(store)))
      const events = await publishedBy(() =>
        store.transaction(async (tx) => {
          const rows = await tx.lockOrders(orders.map(({ key }) => ({ key, transactionId: null })))
          await tx.credit(
            rows.map(({ order }) => ({
              ...{ order, transfer: transferOf(order), source: 'compensation' as const },
              event: newEvent({ tradeState: 'SUCCESS', decision: 'pay' }),
            })),
          )
        }),
      )
      expect(typesOf(events)).toEqual(orders.map(() => 'order.paid'))
      const numbers = events.map(({ data }) => data.order_no).sort()
      expect(numbers).toEqual(orders.map(({ orderNo }) => orderNo).sort())
    })

    it('are none for what was rolled back, and none for answers that changed nothing', async () => {
      const { orderNo } = await place(store)
      const events = await publishedBy(async () => {
        const cancelled = locked(orderNo, async (tx, order) => {
          await creditOne(tx, order, {
            ...{ transfer: transferOf(order), source: 'check', event: newEvent() },
          })
          throw new Error('The embedder refuses')
        })
        await expect(cancelled).rejects.toThrow('The embedder refuses')
        await store.appendEvent(keyOf(orderNo), newEvent({ evidence: { 'a\0': '\ud800' } }))
        await store.appendEvent(keyOf(orderNo), newEvent({ kind: 'closing', decision: null }))
        await store.appendEvent(
          keyOf(orderNo),
          newEvent({ kind: 'prepaid', source: 'api', decision: null }),
        )
      })
      expect(events).toEqual([])
    })

    it('are order.expired, and order.paid for a later payment', async () => {
      const { orderNo } = await place(store)
      const events = await publishedBy(async () => {
        await expire(orderNo)
        await credit(store, orderNo)
      })
      expect(events.map(({ type }) => type)).toEqual(['order.expired', 'order.paid'])
      expect(events[0]?.data).toEqual({
        ...{ order_no: orderNo, user_id: 'u1', amount: 1234, currency: 'CNY' },
        ...{ reason_code: 'trade_closed', reason: 'its trade is closed' },
      })
    })

    it('are order.review_opened and, with the credit out of it, order.review_closed and order.paid', async () => {
      const { orderNo } = await place(store)
      const opened = await publishedBy(() => review(orderNo))
      expect(typesOf(opened)).toEqual(['order.review_opened'])
      expect(opened[0]?.data).toMatchObject({ order_no: orderNo, reason_code: 'refund_started' })
      const closed = await publishedBy(() => creditFromReview(orderNo))
      expect(typesOf(closed)).toEqual(['order.paid', 'order.review_closed'])
      const end = closed.find(({ type }) => type === 'order.review_closed')
      expect(end?.data).toEqual({
        ...{ order_no: orderNo, user_id: 'u1', amount: 1234, currency: 'CNY' },
        ...{ outcome: 'credited', closed_by: 'Li', reason: 'seen the bill' },
      })
    })

    it('are order.expired and order.review_closed for a review that ends so', async () => {
      const { orderNo } = await place(store)
      await review(orderNo)
      const events = await publishedBy(() => expire(orderNo, word({ decision: 'expire' })))
      expect(typesOf(events)).toEqual(['order.expired', 'order.review_closed'])
    })

    it('are one closed for each opened, where a review is dismissed and reopened', async () => {
      const { orderNo } = await place(store)
      const steps = [review, dismiss, reopen, dismiss, creditFromReview]
      const seen: (readonly string[])[] = []
      for (const step of steps) seen.push(typesOf(await publishedBy(() => step(orderNo))))
      expect(seen).toEqual([
        ...[['order.review_opened'], ['order.review_closed'], ['order.review_opened']],
        // The credit out of a dismissed one closes nothing.
        ...[['order.review_closed'], ['order.paid']],
      ])
    })

    it('are order.refunded for each notice, and for the first answer that says so', async () => {
      const { orderNo } = await placePaid(store)
      const notice = (refunded: string | null) =>
        store.appendEvent(
          keyOf(orderNo),
          newEvent({
            ...{ kind: 'refund_noticed', source: 'callback', decision: null, tradeState: null },
            evidence: { refund_key: 'k\0\ud800' },
            reason: {
              ...{ code: 'refund_notice', state: 'succeeded', reported: 'SUCCESS', refunded },
              ...{ total: '1234', otherTransactionId: null },
            },
          }),
        )
      const seen = () =>
        store.appendEvent(
          keyOf(orderNo),
          newEvent({ decision: 'keep', reason: { code: 'refund_started_after_credit' } }),
        )
      const answered = await publishedBy(async () => {
        await seen()
        await seen()
      })
      expect(answered.map(({ type, data }) => [type, data.refunded])).toEqual([
        ['order.refunded', null],
      ])
      const noticed = await publishedBy(async () => {
        await notice('200')
        await notice(null)
        await seen()
      })
      expect(noticed.map(({ data }) => data.refunded)).toEqual([200, null])
      expect(noticed[0]?.data).toEqual({
        ...{ order_no: orderNo, user_id: 'u1', amount: 1234, currency: 'CNY', status: 'paid' },
        transaction_id: `4200${orderNo}`,
        ...{ refund_state: 'succeeded', refunded: 200, paid: 1234 },
      })
    })

    it('have the number of an order whose key is another', async () => {
      const first = await place(store)
      const other = await place(store, { orderNo: first.orderNo, mchid: '1900000002' })
      const events = await publishedBy(() => creditByKey(store, other.key))
      expect(other.key).not.toBe(other.orderNo)
      expect(events).toMatchObject([
        { mchid: '1900000002', data: { order_no: first.orderNo, user_id: 'u1' } },
      ])
    })
  })

  describe('positions', () => {
    let subject: Subject
    let store: Store
    let nowMs = Date.now()
    beforeEach(async () => {
      nowMs = Date.now()
      subject = await make({ clock: () => new Date(nowMs) })
      store = subject.store
    })

    it('positionEvents() gives each event one position, without a gap', async () => {
      for (let n = 0; n < 5; n += 1) await placePaid(store)
      expect(await store.positionEvents({ limit: 3 })).toEqual({ count: 3, last: 3n })
      expect(await store.positionEvents({ limit: 3 })).toEqual({ count: 2, last: 5n })
      expect(await store.positionEvents({ limit: 3 })).toEqual({ count: 0, last: 5n })
      const { events } = await readToEnd(store, null, 2)
      expect(events.map(({ position }) => position)).toEqual([1n, 2n, 3n, 4n, 5n])
      expect(new Set(events.map(({ id }) => id)).size).toBe(5)
      expect(await run(subject, 'select from published_events_new')).toEqual([])
    })

    it('readEvents() goes on where a page ended, and filters by type', async () => {
      const start = await store.readEvents({ after: null, types: null, limit: 10 })
      expect(start).toMatchObject({ events: [], more: false })
      const paid = await placePaid(store)
      const expired = await place(store)
      await store.transaction((tx) =>
        tx.changeStatus(expired, { status: 'expired', event: newEvent() }),
      )
      await positionAll(store)
      const one = await store.readEvents({ after: start.nextCursor, types: null, limit: 1 })
      expect(one).toMatchObject({ events: [{ type: 'order.paid' }], more: true })
      expect(one.events[0]?.data.order_no).toBe(paid.orderNo)
      const types = ['order.paid'] as const
      const none = await store.readEvents({ after: one.nextCursor, types, limit: 1 })
      expect(none).toMatchObject({ events: [], more: false })
      // What the filter passed over is not looked at again.
      const end = await store.readEvents({ after: none.nextCursor, types: null, limit: 1 })
      expect(end).toMatchObject({ events: [], nextCursor: none.nextCursor })
      const { events } = await readToEnd(store, one.events[0]?.cursor)
      expect(events.map(({ type }) => type)).toEqual(['order.expired'])
    })

    it('readEvents() of a rare type looks at a part at once, and says that there are more', async () => {
      await placePaid(store)
      await run(
        subject,
        `insert into published_events_new (type, at, gateway, mchid, data)
         select 'order.expired', now(), 'g', 'm', '{}' from generate_series(1, 6000)`,
      )
      await placePaid(store)
      while ((await store.positionEvents({ limit: 3000 })).count > 0);
      const types = ['order.paid'] as const
      const first = await store.readEvents({ after: null, types, limit: 10 })
      expect(first).toMatchObject({ events: [{ position: 1n }], more: true })
      const next = await store.readEvents({ after: first.nextCursor, types, limit: 10 })
      expect(next).toMatchObject({ events: [{ position: 6002n }], more: false })
    })

    it('readEvents() refuses what is no cursor', async () => {
      for (const after of ['', 'x', '‮', 'WyJydW5zIixudWxsLCIxIl0', 'W10']) {
        const reading = store.readEvents({ after, types: null, limit: 1 })
        await expect(reading).rejects.toThrow(CursorError)
        await expect(reading).rejects.toThrow('it is not one of the events')
      }
    })

    it('readEvents() refuses the cursor of another database, and of a time that was lost', async () => {
      for (let n = 0; n < 3; n += 1) await placePaid(store)
      await positionAll(store)
      const { events, cursor } = await readToEnd(store)
      const reading = (after: string | undefined) =>
        store.readEvents({ after: after ?? '', types: null, limit: 9 })
      // As if restored to the moment of the first, and gone on with something else.
      await run(subject, 'delete from published_events where position > 1')
      await run(subject, 'update published_head set last = 1')
      expect(await reading(events[0]?.cursor)).toMatchObject({ events: [], more: false })
      await expect(reading(cursor)).rejects.toThrow(CursorGoneError)
      for (let n = 0; n < 3; n += 1) await placePaid(store)
      await positionAll(store)
      await expect(reading(cursor)).rejects.toThrow('was restored to a time before it')
      expect((await reading(events[0]?.cursor)).events).toHaveLength(3)
      await run(subject, 'update published_head set database_id = gen_random_uuid()')
      await expect(reading(events[0]?.cursor)).rejects.toThrow('it is of another database')
      await expect(reading(events[0]?.cursor)).rejects.toThrow(CursorGoneError)
    })

    it('pruneEvents() removes the oldest in portions, never the newest, and says so to who is behind', async () => {
      const start = (await store.readEvents({ after: null, types: null, limit: 1 })).nextCursor
      for (let n = 0; n < 5; n += 1) await placePaid(store)
      await positionAll(store)
      const { events } = await readToEnd(store)
      nowMs += 30 * dayMs
      await placePaid(store)
      await positionAll(store)
      const old = { olderThanMs: 10 * dayMs, limit: 3 }
      expect(await store.pruneEvents(old)).toBe(3)
      const reading = (after: string | undefined | null) =>
        store.readEvents({ after: after ?? null, types: null, limit: 9 })
      for (const gone of [start, events[0]?.cursor, events[2]?.cursor]) {
        await expect(reading(gone)).rejects.toThrow(CursorGoneError)
        await expect(reading(gone)).rejects.toThrow('are not kept any more')
      }
      expect((await reading(events[3]?.cursor)).events).toHaveLength(2)
      expect((await reading(null)).events).toHaveLength(3)
      expect(await store.pruneEvents(old)).toBe(2)
      expect(await store.pruneEvents(old)).toBe(0)
      nowMs += 300 * dayMs
      expect(await store.pruneEvents(old)).toBe(0)
      const { cursor, events: left } = await readToEnd(store)
      expect(left.map(({ position }) => position)).toEqual([6n])
      expect(await reading(cursor)).toMatchObject({ events: [] })
      await placePaid(store)
      await positionAll(store)
      expect((await reading(cursor)).events).toMatchObject([{ position: 7n }])
    })
  })

  it('published events of a node of the version before are written by the same trigger', async () => {
    const subject = await make()
    const { orderNo } = await place(subject.store)
    // As `decide` of any version has it written, without any column that came later.
    await sql`
      with changed as (
        update orders set status = 'expired', state_seq = 2 where order_no = ${orderNo} returning *
      )
      insert into order_events (
        order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, alarm
      )
      select order_no, statement_timestamp(), 'answered', 'check', 'expired', 2, 'CLOSED', 'expire',
        'its trade is closed', false
      from changed`.execute(subject.database.db)
    await positionAll(subject.store)
    const { events } = await readToEnd(subject.store)
    expect(events).toMatchObject([
      { type: 'order.expired', data: { order_no: orderNo, reason_code: null } },
    ])
  })
}
