import { beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../../src/store/errors.ts'
import { type MakeSubject, newEvent, place, readAll, type Subject } from './store-fixtures.ts'

export function eventsContract(make: MakeSubject): void {
  describe('events', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })

    it('listOrderEvents() tells the timeline oldest first, in pages', async () => {
      const { orderNo } = await place(subject.store)
      for (let i = 0; i < 6; i += 1) {
        await subject.store.appendEvent(newEvent(orderNo, { reason: `answer ${i}` }))
      }
      const events = await readAll((cursor) =>
        subject.store.listOrderEvents(orderNo, { limit: 2, cursor }),
      )
      const told = events.map(({ reason }) => reason)
      expect(told.slice(1)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `answer ${i}`))
      expect(events[0]).toMatchObject({ kind: 'created', toStatus: 'pending', stateSeq: 1 })
      const { id, at, ...rest } = events[1] ?? { id: '', at: null }
      expect(rest).toEqual({
        ...newEvent(orderNo, { reason: 'answer 0' }),
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
      await subject.store.appendEvent(newEvent(orderNo, { evidence, reason: 'said \0' }))
      const { items } = await subject.store.listOrderEvents(orderNo, { limit: 9, cursor: null })
      expect(items[1]).toMatchObject({ evidence, reason: 'said \ufffd' })
    })

    it('appendEvent() fails for an order that is not here', async () => {
      await expect(subject.store.appendEvent(newEvent('nobody'))).rejects.toThrow(
        /Cannot add an event to order "nobody"/,
      )
      await expect(subject.store.appendEvent(newEvent('nobody'))).rejects.toThrow(StoreError)
    })

    it('listOrderEvents() of an order that is not here is empty', async () => {
      for (const orderNo of ['nobody', 'no\0body', '']) {
        const page = await subject.store.listOrderEvents(orderNo, { limit: 9, cursor: null })
        expect(page).toEqual({ items: [], nextCursor: null })
      }
    })
  })
}
