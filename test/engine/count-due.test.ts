import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { countStatement } from '../../src/store/sql/claims/claim.ts'
import { merchant, place, run, type Subject } from '../contract/store-fixtures.ts'
import { freshDatabase } from '../support/stores.ts'

const due = { merchant, thresholdMs: 300_000 }

describe.each(['pglite', 'postgres'] as const)('countDue() on %s', (kind) => {
  it('counts what claimDue() would find, up to the given maximum', async () => {
    const { store } = await freshDatabase(kind)
    const hour = 3_600_000
    for (let n = 0; n < 5; n += 1) await place(store, { createdAt: new Date(Date.now() - hour) })
    await place(store, { createdAt: new Date() })
    await place(store, { createdAt: new Date(Date.now() - hour), appid: 'wx0000000000000002' })
    expect(await store.countDue({ ...due, countMax: 100 })).toBe(5)
    expect(await store.countDue({ ...due, countMax: 3 })).toBe(3)
    const claimed = await store.claimDue({ ...due, limit: 100, leaseMs: 60_000 })
    expect(claimed).toHaveLength(5)
    expect(await store.countDue({ ...due, countMax: 100 })).toBe(0)
  })
})

it('countDue() reads the index alone, from its start, also where most of the table is due', async () => {
  const subject = await freshDatabase('postgres')
  // In portions, each of which ends within a statement's time limit on a busy machine too.
  for (const from of [1, 5_001, 10_001, 15_001]) {
    await fillWithOrders(subject, { from, to: from + 4_999 })
  }
  await run(subject, 'vacuum analyze orders')
  for (const countMax of [1000, 1_000_000]) {
    const statement = countStatement({ now: () => sql`now()` }, { ...due, countMax })
    const { Plan: plan } = await planOf(subject, statement)
    // All orders are of the first standing. Of the others the planner may sort the one row that it expects.
    const [ofAll = ''] = plan.Plans.map((each) => JSON.stringify(each))
    expect(ofAll).toContain('"Node Type":"Index Only Scan"')
    expect(ofAll).toContain('"Index Name":"orders_claims"')
    expect(ofAll).not.toContain('Sort')
    expect(JSON.stringify(plan)).not.toContain('Seq Scan')
  }
})

interface Planned {
  readonly Plan: { readonly Plans: readonly object[] }
}

async function planOf({ database }: Subject, statement: ReturnType<typeof countStatement>) {
  const { rows } = await sql<{ 'QUERY PLAN': readonly [Planned] }>`
    explain (format json) ${statement}`.execute(database.db)
  const [row] = rows
  if (row === undefined) throw new Error('No plan')
  return row['QUERY PLAN'][0]
}

/** Half of them due. */
async function fillWithOrders(
  subject: Subject,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const { gateway, mchid, appid } = merchant
  await run(
    subject,
    `with o as (
       insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
         adopted, status, state_seq, created_at, expires_at, next_check_at)
       select 'bulk' || n, 'u' || n % 100, 100, 'CNY', '', $2, $3, $4, false, 'pending', 1,
         at, at, at + (n % 2) * interval '1 year'
       from generate_series($1::int, $5::int) n, lateral (select now() - n * interval '1 second' as at) t
       returning order_no, created_at
     )
     insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     select order_no, created_at, 'created', 'api', 'pending', 1, false from o`,
    [from, gateway, mchid, appid, to],
  )
}
