import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Source } from '../../src/domain/order-states.ts'
import type { Credited } from '../../src/store/store.ts'
import { creditOne } from '../support/credit-one.ts'
import { keyOf } from '../support/order-key.ts'
import {
  type MakeSubject,
  merchant,
  newEvent,
  place,
  type Subject,
  transferOf,
} from './store-fixtures.ts'

/** What charts of credits are made of. */
export function creditsContract(make: MakeSubject): void {
  describe('listCredits()', () => {
    const startMs = Date.UTC(2026, 0, 24, 7)
    const clock = { ms: startMs }
    let subject: Subject
    beforeAll(async () => {
      subject = await make({ clock: () => new Date(clock.ms) })
      await place(subject.store)
      await credited('callback', new Date(startMs - 2000))
      await credited('compensation', new Date(startMs - 300_000))
      await credited('check', null)
      await credited('callback', new Date(startMs), { mchid: '1900000002' })
    })
    afterAll(() => subject.store.close())

    const credited = async (source: Source, paidAt: Date | null, ours: { mchid?: string } = {}) => {
      const { store } = subject
      const order = await place(store, ours)
      clock.ms += 60_000
      await store.transaction(async (tx) => {
        await tx.lockOrder(keyOf(order.orderNo))
        const transfer = transferOf(order, { paidAt })
        const event = newEvent({ source, tradeState: 'SUCCESS', decision: 'pay' })
        await creditOne(tx, order, { transfer, source, event })
      })
    }
    const list = (beforeId: string | null, limit = 10) =>
      subject.store.listCredits({ merchants: [merchant], beforeId, limit })
    const facts = (credits: readonly Credited[]) =>
      credits.map(({ source, at, paidAt }) => [
        source,
        (+at - startMs) / 60_000,
        paidAt === null ? null : (+paidAt - startMs) / 1000,
      ])

    it('returns what credited, when, and when it was paid: the newest first, of this merchant alone', async () => {
      expect(facts(await list(null))).toEqual([
        ['check', 3, null],
        ['compensation', 2, -300],
        ['callback', 1, -2],
      ])
    })

    it('goes on where the page before ended', async () => {
      const first = await list(null, 2)
      expect(facts(first)).toHaveLength(2)
      const rest = await list(first.at(-1)?.id ?? null, 2)
      expect(facts(rest)).toEqual([['callback', 1, -2]])
      expect(await list(rest.at(-1)?.id ?? null, 2)).toEqual([])
    })
  })
}
