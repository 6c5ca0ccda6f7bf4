import { beforeAll, describe, expect, it } from 'vitest'
import { type Reason, sentenceOf } from '../../src/domain/reason.ts'
import { StoreError } from '../../src/store/errors.ts'
import { keyOf } from '../support/order-key.ts'
import { type MakeSubject, newEvent, place, readAll, type Subject } from './store-fixtures.ts'

export function eventsContract(make: MakeSubject): void {
  describe('events', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    it('listOrderEvents() returns the timeline oldest first, in pages', async () => {
      const { orderNo } = await place(subject.store)
      for (let i = 0; i < 6; i += 1) {
        await subject.store.appendEvent(keyOf(orderNo), newEvent({ reason: `answer ${i}` }))
      }
      const events = await readAll((cursor) =>
        subject.store.listOrderEvents(keyOf(orderNo), { limit: 2, cursor }),
      )
      const reasons = events.map(({ reason }) => reason)
      expect(reasons.slice(1)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `answer ${i}`))
      expect(events[0]).toMatchObject({ kind: 'created', toStatus: 'pending', stateSeq: 1 })
      const { id, at, ...rest } = events[1] ?? { id: '', at: null }
      expect(rest).toEqual({
        ...newEvent({ reason: 'answer 0' }),
        orderNo,
        codedReason: null,
        operator: null,
        actor: null,
        toStatus: null,
        stateSeq: null,
      })
      expect(id).toMatch(/^\d+$/)
      expect(at).toBeInstanceOf(Date)
    })

    it('appendEvent() keeps evidence that PostgreSQL could not hold as text or jsonb', async () => {
      const { orderNo } = await place(subject.store)
      const evidence = { 'a\0b': 'NUL \0', half: '\ud800', nested: [1, null, { 补: '单' }] }
      await subject.store.appendEvent(keyOf(orderNo), newEvent({ evidence, reason: 'said \0' }))
      const { items } = await subject.store.listOrderEvents(keyOf(orderNo), {
        limit: 9,
        cursor: null,
      })
      expect(items[1]).toMatchObject({ evidence, reason: 'said \ufffd' })
    })

    it('appendEvent() keeps a reason as its code, what its sentence names, and the sentence', async () => {
      const { orderNo } = await place(subject.store)
      const reasons: readonly Reason[] = [
        { code: 'not_paid_yet' },
        { code: 'absent_past_end', answers: 3 },
        {
          code: 'action_refused',
          action: 'credit',
          because: {
            code: 'not_as_ordered',
            difference: { fact: 'amount', theirs: '1', ours: '1233', currency: 'CNY' },
          },
        },
        { code: 'paid_contradicted', state: 'said \0\ud800' },
      ]
      for (const reason of reasons) {
        await subject.store.appendEvent(keyOf(orderNo), newEvent({ reason }))
      }
      const { items } = await subject.store.listOrderEvents(keyOf(orderNo), {
        limit: 9,
        cursor: null,
      })
      const stored = items.slice(1)
      expect(stored.slice(0, 3).map(({ codedReason }) => codedReason)).toEqual(reasons.slice(0, 3))
      expect(stored.slice(0, 3).map(({ reason }) => reason)).toEqual(
        reasons.slice(0, 3).map(sentenceOf),
      )
      expect(stored[3]?.codedReason).toEqual({
        code: 'paid_contradicted',
        state: 'said \ufffd\ufffd',
      })
    })

    it('appendEvent() fails for an order that is not here', async () => {
      await expect(subject.store.appendEvent(keyOf('nobody'), newEvent())).rejects.toThrow(
        /Cannot add an event to order "nobody"/,
      )
      await expect(subject.store.appendEvent(keyOf('nobody'), newEvent())).rejects.toThrow(
        StoreError,
      )
    })

    it('listOrderEvents() of an order that is not here is empty', async () => {
      for (const orderNo of ['nobody', '']) {
        const page = await subject.store.listOrderEvents(keyOf(orderNo), { limit: 9, cursor: null })
        expect(page).toEqual({ items: [], nextCursor: null })
      }
    })
  })
}
