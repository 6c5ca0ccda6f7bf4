import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { countStatement } from '../../src/store/sql/claim.ts'
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
  await fillWithOrders(subject, 20_000)
  await run(subject, 'vacuum analyze orders')
  for (const countMax of [1000, 1_000_000]) {
    const statement = countStatement({ now: () => sql`now()` }, { ...due, countMax })
    const text = JSON.stringify(await planOf(subject, statement))
    expect(text).toContain('"Node Type":"Index Only Scan"')
    expect(text).toContain('"Index Name":"orders_claims"')
    expect(text).not.toContain('Sort')
    expect(text).not.toContain('Seq Scan')
  }
})

async function planOf({ database }: Subject, statement: ReturnType<typeof countStatement>) {
  const { rows } = await sql`explain (format json) ${statement}`.execute(database.db)
  return rows
}

/** Half of them due. */
async function fillWithOrders(subject: Subject, count: number): Promise<void> {
  const { gateway, mchid, appid } = merchant
  await run(
    subject,
    `with o as (
       insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
         adopted, status, state_seq, created_at, expires_at, next_check_at)
       select 'bulk' || n, 'u' || n % 100, 100, 'CNY', '', $2, $3, $4, false, 'pending', 1,
         at, at, at + (n % 2) * interval '1 year'
       from generate_series(1, $1::int) n, lateral (select now() - n * interval '1 second' as at) t
       returning order_no, created_at
     )
     insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
     select order_no, created_at, 'created', 'api', 'pending', 1, false from o`,
    [count, gateway, mchid, appid],
  )
}
