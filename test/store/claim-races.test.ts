import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { merchant, place, run, type Subject } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { freshDatabase } from '../support/stores.ts'

const claim = { merchant, thresholdMs: 300_000, limit: 7, leaseMs: 60_000 }

describe('claims on PostgreSQL', () => {
  let subject: Subject
  let store: Store
  beforeAll(async () => {
    subject = await freshDatabase('postgres')
    store = subject.store
  })
  afterAll(closeStores)

  const agedOrders = async (count: number) => {
    await run(subject, `update orders set next_check_at = '9999-01-01'`)
    const createdAt = new Date(Date.now() - 3_600_000)
    for (let i = 0; i < count; i += 1) await place(store, { createdAt })
  }

  it('claimDue() never gives one order to two claimers', async () => {
    await agedOrders(200)
    const claimed: string[] = []
    const claimer = async () => {
      for (;;) {
        const orders = await store.claimDue(claim)
        if (orders.length === 0) return
        claimed.push(...orders.map(({ order }) => order.orderNo))
      }
    }
    await Promise.all(Array.from({ length: 8 }, claimer))
    expect(claimed).toHaveLength(200)
    expect(new Set(claimed).size).toBe(200)
  })

  it('claimDue() passes over an order that a settlement holds, and takes the rest', async () => {
    await agedOrders(3)
    const [held] = await store.peekDue(claim)
    await store.transaction(async (tx) => {
      await tx.lockOrder(keyOf(held?.orderNo ?? ''))
      const claimed = await store.claimDue(claim)
      expect(claimed).toHaveLength(2)
      expect(claimed.map(({ order }) => order.orderNo)).not.toContain(held?.orderNo)
    })
    expect(await store.claimDue(claim)).toHaveLength(1)
  })

  it('claimDue() takes what has come to lie before the last batch, where there is room for it', async () => {
    await agedOrders(8)
    expect(await store.claimDue(claim)).toHaveLength(7)
    const older = await place(store, { createdAt: new Date(Date.now() - 7_200_000) })
    const rest = await store.claimDue(claim)
    expect(rest).toHaveLength(2)
    expect(rest.map(({ order }) => order.orderNo)).toContain(older.orderNo)
  })

  it('claimDue() takes first what was given back', async () => {
    // Of twenty each share is a whole number: no place is drawn.
    const batch = { ...claim, limit: 20 }
    await agedOrders(60)
    const first = await store.claimDue(batch)
    expect(await store.claimDue(batch)).toHaveLength(20)
    await store.release(first)
    const numbers = (await store.claimDue(batch)).map(({ order }) => order.orderNo)
    expect(numbers).toEqual(first.map(({ order }) => order.orderNo))
  })

  it('claimDue() does not pass over an order whose timeline is being written', async () => {
    await agedOrders(1)
    const [order] = await store.peekDue(claim)
    await subject.database.db.transaction().execute(async (db) => {
      await sql`insert into order_events (order_no, at, kind, source, alarm)
        values (${order?.orderNo}, now(), 'answered', 'api', false)`.execute(db)
      expect(await store.claimDue(claim)).toHaveLength(1)
    })
  })
})
