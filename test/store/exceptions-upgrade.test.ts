import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { placeAsBefore } from '../support/version-before.ts'

const opened: Store[] = []

/** A database of the version before, what `work` does there, and the migrated store on it. */
async function upgraded(work: (database: Database) => Promise<void>) {
  const database = await openDatabase(await emptyPostgresUrl())
  const before = Object.entries(migrations).filter(([name]) => name < '018')
  await storeOn(database, { migrations: Object.fromEntries(before) }).migrate()
  await work(database)
  const store = storeOn(database)
  opened.push(store)
  return { store, database }
}

/** As a node of the version before writes it. */
async function reviewAsBefore({ db }: Database, orderNo: string): Promise<void> {
  await sql`
    with o as (
      update orders set status = 'review', state_seq = state_seq + 1
      where order_no = ${orderNo} returning *
    )
    insert into order_events (order_no, at, kind, source, to_status, state_seq, decision, reason,
      reason_code, reason_params, alarm, evidence)
    select order_no, now(), 'answered', 'check', 'review', state_seq, 'review',
      'paid, but not as ordered', 'not_as_ordered',
      '{"difference":{"fact":"amount","theirs":"99","ours":"1234","currency":"CNY"}}', true,
      '{"trade":{"transaction_id":"4200-1"}}'
    from o`.execute(db)
}

async function dismissAsBefore({ db }: Database, orderNo: string): Promise<void> {
  await sql`
    with o as (
      update orders set dismissed_at = date_trunc('second', now()) where order_no = ${orderNo}
      returning *
    )
    insert into order_events (order_no, at, kind, source, decision, reason, alarm, operator)
    select order_no, dismissed_at, 'dismissed', 'operator', 'keep', 'paid back', false, 'Li'
    from o`.execute(db)
}

async function reopenAsBefore({ db }: Database, orderNo: string): Promise<void> {
  await sql`
    with o as (
      update orders set dismissed_at = null where order_no = ${orderNo} returning *
    )
    insert into order_events (order_no, at, kind, source, decision, reason, reason_code, alarm)
    select order_no, now(), 'answered', 'callback', 'review', 'again', 'dismissed_new_payment', true
    from o`.execute(db)
}

async function briefly(store: Store) {
  const { items } = await store.listExceptions({ limit: 200, cursor: null })
  return items
    .toReversed()
    .map(({ orderNo, kind, amountAtStake, transactionId, closing }) =>
      [orderNo, kind, amountAtStake, transactionId ?? '-', closing?.by ?? 'open'].join(' '),
    )
}

describe('a database of the version before', () => {
  afterAll(() => Promise.all(opened.map((store) => store.close())))

  it('has an exception for each review that is open at the upgrade, in their order, once', async () => {
    const { store, database } = await upgraded(async (before) => {
      for (const orderNo of ['REVIEW-1', 'REVIEW-2', 'DISMISSED-1', 'BACK-1', 'PENDING-1']) {
        await placeAsBefore(before.db, { orderNo })
      }
      for (const orderNo of ['DISMISSED-1', 'BACK-1', 'REVIEW-2', 'REVIEW-1']) {
        await reviewAsBefore(before, orderNo)
      }
      await dismissAsBefore(before, 'DISMISSED-1')
      await dismissAsBefore(before, 'BACK-1')
      await reopenAsBefore(before, 'BACK-1')
    })
    await store.migrate()
    expect(await briefly(store)).toEqual([
      'REVIEW-2 review 99 4200-1 open',
      'REVIEW-1 review 99 4200-1 open',
      'BACK-1 review 1234 - open',
    ])
    await store.migrate({ breaking: true })
    await reopenAsBefore(database, 'DISMISSED-1')
    expect((await briefly(store)).at(-1)).toBe('DISMISSED-1 review 1234 - open')
  })

  it('has those of reviews that its nodes open and close while both versions run', async () => {
    const { store, database } = await upgraded(({ db }) =>
      placeAsBefore(db, { orderNo: 'BESIDE-1' }),
    )
    await store.migrate()
    await reviewAsBefore(database, 'BESIDE-1')
    expect(await briefly(store)).toEqual(['BESIDE-1 review 99 4200-1 open'])
    await dismissAsBefore(database, 'BESIDE-1')
    expect(await briefly(store)).toEqual(['BESIDE-1 review 99 4200-1 Li'])
    await reopenAsBefore(database, 'BESIDE-1')
    expect(await briefly(store)).toEqual([
      'BESIDE-1 review 99 4200-1 Li',
      'BESIDE-1 review 1234 - open',
    ])
  })

  it('misses no review that is opened while it is migrated', async () => {
    const count = 20
    const { store, database } = await upgraded(async ({ db }) => {
      for (let nth = 0; nth < count; nth += 1) await placeAsBefore(db, { orderNo: `RACE-${nth}` })
    })
    const reviews = Array.from({ length: count }, (_, nth) =>
      reviewAsBefore(database, `RACE-${nth}`),
    )
    await Promise.all([store.migrate(), ...reviews])
    expect(await store.openExceptions()).toEqual({ review: { count, amount: BigInt(99 * count) } })
  })
})
