import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { walks } from '../../src/store/sql/cursor.ts'
import { eventsStatement } from '../../src/store/sql/events.ts'
import { entriesStatement } from '../../src/store/sql/ledger/ledger.ts'
import { orderByTransaction } from '../../src/store/sql/ledger/order-ledger.ts'
import { corrupt, merchant, type Subject } from '../contract/store-fixtures.ts'
import { closeStores } from '../support/open-stores.ts'
import { keyOf } from '../support/order-key.ts'
import { freshDatabase } from '../support/stores.ts'

/** A page of the console answers as fast with a million orders as with a few: by indexes alone. */
describe('look-ups among many orders', () => {
  let subject: Subject
  beforeAll(async () => {
    subject = await freshDatabase('postgres')
    await fillWithPaid(subject, 20_000)
  })
  afterAll(closeStores)

  it('findOrderByTransaction() reads one transfer and one order', async () => {
    const { gateway } = merchant
    const nodes = await planOf(subject, orderByTransaction({ gateway, transactionId: 'T-777' }))
    expect(indexesOf(nodes)).toEqual(['orders_pkey', 'transfers_transaction'])
    expect(rowsRead(nodes)).toBeLessThanOrEqual(1)
  })

  it('latestOrderEvents() reads a page of one order’s events, and sorts none', async () => {
    const page = { key: keyOf('bulk-1'), from: '999999999999', limit: 50, walk: walks.newest }
    const nodes = await planOf(subject, eventsStatement(page))
    expect(indexesOf(nodes)).toEqual(['order_events_pkey'])
    expect(nodes.map(({ type }) => type)).not.toContain('Sort')
    expect(rowsRead(nodes)).toBeLessThanOrEqual(page.limit + 1)
  })

  it('latestEntries() reads one account’s entries, and of their transfers those of the page', async () => {
    const page = { userId: 'u7', from: '999999999999', limit: 50, walk: walks.newest }
    const nodes = await planOf(subject, entriesStatement(page))
    expect(indexesOf(nodes)).toEqual(['entries_by_account', 'transfers_pkey'])
    // The balance before the page is summed from the 200 entries of the account, and from no other's.
    expect(rowsRead(nodes)).toBeLessThanOrEqual(200)
  })
})

/** Paid, of 100 users, with two events each and one with thousands, as fast as the database can. */
async function fillWithPaid(subject: Subject, count: number): Promise<void> {
  const { gateway, mchid, appid } = merchant
  await corrupt(subject, [
    `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
       adopted, status, state_seq, created_at, expires_at, next_check_at, transaction_id,
       credited_at, credited_by)
     select 'bulk-' || n, 'u' || n % 100, 100, 'CNY', '', '${gateway}', '${mchid}', '${appid}',
       false, 'paid', 2, now(), now(), now(), 'T-' || n, now(), 'check'
     from generate_series(1, ${count}) n`,
    `insert into transfers (order_no, gateway, transaction_id, amount, currency, mchid, appid, created_at)
     select order_no, gateway, transaction_id, amount, currency, mchid, appid, credited_at from orders`,
    `insert into entries (order_no, leg, account, amount, currency, at)
     select order_no, leg, case leg when 1 then 'gateway' else 'user:' || user_id end,
       case leg when 1 then -amount else amount end, currency, credited_at
     from orders, generate_series(1, 2) leg`,
    `insert into order_events (order_no, at, kind, source, alarm)
     select order_no, now(), 'answered', 'check', false from orders, generate_series(1, 2)`,
    `insert into order_events (order_no, at, kind, source, alarm)
     select 'bulk-1', now(), 'answered', 'check', false from generate_series(1, 3000)`,
    'analyze',
  ])
}

interface RawPlan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly RawPlan[]
}

interface PlanNode {
  readonly type: string
  readonly index: string | null
  readonly rows: number
}

/** Carried out, so that the rows are counted, not guessed. */
async function planOf(
  { database }: Subject,
  statement: RawBuilder<unknown>,
): Promise<readonly PlanNode[]> {
  const explain = sql<{ 'QUERY PLAN': [{ Plan: RawPlan }] }>`
    explain (analyze, format json) ${statement}`
  const { rows } = await explain.execute(database.db)
  const flat = (plan: RawPlan): readonly PlanNode[] => [
    {
      type: plan['Node Type'],
      index: plan['Index Name'] ?? null,
      rows: (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'],
    },
    ...(plan.Plans ?? []).flatMap(flat),
  ]
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  return plan === undefined ? [] : flat(plan)
}

function indexesOf(nodes: readonly PlanNode[]): readonly (string | null)[] {
  expect(nodes.map(({ type }) => type)).not.toContain('Seq Scan')
  return [...new Set(nodes.map(({ index }) => index).filter((index) => index !== null))].sort()
}

function rowsRead(nodes: readonly PlanNode[]): number {
  return Math.max(...nodes.map(({ rows }) => rows))
}
