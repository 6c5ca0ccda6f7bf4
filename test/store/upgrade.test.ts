import { sql } from 'kysely'
import { afterAll, describe, expect, it } from 'vitest'
import { eventReasonText } from '../../src/i18n/reasons.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { merchant, newEvent, newOrder, runOfMerchant } from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { claimAsBefore, placeAsBefore, recordRunAsBefore } from '../support/version-before.ts'

/** A database of the version before, and the migrated store on it. */
async function upgraded(work: (database: Database) => Promise<void>): Promise<{
  store: Store
  database: Database
}> {
  const database = await openDatabase(await emptyPostgresUrl())
  const before = Object.entries(migrations).filter(([name]) => name < '011')
  await storeOn(database, { migrations: Object.fromEntries(before) }).migrate()
  await work(database)
  const store = storeOn(database)
  opened.push(store)
  await store.migrate()
  return { store, database }
}

const opened: Store[] = []
const claim = { merchant, thresholdMs: 300_000, limit: 50, leaseMs: 60_000 }
const finishedRun = async (store: Store) => {
  const opened = await store.openRun({
    ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null },
  })
  if (opened.kind !== 'opened') throw new Error('The slot is taken')
  const reason = { reason: 'not paid yet', codedReason: { code: 'not_paid_yet' } } as const
  const result = {
    orderNo: 'AFTER001',
    merchant: null,
    tradeState: 'NOTPAY',
    ...reason,
    durationMs: 1,
  }
  const results = [{ ...result, outcome: 'waiting' as const }]
  await store.finishRun(opened.run.id, { status: 'finished', results })
  return opened.run.id
}
const hourAgo = () => new Date(Date.now() - 3_600_000)

