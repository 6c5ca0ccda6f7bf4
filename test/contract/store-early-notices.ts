import { describe, expect, it } from 'vitest'
import type { EarlyNotice, RefundNotice } from '../../src/domain/refund.ts'
import type { Store } from '../../src/store/store.ts'
import { type MakeSubject, merchant, place } from './store-fixtures.ts'

const { gateway, mchid } = merchant

function early(
  changes: Partial<RefundNotice> = {},
  of: Partial<Omit<EarlyNotice, 'notice'>> = {},
): EarlyNotice {
  const notice: RefundNotice = {
    ...{ orderNo: 'SOON-1', transactionId: '4200-1', refundId: '5030-1', key: 'k1' },
    ...{ state: 'succeeded', reported: 'SUCCESS', refunded: 300n, total: 1_234n },
    ...{ evidence: { refund_key: 'k1' }, ...changes },
  }
  return { ...{ gateway, mchid, node: 'n1' }, ...of, notice }
}

const named = { gateway, mchid, orderNo: 'SOON-1', transactionId: '4200-1' }

async function keep(store: Store, ...notices: readonly EarlyNotice[]): Promise<void> {
  for (const each of notices) await store.transaction((tx) => tx.keepNotice(each))
}

function kept(store: Store, payment = named): Promise<readonly EarlyNotice[]> {
  return store.transaction((tx) => tx.keptNotices(payment))
}

/** Notices of refunds whose order is not here. */
export function earlyNoticesContract(make: MakeSubject): void {
  describe('notices of refunds without an order', () => {
    it('are kept once each, as they came, until they are taken', async () => {
      const { store } = await make()
      const strange = early({
        ...{ key: 'k2', refundId: null, reported: 'x', state: 'unlisted', total: null },
        ...{ refunded: 99_999_999_999_999_999_999n, transactionId: null },
        evidence: { refund_key: 'k2', refund: { note: 'a\u0000b\ud800c' } },
      })
      const first = early()
      await Promise.all([keep(store, first), keep(store, first), keep(store, strange)])
      await keep(store, first, strange)
      const found = [...(await kept(store))].sort((a, b) => (a.notice.key < b.notice.key ? -1 : 1))
      expect(found).toEqual([first, strange])
      expect(await store.transaction((tx) => tx.takeNotices(named))).toHaveLength(2)
      expect(await kept(store)).toEqual([])
    })

    it('stay where the step that took them is rolled back', async () => {
      const { store } = await make()
      await keep(store, early())
      const failing = store.transaction(async (tx) => {
        expect(await tx.takeNotices(named)).toHaveLength(1)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await kept(store)).toEqual([early()])
    })

    it('are those of the number and the merchant, and of the payment where they name no number', async () => {
      const { store } = await make()
      const unnamed = early({ orderNo: null, key: 'k3' })
      await keep(
        store,
        ...[early(), unnamed, early({ orderNo: 'SOON-2', key: 'k4' })],
        early({ key: 'k5' }, { mchid: '1900000202' }),
        early({ orderNo: null, transactionId: null, key: 'k6' }),
      )
      const keysOf = async (payment: typeof named) =>
        (await kept(store, payment)).map(({ notice }) => notice.key)
      expect(await keysOf(named)).toEqual(['k1', 'k3'])
      expect(await keysOf({ ...named, transactionId: '4200-9' })).toEqual(['k1'])
      expect(await keysOf({ ...named, orderNo: 'SOON-9' })).toEqual(['k3'])
      expect(await keysOf({ ...named, orderNo: '\0\ud800' })).toEqual(['k3'])
      expect(await keysOf({ ...named, mchid: '1900000202' })).toEqual(['k5'])
    })

    it('concern the order that has the number, or the payment, from then on', async () => {
      const { store } = await make()
      const placed = await Promise.all(
        ['SOON-1', 'SOON-2', 'SOON-3'].map((orderNo) => place(store, { orderNo })),
      )
      const [one, two, three] = placed.map(({ key }) => key)
      if (one === undefined || two === undefined || three === undefined) throw new Error('None')
      const requests = [
        { key: one, transactionId: '4200-7' },
        { key: two, transactionId: '4200-8' },
        { key: three, transactionId: '4200-9' },
      ]
      const seen = () =>
        store.transaction(async (tx) => ({
          locked: (await tx.lockOrders(requests)).filter((each) => each.isConcerned).length,
          concerned: [...(await tx.concerned(requests))].sort(),
        }))
      expect(await seen()).toEqual({ locked: 0, concerned: [] })
      await keep(store, early(), early({ orderNo: null, transactionId: '4200-8', key: 'k2' }))
      await keep(store, early({ orderNo: 'SOON-3' }, { mchid: '1900000202' }))
      expect(await seen()).toEqual({ locked: 2, concerned: [one, two].sort() })
    })

    it('of one payment are held by one transaction at a time', async () => {
      const { store } = await make()
      const steps: string[] = []
      const hold = (name: string) =>
        store.transaction(async (tx) => {
          await tx.holdPayment({ gateway, mchid, transactionId: '4200-1' })
          steps.push(name)
          await tx.keptNotices(named)
          steps.push(name)
        })
      await Promise.all([hold('one'), hold('other')])
      expect(steps[0]).toBe(steps[1])
    })

    it('pruneNotices() removes the old ones, oldest first, a portion at a time', async () => {
      const at = { ms: Date.UTC(2026, 0, 24) }
      const { store } = await make({ clock: () => new Date(at.ms) })
      const keys = ['k1', 'k2', 'k3', 'k4']
      for (const key of keys) {
        await keep(store, early({ key }))
        at.ms += 1_000
      }
      const prune = () => store.pruneNotices({ olderThanMs: 2_000, limit: 2 })
      const left = async () => (await kept(store)).map(({ notice }) => notice.key)
      at.ms += 500
      expect([await prune(), await left()]).toEqual([2, ['k3', 'k4']])
      expect([await prune(), await left()]).toEqual([1, ['k4']])
      expect([await prune(), await left()]).toEqual([0, ['k4']])
    })
  })
}
