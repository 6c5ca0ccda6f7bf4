import { afterAll, describe, expect, it } from 'vitest'
import { verifyCredits } from '../../src/audit/verify.ts'
import { ProofKeys } from '../../src/proof/keys.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { findOrderOf } from '../../src/store/find-order.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import {
  credit,
  creditByKey,
  insertedOf,
  merchant,
  newEvent,
  newOrder,
  placePaid,
  runOfMerchant,
} from '../contract/store-fixtures.ts'
import { emptyPostgresUrl, testProofKeys } from '../support/stores.ts'
import { openRunAsBefore, placeAsBefore } from '../support/version-before.ts'

const second = { ...merchant, mchid: '1900000202', appid: 'wx0000000000000202' }
const breaking = '019_breaking_merchant_keys'
const additive = Object.keys(migrations).filter((name) => name >= '018' && name !== breaking)

/** A database in use that has the version before, and a store of this version on it. */
async function inUse(): Promise<{ store: Store; database: Database }> {
  const database = await openDatabase(await emptyPostgresUrl())
  const before = Object.entries(migrations).filter(([name]) => name < '018')
  await storeOn(database, { migrations: Object.fromEntries(before) }).migrate()
  await placeAsBefore(database.db, { orderNo: 'BEFORE-1' })
  const store = storeOn(database)
  opened.push(store)
  return { store, database }
}

const opened: Store[] = []
const created = newEvent({ kind: 'created' })
const hasBoth = async (store: Store, orderNo: string) => {
  for (const each of [merchant, second]) {
    expect(await findOrderOf(store, { orderNo, merchant: each })).toMatchObject({
      ...each,
      orderNo,
    })
  }
  expect(await store.findOrders(orderNo)).toHaveLength(2)
}

