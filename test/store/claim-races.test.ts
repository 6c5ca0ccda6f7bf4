import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimStatement } from '../../src/store/claim.ts'
import type { Store } from '../../src/store/store.ts'
import { merchant, place, run, type Subject } from '../contract/store-fixtures.ts'
import { closeStores, freshDatabase } from '../support/stores.ts'

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
      await tx.lockOrder(held?.orderNo ?? '')
      const claimed = await store.claimDue(claim)
      expect(claimed).toHaveLength(2)
      expect(claimed.map(({ order }) => order.orderNo)).not.toContain(held?.orderNo)
    })
    expect(await store.claimDue(claim)).toHaveLength(1)
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

  it('claimDue() reads the index of due orders, not the table, and sorts none of it', async () => {
    await fillWithOrders(subject, 20_000)
    const plan = await planOf(subject, claimStatement({ now: () => sql`now()` }, claim))
    const due = plan.filter((node) => node.index === 'orders_due')
    expect(due).toHaveLength(1)
    expect(plan.map(({ type }) => type)).not.toContain('Seq Scan')
    // The claimed rows, as many as the limit, are sorted at the end; nothing below the claim is.
    expect(plan.filter(({ type }) => /Sort/.test(type))).toHaveLength(1)
    expect(Math.max(...plan.map(({ rows }) => rows))).toBeLessThanOrEqual(claim.limit)
  })
})

/** Pending, long due, with events, as fast as the database can. */
async function fillWithOrders(subject: Subject, count: number): Promise<void> {
  await run(
    subject,
    `with o as (
       insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
         adopted, status, state_seq, created_at, expires_at, next_check_at)
       select 'bulk' || n || clock_timestamp(), 'u' || n % 100, 100, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1,
         at, at, at
       from generate_series(1, $1::int) n, lateral (select now() - n * interval '1 second' as at) t
       returning order_no, created_at
     )
     insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     select order_no, created_at, 'created', 'api', 'pending', 1, false from o`,
    [count],
  )
  await run(subject, 'analyze orders')
}

interface PlanNode {
  readonly type: string
  readonly index: string | null
  readonly rows: number
  readonly passedOver: number
}

interface RawPlan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly RawPlan[]
}

/** Carried out, so that the rows are counted, not guessed. */
async function planOf(
  { database }: Subject,
  statement: ReturnType<typeof claimStatement>,
): Promise<readonly PlanNode[]> {
  const explain = sql<{ 'QUERY PLAN': [{ Plan: RawPlan }] }>`
    explain (analyze, format json) ${statement}`
  const { rows } = await explain.execute(database.db)
  const flat = (plan: RawPlan): readonly PlanNode[] => [
    {
      type: plan['Node Type'],
      index: plan['Index Name'] ?? null,
      rows: plan['Actual Rows'],
      passedOver: plan['Rows Removed by Filter'] ?? 0,
    },
    ...(plan.Plans ?? []).flatMap(flat),
  ]
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  return plan === undefined ? [] : flat(plan)
}
