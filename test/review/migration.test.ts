import { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { migrations } from '../../src/store/migrations/index.ts'
import { openDatabase } from '../../src/store/open.ts'
import { migrateToLatest } from '../../src/store/schema/migrate.ts'
import { emptyPostgresUrl } from '../support/stores.ts'

/** 005_reviews on a database that has orders, beside a budan that knows only what was before. */

let database: Database
beforeAll(async () => {
  database = await openDatabase(await emptyPostgresUrl(), {})
  await migrateToLatest(database.patientDb, migrationsBefore('005'))
})
afterAll(() => database.close())

function migrationsBefore(number: string) {
  return Object.fromEntries(Object.entries(migrations).filter(([name]) => name < number))
}

async function run(statement: string): Promise<readonly Record<string, unknown>[]> {
  const compiled = CompiledQuery.raw(statement, [])
  return (await database.db.executeQuery<Record<string, unknown>>(compiled)).rows
}

/** As the budan of before writes them. */
const oldNode = {
  place: (orderNo: string) => `
    with o as (
      insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
        adopted, status, state_seq, created_at, expires_at, next_check_at)
      values ('${orderNo}', 'u1', 1, 'CNY', '', 'g', 'm', 'a', false, 'pending', 1, now(), now(), now())
      returning *
    )
    insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
    select order_no, now(), 'created', 'api', 'pending', 1, false from o`,
  turn: (orderNo: string, status: 'review' | 'expired') => `
    with o as (
      update orders set status = '${status}', state_seq = state_seq + 1
      where order_no = '${orderNo}' returning *
    )
    insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
    select order_no, now(), 'answered', 'check', '${status}', state_seq, false from o`,
  note: (orderNo: string) => `
    insert into order_events (order_no, at, kind, source, decision, alarm)
    values ('${orderNo}', now(), 'answered', 'callback', 'keep', false)`,
}

const files = () =>
  run(`select relname, relfilenode from pg_class
    where relkind in ('r', 'i') and relname ~ '^(orders|order_events)' order by relname`)

describe('the migration 005_reviews', () => {
  it('rewrites no table and builds no index', async () => {
    await run(oldNode.place('before'))
    await run(oldNode.turn('before', 'review'))
    const filesBefore = await files()
    await migrateToLatest(database.patientDb, migrationsBefore('006'))
    const after = await files()
    expect(after).toEqual(expect.arrayContaining([...filesBefore]))
    expect(after).toHaveLength(filesBefore.length)
  })

  it('checks no row of before, and all of afterwards', async () => {
    const checks = await run(`select conname, convalidated from pg_constraint
      where conname in ('orders_dismissed_in_review', 'order_events_operator_named')`)
    expect(checks.map(({ convalidated }) => convalidated)).toEqual([false, false])
    await expect(run(`update orders set dismissed_payment = 'x'`)).rejects.toMatchObject({
      code: '23514',
    })
  })

  it('lets a budan of before go on, but not take orders out of review', async () => {
    await run(oldNode.note('before'))
    await run(oldNode.place('after'))
    await run(oldNode.turn('after', 'expired'))
    await run(oldNode.turn('after', 'review'))
    await expect(run(oldNode.turn('before', 'expired'))).rejects.toThrow(/by an operator only/)
  })
})
