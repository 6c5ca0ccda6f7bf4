import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../src/domain/order.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, merchant, newEvent, place, transferOf } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'

const claim = { merchant, thresholdMs: 300_000, limit: 50, leaseMs: 60_000 }
const createdAt = new Date(Date.now() - 3_600_000)

describe('groups on PostgreSQL', () => {
  let store: Store
  beforeAll(async () => {
    store = await freshStore('postgres', { poolMax: 20 })
  })
  afterAll(closeStores)

  const requestsFor = (orders: readonly Order[]) =>
    orders.map(({ key }) => ({ key, transactionId: null }))

  it('lockOrders() passes over an order that a settlement holds, and locks the rest', async () => {
    const orders = [await place(store), await place(store), await place(store)]
    const held = orders[1]?.orderNo ?? ''
    await store.transaction(async (tx) => {
      await tx.lockOrder(keyOf(held))
      await store.transaction(async (other) => {
        const locked = await other.lockOrders(requestsFor(orders))
        expect(locked).toHaveLength(2)
        expect(locked.map(({ order }) => order.orderNo)).not.toContain(held)
        // What is locked stays so to the end of the transaction.
        const third = await store.transaction((tx3) => tx3.lockOrders(requestsFor(orders)))
        expect(third).toEqual([])
      })
    })
  })

  it('waitAsClaimed() passes over an order that a settlement holds, and writes the rest', async () => {
    const orders = [await place(store, { createdAt }), await place(store, { createdAt })]
    const claimed = await store.claimDue(claim)
    expect(claimed).toHaveLength(2)
    const held = orders[0]?.orderNo ?? ''
    const waits = claimed.map((each) => ({
      claimed: each,
      schedule: { ...each.order, nextCheckAt: new Date(Date.now() + 600_000) },
      event: newEvent(),
    }))
    await store.transaction(async (tx) => {
      await tx.lockOrder(keyOf(held))
      expect(await store.waitAsClaimed(waits)).toEqual(new Set([orders[1]?.key]))
    })
  })

  it('creditAll() and credit() race for the same orders, and each is credited once', async () => {
    const orders = await Promise.all(Array.from({ length: 30 }, () => place(store)))
    const together = async () =>
      store.transaction(async (tx) => {
        const locked = await tx.lockOrders(requestsFor(orders))
        const open = locked.filter(({ order }) => order.status === 'pending')
        const event = { tradeState: 'SUCCESS', decision: 'pay' } as const
        const credits = open.map(({ order }) => ({
          order,
          transfer: transferOf(order),
          source: 'compensation' as const,
          event: newEvent(event),
        }))
        return credits.length === 0 ? [] : tx.credit(credits)
      })
    const groups = Array.from({ length: 4 }, together)
    const alone = orders.map(({ orderNo }) => credit(store, orderNo))
    const [inGroups, byOne] = await Promise.all([Promise.all(groups), Promise.all(alone)])
    const credited = [...inGroups.flat(), ...byOne.flatMap((order) => order ?? [])]
    expect(credited).toHaveLength(30)
    expect(new Set(credited.map(({ orderNo }) => orderNo)).size).toBe(30)
    expect(Object.values(await store.audit())).toEqual([0, 0, 0, 0, 0, 0])
  })
})
