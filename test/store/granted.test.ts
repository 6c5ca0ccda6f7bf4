import { afterAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { Tx } from '../../src/store/store.ts'
import { storeContract } from '../contract/store.contract.ts'
import { merchant, newEvent, place } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { grantedDatabase } from '../support/roles.ts'

storeContract('PostgreSQL, as a role that owns nothing', grantedDatabase)

/** What the contract leaves to other tests. `retention.test.ts` prunes as such a role. */
describe('a role that owns nothing', () => {
  afterAll(closeStores)

  it('has its share of the quota, and shows that it can write', async () => {
    const { store } = await grantedDatabase()
    const wanted = {
      quota: 'q',
      count: 2,
      stepMs: 50,
      burstMs: 0,
      horizonMs: 1000,
      waitMsMax: 1000,
    }
    expect((await store.rateLimiter.reserve(wanted)).count).toBe(2)
    expect((await store.rateLimiter.penalize('q', null)).first).toBe(true)
    expect(await store.writeFault()).toBeNull()
    expect(await store.vacuum({ everyMs: 1 })).toBe(false)
  })

  it('corrects an adopted order, expires it, and queries it again later', async () => {
    const clock = { ms: Date.now() }
    const { store } = await grantedDatabase({ clock: () => new Date(clock.ms) })
    const { orderNo } = await place(store, { adopted: true })
    const operator = { source: 'operator', operator: 'wang.li', reason: 'another user' } as const
    const change = (work: (tx: Tx, order: Order) => Promise<unknown>) =>
      store.transaction(async (tx) => {
        const locked = await tx.lockOrder(keyOf(orderNo))
        if (locked === null) throw new Error('It is not there')
        return work(tx, locked.order)
      })
    await change((tx, order) =>
      tx.correct(order, {
        correction: { ...order, userId: 'u2' },
        event: newEvent({ ...operator, kind: 'corrected' }),
      }),
    )
    const { items } = await store.listOrders({
      ...{ status: null, userId: 'u2', limit: 10, cursor: null },
    })
    expect(items).toHaveLength(1)
    await change(async (tx, order) => {
      const expired = await tx.changeStatus(order, { status: 'expired', event: newEvent() })
      await tx.addLateChecks(expired)
    })
    for (const days of [1, 7, 30]) {
      clock.ms += days * 86_400_000
      const late = await store.claimLate({ merchant, limit: 5, leaseMs: 1000 })
      expect(late.map(({ order }) => order.orderNo)).toEqual([orderNo])
      await change((tx, order) => tx.countLateCheck(order))
    }
    clock.ms += 365 * 86_400_000
    expect(await store.claimLate({ merchant, limit: 5, leaseMs: 1000 })).toEqual([])
  })
})
