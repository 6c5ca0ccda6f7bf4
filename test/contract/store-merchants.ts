import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import { findOrder, findOrderOf, SeveralOrdersError } from '../../src/store/find-order.ts'
import type { OrderFilter } from '../../src/store/store.ts'
import {
  creditByKey,
  insertedOf,
  type MakeSubject,
  merchant,
  newEvent,
  newOrder,
  place,
  readAll,
  runOfMerchant,
  type Subject,
} from './store-fixtures.ts'

const second = { ...merchant, mchid: '1900000202', appid: 'wx0000000000000202' }
const third = { ...merchant, gateway: 'cowrie', appid: 'shells' }
const all = [merchant, second, third]

/** Merchants of one database are kept apart: what one has is in no other's way. */
export function merchantsContract(make: MakeSubject): void {
  describe('merchants', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
      // The first that a database gets has its order numbers as keys.
      await place(subject.store)
    })
    afterAll(() => subject.store.close())

    const placeForAll = async (orderNo: string): Promise<readonly Order[]> => {
      const placed: Order[] = []
      for (const each of all) {
        placed.push(await place(subject.store, { orderNo, ...each, userId: `of ${each.mchid}` }))
      }
      return placed
    }

    it('have lists of their own: of every state, of one, of a user, and of reviews', async () => {
      const { store } = subject
      const numbers = ['LIST-1', 'LIST-2', 'LIST-3', 'LIST-4', 'LIST-5']
      const placed: Order[] = []
      for (const orderNo of numbers) {
        placed.push(await place(store, { orderNo, ...second, userId: 'of lists' }))
        await place(store, { orderNo, ...third })
      }
      await creditByKey(store, (placed[3] as Order).key)
      for (const order of [placed[1], placed[4]] as Order[]) {
        const event = newEvent({ decision: 'review', reason: 'not as ordered' })
        await store.transaction(async (tx) => {
          const locked = await tx.lockOrder(order.key, { transactionId: null })
          return tx.changeStatus(locked?.order ?? order, { status: 'review', event })
        })
      }
      const any = { status: null, userId: null, limit: 2 }
      const read = async (filter: Partial<OrderFilter>) => {
        const list = { ...any, merchant: second, ...filter }
        const orders = await readAll((cursor) => store.listOrders({ ...list, cursor }))
        const whose = new Set(orders.map(({ gateway, mchid }) => `${gateway}/${mchid}`))
        expect([...whose]).toEqual(orders.length === 0 ? [] : ['wechatpay/1900000202'])
        return orders.map(({ orderNo }) => orderNo).filter((orderNo) => numbers.includes(orderNo))
      }
      const newestFirst = numbers.toReversed()
      expect(await read({})).toEqual(newestFirst)
      expect(await read({ userId: 'of lists' })).toEqual(newestFirst)
      expect(await read({ status: 'review' })).toEqual(['LIST-5', 'LIST-2'])
      expect(await read({ status: 'paid' })).toEqual(['LIST-4'])
      expect(await read({ merchant: { ...second, gateway: 'cowrie' } })).toEqual([])
      const reviewsOf = (of: typeof merchant) =>
        store.listReviews({ limit: 9, cursor: null, dismissed: false, merchant: of })
      const queue = (await reviewsOf(second)).items.map(({ order }) => order.orderNo)
      expect(queue).toEqual(['LIST-2', 'LIST-5'])
      expect((await reviewsOf(third)).items).toEqual([])
    })

    it('have waits of their own', async () => {
      const { store } = subject
      const waiting = { ...merchant, mchid: '1900000303' }
      const hourAgo = new Date(Date.now() - 3_600_000)
      await place(store, { orderNo: 'WAITS-1', ...waiting, createdAt: hourAgo })
      const none = { ...merchant, mchid: '1900000404' }
      const [, of, nothing] = await store.merchantWaits([merchant, waiting, none])
      expect(of).toEqual({
        oldestUnaskedMs: expect.any(Number),
        mostOverdueMs: expect.any(Number),
      })
      expect(nothing).toEqual({ oldestUnaskedMs: null, mostOverdueMs: null })
      const { oldestUnaskedMs } = await store.vitals([none])
      expect(oldestUnaskedMs).toBeNull()
    })

    it('have orders with equal numbers, each with its own timeline, credit and state', async () => {
      const { store } = subject
      const placed = await placeForAll('EQUAL-1')
      expect(new Set(placed.map(({ key }) => key)).size).toBe(all.length)
      expect(placed.map(({ orderNo }) => orderNo)).toEqual(all.map(() => 'EQUAL-1'))
      const [, order] = placed
      await creditByKey(store, (order as Order).key)
      await store.appendEvent((placed[2] as Order).key, newEvent({ reason: 'of the third' }))

      const found = await store.findOrders('EQUAL-1')
      expect(found.map(({ mchid, gateway, status }) => [gateway, mchid, status]).sort()).toEqual(
        [
          [merchant.gateway, merchant.mchid, 'pending'],
          [second.gateway, second.mchid, 'paid'],
          [third.gateway, third.mchid, 'pending'],
        ].sort(),
      )
      const counts = placed.map(async ({ key }) => {
        const { items } = await store.listOrderEvents(key, { limit: 9, cursor: null })
        expect(items.every(({ orderNo }) => orderNo === 'EQUAL-1')).toBe(true)
        return items.length
      })
      expect(await Promise.all(counts)).toEqual([1, 2, 2])
      const ledgers = placed.map(async ({ key }) => (await store.ledgerOf(key)).transfers.length)
      expect(await Promise.all(ledgers)).toEqual([0, 1, 0])
      const { items: entries } = await store.listEntries(`of ${second.mchid}`, {
        ...{ limit: 9, cursor: null },
      })
      expect(entries.map(({ orderNo }) => orderNo)).toEqual(['EQUAL-1'])
      expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
    })

    it('have to be named where a number is not unique', async () => {
      const { store } = subject
      await placeForAll('EQUAL-2')
      await expect(findOrder(store, { orderNo: 'EQUAL-2' })).rejects.toThrow(SeveralOrdersError)
      for (const each of all) {
        const found = await findOrder(store, { orderNo: 'EQUAL-2', merchant: each })
        expect(found).toMatchObject({ ...each, orderNo: 'EQUAL-2' })
      }
      const stranger = { ...merchant, mchid: '1900000999' }
      expect(await findOrderOf(store, { orderNo: 'EQUAL-2', merchant: stranger })).toBeNull()
      const only = await place(store, { ...second, orderNo: 'ONLY-OF-SECOND' })
      expect(await findOrder(store, { orderNo: 'ONLY-OF-SECOND' })).toEqual(only)
      for (const beginning of ['EQUAL', 'EQUAL-', 'EQUAL-2:', 'EQUAL-2:1']) {
        expect(await store.findOrders(beginning)).toEqual([])
      }
    })

    it('insertOrder() finds the order of the merchant, by its key and by its number', async () => {
      const { store } = subject
      const placed = await placeForAll('EQUAL-3')
      for (const [nth, each] of all.entries()) {
        const again = await store.insertOrder(
          newOrder({ ...each, orderNo: 'EQUAL-3' }),
          newEvent({ kind: 'adopted' }),
        )
        expect(again).toEqual({ kind: 'exists', by: 'number', order: placed[nth] })
      }
      const withKey = all.map((each) => newOrder({ ...each, idempotencyKey: 'key of all' }))
      const stored: Order[] = []
      for (const order of withKey) {
        stored.push(insertedOf(await store.insertOrder(order, newEvent({ kind: 'created' }))))
      }
      for (const [nth, each] of all.entries()) {
        const repeated = newOrder({ ...each, idempotencyKey: 'key of all' })
        expect(await store.insertOrder(repeated, newEvent({ kind: 'created' }))).toEqual({
          ...{ kind: 'exists', by: 'key', order: stored[nth] },
        })
      }
    })

    it('insertOrders() stores equal numbers of several merchants together', async () => {
      const { store } = subject
      const additions = [...all, ...all].map((each) => ({
        order: newOrder({ ...each, orderNo: 'EQUAL-4' }),
        event: newEvent({ kind: 'adopted' }),
      }))
      const insertions = await store.insertOrders(additions)
      expect(insertions.map(({ kind }) => kind)).toEqual([
        ...all.map(() => 'inserted'),
        ...all.map(() => 'exists'),
      ])
      const mchids = insertions.map((each) =>
        each.kind === 'upgrade_pending' ? null : [each.order.gateway, each.order.mchid],
      )
      expect(mchids).toEqual([...all, ...all].map(({ gateway, mchid }) => [gateway, mchid]))
    })

    it('are numbered once each, however many orders come first together', async () => {
      const fresh = await make()
      const mchids = Array.from({ length: 6 }, (_, nth) => `19000003${nth}`)
      await Promise.all(
        [...mchids, ...mchids, ...mchids].map((mchid, nth) =>
          place(fresh.store, { ...merchant, mchid, orderNo: `TOGETHER-${Math.floor(nth / 6)}` }),
        ),
      )
      for (const number of [0, 1, 2]) {
        const found = await fresh.store.findOrders(`TOGETHER-${number}`)
        expect(found.map(({ mchid }) => mchid).sort()).toEqual(mchids)
      }
      await fresh.store.close()
    })

    it('have a slot each: a run is for those that no other run had', async () => {
      const { store } = subject
      const run = { ...runOfMerchant, trigger: 'schedule', intervalMs: 3_600_000 } as const
      const opened = async (merchants: readonly (typeof merchant)[]) => {
        const made = await store.openRun({ ...run, merchants })
        return made.kind === 'taken' ? [] : made.merchants.map((each) => each.merchant)
      }
      expect(await opened([merchant, second])).toEqual([merchant, second])
      expect(await opened([second, third])).toEqual([third])
      expect(await opened(all)).toEqual([])
      const both = await Promise.all([opened(others), opened([...others].reverse())])
      expect(both.flat().sort(byMchid)).toEqual([...others].sort(byMchid))
    })

    it('openRun() says who has orders that are due', async () => {
      const { store } = subject
      const [due, idle] = [
        { ...merchant, mchid: '1900000411' },
        { ...merchant, mchid: '1900000412' },
      ]
      const hourAgo = new Date(Date.now() - 3_600_000)
      await place(store, { ...due, createdAt: hourAgo })
      await place(store, { ...idle })
      const made = await store.openRun({
        ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null },
        merchants: [idle, due],
      })
      expect(made.kind === 'opened' && made.merchants).toEqual([
        { merchant: idle, due: false, lateCheckDue: false },
        { merchant: due, due: true, lateCheckDue: false },
      ])
    })

    it('claimDue() takes a batch of each where several claim at once, and each order once', async () => {
      const { store } = subject
      const claimants = Array.from({ length: 12 }, (_, nth) => ({
        ...merchant,
        mchid: String(1_900_000_600 + nth),
      }))
      const placed = new Map<string, string[]>()
      for (const [nth, each] of claimants.entries()) {
        const numbers = Array.from({ length: nth }, (_, at) => `AT-ONCE-${at}`)
        for (const [at, orderNo] of numbers.entries()) {
          const createdAt = new Date(Date.now() - 3_600_000 + at * 1000)
          await place(store, { ...each, orderNo, createdAt })
        }
        placed.set(each.mchid, numbers)
      }
      const claim = { thresholdMs: 60_000, limit: 4, leaseMs: 3_600_000 }
      const claimed = new Map<string, string[]>(claimants.map(({ mchid }) => [mchid, []]))
      const claimRound = async (): Promise<number> => {
        // Twice each, as two nodes would: what one has the other does not get.
        const batches = await Promise.all(
          [...claimants, ...claimants].map(async (each) => {
            const batch = await store.claimDue({ ...claim, merchant: each })
            expect(batch.length).toBeLessThanOrEqual(claim.limit)
            expect(batch.every(({ order }) => order.mchid === each.mchid)).toBe(true)
            claimed.get(each.mchid)?.push(...batch.map(({ order }) => order.orderNo))
            return batch.length
          }),
        )
        return batches.reduce((sum, count) => sum + count, 0)
      }
      while ((await claimRound()) > 0);
      for (const [mchid, numbers] of placed)
        expect(claimed.get(mchid)?.sort()).toEqual(numbers.sort())
    })

    it('finishRun() of a run that never began gives back the slots of its merchants alone', async () => {
      const { store } = subject
      const [failing, well] = [
        { ...merchant, mchid: '1900000421' },
        { ...merchant, mchid: '1900000422' },
      ]
      const run = { ...runOfMerchant, trigger: 'schedule', intervalMs: 3_600_000 } as const
      const first = await store.openRun({ ...run, merchants: [failing] })
      const other = await store.openRun({ ...run, merchants: [well] })
      if (first.kind === 'taken' || other.kind === 'taken') throw new Error('A slot is taken')
      const end = { status: 'failed', results: [], merchants: [failing] } as const
      await store.finishRun(first.run.id, end)
      const again = await store.openRun({ ...run, merchants: [failing, well] })
      expect(again.kind === 'opened' && again.merchants.map((each) => each.merchant)).toEqual([
        failing,
      ])
    })
  })
}

const others = Array.from({ length: 5 }, (_, nth) => ({ ...merchant, mchid: `190000050${nth}` }))

function byMchid(one: { mchid: string }, other: { mchid: string }): number {
  return one.mchid.localeCompare(other.mchid)
}