describe('the two steps of the schema towards keys by merchant', () => {
  afterAll(() => Promise.all(opened.map((store) => store.close())))

  it('takes the first by itself and the second by hand, on a database in use', async () => {
    const { store } = await inUse()
    expect(await store.schema()).toMatchObject({ pending: additive, held: [breaking] })
    expect(await store.migrate()).toEqual(additive)
    expect(await store.migrate()).toEqual([])
    expect(await store.schema()).toMatchObject({ pending: [], held: [breaking] })
    expect(await store.migrate({ breaking: true })).toEqual([breaking])
    expect(await store.schema()).toEqual({ pending: [], held: [], unknown: [], breaking: [] })
  })

  it('takes both on a new database, and refuses a program of before from then on', async () => {
    const database = await openDatabase(await emptyPostgresUrl())
    const store = storeOn(database)
    opened.push(store)
    expect(await store.migrate()).toContain(breaking)
    const before = Object.entries(migrations).filter(([name]) => name < '018')
    const old = storeOn(database, { migrations: Object.fromEntries(before) })
    await expect(old.migrate()).rejects.toThrow(breaking)
  })

  it.each([
    [['018_orders_by_merchant']],
    [['018_proofs']],
    [['018_orders_by_merchant', '018_proofs']],
  ])('adds %s where both steps were taken before it came', async (missing) => {
    const { database } = await inUse()
    const former = Object.entries(migrations).filter(([name]) => !missing.includes(name))
    const before = storeOn(database, { migrations: Object.fromEntries(former) })
    expect(await before.migrate({ breaking: true })).toContain(breaking)
    const store = storeOn(database, { proofKeys: testProofKeys })
    expect(await store.schema()).toMatchObject({ pending: missing, held: [] })
    expect(await store.migrate()).toEqual(missing)
    await store.migrate({ breaking: true })

    await placePaid(store)
    await credit(store, 'BEFORE-1')
    expect(await store.sealOld(null)).toMatchObject({ orders: 1, credits: 0 })
    const keys = new ProofKeys(testProofKeys)
    expect(await verifyCredits(store, { keys, readWords: () => null })).toMatchObject({
      ...{ credits: 2, unproven: 0, unverifiable: 0, unprovenOld: 0 },
    })
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })

  it('answers upgrade_pending in between for what another merchant has', async () => {
    const { store, database } = await inUse()
    await store.migrate()
    await placeAsBefore(database.db, { orderNo: 'BEFORE-2' })
    for (const orderNo of ['BEFORE-1', 'BEFORE-2']) {
      const insertion = await store.insertOrder(newOrder({ ...second, orderNo }), created)
      expect(insertion).toEqual({ kind: 'upgrade_pending' })
      const [adopted] = await store.insertOrders([
        { order: newOrder({ ...second, orderNo }), event: created },
      ])
      expect(adopted).toEqual({ kind: 'upgrade_pending' })
    }
    const withKey = newOrder({ idempotencyKey: 'shared' })
    insertedOf(await store.insertOrder(withKey, created))
    const other = newOrder({ ...second, idempotencyKey: 'shared' })
    expect(await store.insertOrder(other, created)).toEqual({ kind: 'upgrade_pending' })

    await store.migrate({ breaking: true })
    for (const orderNo of ['BEFORE-1', 'BEFORE-2']) {
      insertedOf(await store.insertOrder(newOrder({ ...second, orderNo }), created))
      await hasBoth(store, orderNo)
    }
    expect(insertedOf(await store.insertOrder(other, created))).toMatchObject(second)
  })

  it('keeps the keys of both merchants that had orders before', async () => {
    const { store } = await inUse()
    await store.migrate()
    const ofSecond = newOrder({ ...second, orderNo: 'SECOND-1' })
    const before = insertedOf(await store.insertOrder(ofSecond, created))
    await store.migrate({ breaking: true })

    const repeated = await store.insertOrder(ofSecond, created)
    expect(repeated).toEqual({ kind: 'exists', by: 'number', order: before })
    // The first merchant's order cannot have its number as its key: an order of before has it.
    const ofFirst = newOrder({ orderNo: 'SECOND-1' })
    const order = insertedOf(await store.insertOrder(ofFirst, created))
    await hasBoth(store, 'SECOND-1')
    const again = await store.insertOrder(ofFirst, created)
    expect(again).toEqual({ kind: 'exists', by: 'number', order })
    for (const { key } of [before, order]) {
      expect(await creditByKey(store, key)).toMatchObject({ status: 'paid', key })
    }
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })

  it('makes one run a slot beside a node of before, whose slots are of all merchants', async () => {
    const { store, database } = await inUse()
    await store.migrate()
    const run = { ...runOfMerchant, trigger: 'schedule', intervalMs: 3_600_000 } as const
    expect(await store.openRun(run)).toMatchObject({ kind: 'opened' })
    expect(await openRunAsBefore(database.db, run)).toBeNull()
    expect(await store.openRun({ ...run, merchants: [second] })).toMatchObject({ kind: 'taken' })
    await store.migrate({ breaking: true })
    expect(await store.openRun(run)).toMatchObject({ kind: 'taken' })
  })

  it('leaves a slot to the node of before that has it', async () => {
    const { store, database } = await inUse()
    await store.migrate()
    const run = { ...runOfMerchant, trigger: 'schedule', intervalMs: 3_600_000 } as const
    expect(await openRunAsBefore(database.db, run)).not.toBeNull()
    expect(await store.openRun(run)).toMatchObject({ kind: 'taken' })
  })

  it('makes each key by one rule, however many orders come while the second step is taken', async () => {
    const { store } = await inUse()
    await store.migrate()
    const going = { on: true }
    const numbers: string[] = []
    const placing = [merchant, second].map(async (each, nth) => {
      for (let count = 0; going.on; count += 1) {
        const orderNo = `LOAD-${nth}-${count}`
        insertedOf(await store.insertOrder(newOrder({ ...each, orderNo }), created))
        numbers.push(orderNo)
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    await store.migrate({ breaking: true })
    await new Promise((resolve) => setTimeout(resolve, 200))
    going.on = false
    await Promise.all(placing)
    for (const orderNo of numbers) {
      const [order, ...others] = await store.findOrders(orderNo)
      expect(others).toEqual([])
      const owner = orderNo.startsWith('LOAD-0') ? merchant : second
      expect(order).toMatchObject({ ...owner, orderNo })
      const other = owner === merchant ? second : merchant
      insertedOf(await store.insertOrder(newOrder({ ...other, orderNo }), created))
    }
    await hasBoth(store, numbers.at(-1) ?? '')
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })
})