describe('a database of the version before', () => {
  afterAll(() => Promise.all(opened.map((store) => store.close())))

  it('keeps its orders, its ends and its index of claims, and is claimed from by both versions', async () => {
    const { store, database } = await upgraded(async ({ db }) => {
      await placeAsBefore(db, { orderNo: 'BEFORE001', createdAt: hourAgo() })
      await placeAsBefore(db, { orderNo: 'BEFORE002', createdAt: hourAgo() })
    })
    expect(await store.findOrder(keyOf('BEFORE001'))).toMatchObject({
      ...{ standing: 'known', watchedUntil: null, codeExpiresAt: null },
      expiresAt: expect.any(Date),
    })
    const { rows } = await sql<{ name: string }>`
      select indexname as name from pg_indexes where indexname in ('orders_due', 'orders_claims')
    `.execute(database.db)
    expect(rows.map(({ name }) => name).sort()).toEqual(['orders_claims', 'orders_due'])
    const { rows: claimed } = await claimAsBefore().execute(database.db)
    expect(claimed).toHaveLength(2)
    await placeAsBefore(database.db, { orderNo: 'BEFORE003', createdAt: hourAgo() })
    const mine = await store.claimDue(claim)
    expect(mine.map(({ order }) => order.orderNo)).toEqual(['BEFORE003'])
  })

  it('distinguishes adopted orders that were never queried from those that the gateway did not know', async () => {
    const { store } = await upgraded(async ({ db }) => {
      for (const orderNo of ['ADOPTED001', 'ADOPTED002', 'ADOPTED003']) {
        await placeAsBefore(db, { orderNo, adopted: true, createdAt: hourAgo() })
      }
      await sql`update orders set checks = 1, absent_count = 1 where order_no = 'ADOPTED002'`.execute(
        db,
      )
      await sql`update orders set checks = 1 where order_no = 'ADOPTED003'`.execute(db)
    })
    const standings = ['ADOPTED001', 'ADOPTED002', 'ADOPTED003'].map(async (orderNo) => {
      return (await store.findOrder(keyOf(orderNo)))?.standing
    })
    expect(await Promise.all(standings)).toEqual(['new', 'unknown', 'known'])
  })

  it('has no order past its end, for a node of the version before, whose end nobody gave', async () => {
    const { store, database } = await upgraded(async () => {})
    const order = newOrder({
      ...{ adopted: true, createdAt: hourAgo() },
      end: { kind: 'unknown', watchMs: 1 },
    })
    await store.insertOrder(order, newEvent({ kind: 'adopted', source: 'api' }))
    expect(await store.findOrder(keyOf(order.orderNo))).toMatchObject({
      expiresAt: null,
      watchedUntil: expect.any(Date),
    })
    const { rows } = await claimAsBefore().execute(database.db)
    expect(rows).toEqual([{ order_no: order.orderNo, past_end: false }])
  })

  it('counts how late an adopted order is from its adoption, by whichever version it was adopted', async () => {
    const { store, database } = await upgraded(async ({ db }) => {
      await placeAsBefore(db, { orderNo: 'ADOPTED001', adopted: true, createdAt: hourAgo() })
      await placeAsBefore(db, { orderNo: 'BEFORE001', createdAt: hourAgo() })
    })
    await placeAsBefore(database.db, { orderNo: 'BESIDE001', adopted: true, createdAt: hourAgo() })
    const knownFor = async (orderNo: string) => {
      const order = await store.findOrder(keyOf(orderNo))
      return Date.now() - +(order?.knownAt ?? 0)
    }
    expect(await knownFor('ADOPTED001')).toBeLessThan(600_000)
    expect(await knownFor('BESIDE001')).toBeLessThan(600_000)
    expect(await knownFor('BEFORE001')).toBeGreaterThan(3_000_000)
    const { rows } = await sql<{ name: string; valid: boolean }>`
      select c.relname as name, i.indisvalid as valid
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relname in ('orders_unasked', 'orders_unasked_since', 'orders_waiting_since')
    `.execute(database.db)
    expect(rows.map(({ name }) => name).sort()).toEqual([
      ...['orders_unasked', 'orders_unasked_since', 'orders_waiting_since'],
    ])
    expect(rows.every(({ valid }) => valid)).toBe(true)
  })

  it('can read the timeline of an order with the notice of a refund, as an answer without a decision', async () => {
    const { store, database } = await upgraded(async ({ db }) => {
      await placeAsBefore(db, { orderNo: 'BEFORE001' })
    })
    await store.appendEvent(
      keyOf('BEFORE001'),
      newEvent({
        ...{ kind: 'refund_noticed', source: 'callback', tradeState: null, decision: null },
        ...{ evidence: { refund_key: 'k' }, runId: null },
      }),
    )
    const { rows } = await sql<{ kind: string; decision: string | null }>`
      select kind, decision from order_events where order_no = 'BEFORE001' order by id desc limit 1
    `.execute(database.db)
    // The kinds that the version before has in its answers; any other is an error there.
    expect(rows).toEqual([{ kind: 'answered', decision: null }])
    const page = await store.latestOrderEvents(keyOf('BEFORE001'), { limit: 1, cursor: null })
    expect(page.items[0]?.kind).toBe('refund_noticed')
  })

  it('shows reasons of before in today’s words and in both languages, and takes those of nodes of before', async () => {
    const recordAsBefore = async (db: Database['db'], reason: string) => {
      await sql`
        insert into order_events (order_no, at, kind, source, decision, reason, alarm)
        values ('BEFORE001', statement_timestamp(), 'answered', 'check', 'wait', ${reason}, false)
      `.execute(db)
    }
    const { store, database } = await upgraded(async ({ db }) => {
      await placeAsBefore(db, { orderNo: 'BEFORE001' })
      await recordAsBefore(db, 'not paid yet')
      await recordAsBefore(db, 'paid, but not as ordered: amount 1, ordered 1234')
      await recordAsBefore(db, 'said by nobody today')
    })
    await recordAsBefore(database.db, 'its trade is closed')
    await store.appendEvent(keyOf('BEFORE001'), newEvent({ reason: { code: 'absent' } }))
    const { items } = await store.listOrderEvents(keyOf('BEFORE001'), { limit: 9, cursor: null })
    const shown = items.slice(1)
    expect(shown.map(({ codedReason }) => codedReason?.code ?? null)).toEqual([
      ...[null, null, null, null, 'absent'],
    ])
    expect(shown.map((event) => eventReasonText(event, 'en'))).toEqual([
      'not paid yet',
      'paid, but not as ordered: amount ¥0.01, ordered ¥12.34',
      'said by nobody today',
      'its trade is closed',
      'the gateway knows no such order',
    ])
    expect(shown.map((event) => eventReasonText(event, 'zh'))).toEqual([
      '尚未支付',
      '已支付，但与订单不符：支付金额 ¥0.01，订单金额 ¥12.34',
      'said by nobody today',
      '交易已关闭',
      '支付渠道查无此单',
    ])
  })

  it('shows runs of nodes of before with their results, and keeps its own from them', async () => {
    const { store, database } = await upgraded(async () => {})
    const mine = await finishedRun(store)
    await recordRunAsBefore(database.db, { orderNos: ['BEFORE001', 'BEFORE002'] })
    const [before] = (await store.listRuns({ limit: 1, cursor: null })).items
    expect(await store.findRun(before?.id ?? '')).toMatchObject({
      run: { status: 'finished', total: 2, outcomes: { waiting: 2 } },
      results: [
        { orderNo: 'BEFORE001', tradeState: 'NOTPAY', outcome: 'waiting', reason: 'not paid yet' },
        { orderNo: 'BEFORE002', codedReason: null, durationMs: 12.5 },
      ],
    })
    expect((await store.findRun(mine))?.results).toMatchObject([{ orderNo: 'AFTER001' }])
    const { rows } = await sql`select from run_results where run_id = ${mine}`.execute(database.db)
    expect(rows).toEqual([])
  })

  it('gets its index of claims again where building it was cut short', async () => {
    const { store, database } = await upgraded(async ({ db }) => {
      await placeAsBefore(db, { orderNo: 'BEFORE001' })
    })
    await sql`delete from budan_migrations where name = '012_claims'`.execute(database.db)
    await sql`update pg_index set indisvalid = false where indexrelid = 'orders_claims'::regclass`.execute(
      database.db,
    )
    expect(await store.migrate()).toEqual(['012_claims'])
    const { rows } = await sql`
      select indisvalid from pg_index where indexrelid = 'orders_claims'::regclass`.execute(
      database.db,
    )
    expect(rows).toEqual([{ indisvalid: true }])
  })
})
