import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NewerSchemaError } from '../../src/store/errors.ts'
import type { Audit } from '../../src/store/store.ts'
import {
  corrupt,
  credit,
  type MakeSubject,
  merchant,
  newEvent,
  place,
  placePaid,
  run,
  runOfMerchant,
  type Subject,
} from './store-fixtures.ts'

const clean: Audit = {
  paid_not_credited: 0,
  credited_not_paid: 0,
  credited_twice: 0,
  unbalanced: 0,
  mismatched: 0,
  unexplained: 0,
}

/** What each damage, done behind the constraints' back to one order, must show as. */
const damages: readonly (readonly [string, readonly string[], Partial<Audit>])[] = [
  [
    'a lost transfer',
    [`delete from transfers where order_no = ':order'`],
    { paid_not_credited: 1, unbalanced: 1 },
  ],
  [
    'lost entries',
    [`delete from entries where order_no = ':order'`],
    { paid_not_credited: 1, unbalanced: 1 },
  ],
  [
    'a credit of an order that is not paid',
    [
      `update orders set status = 'pending', transaction_id = null, credited_at = null,
      credited_by = null, paid_at = null where order_no = ':order'`,
    ],
    { credited_not_paid: 1, mismatched: 1, unexplained: 1 },
  ],
  [
    'a credit of no order',
    [`delete from orders where order_no = ':order'`],
    { credited_not_paid: 1, mismatched: 1 },
  ],
  [
    'a second deposit',
    [
      `alter table entries drop constraint entries_leg_check`,
      `insert into entries (order_no, leg, account, amount, currency, at)
       values (':order', 3, 'user:u1', 1234, 'CNY', now())`,
    ],
    { credited_twice: 1, unbalanced: 1 },
  ],
  [
    'a second transfer',
    [
      `alter table entries drop constraint entries_transfer`,
      `alter table orders drop constraint orders_credited`,
      `alter table transfers drop constraint transfers_pkey`,
      `insert into transfers select order_no, gateway, 'second', amount, currency, mchid, appid,
       paid_at, created_at from transfers where order_no = ':order'`,
    ],
    { credited_twice: 1, mismatched: 1 },
  ],
  [
    'an amount off by one fen in an entry',
    [`update entries set amount = amount + 1 where order_no = ':order' and amount > 0`],
    { unbalanced: 1 },
  ],
  [
    'entries that balance in another amount',
    [`update entries set amount = amount * 2 where order_no = ':order'`],
    { unbalanced: 1 },
  ],
  [
    'an amount off by one fen in the transfer',
    [`update transfers set amount = amount + 1 where order_no = ':order'`],
    { unbalanced: 1, mismatched: 1 },
  ],
  [
    'another appid',
    [`update transfers set appid = 'x' where order_no = ':order'`],
    { mismatched: 1 },
  ],
  [
    'a deposit to another user',
    [`update entries set account = 'user:thief' where order_no = ':order' and amount > 0`],
    { paid_not_credited: 1, mismatched: 1 },
  ],
  [
    'a lost event of the last state',
    [`delete from order_events where order_no = ':order' and state_seq = 2`],
    { unexplained: 1 },
  ],
  [
    'a lost event of an earlier state',
    [`delete from order_events where order_no = ':order' and state_seq = 1`],
    { unexplained: 1 },
  ],
]

export function watchContract(make: MakeSubject): void {
  describe('the audit', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
      await place(subject.store)
      await placePaid(subject.store)
    })
    afterAll(() => subject.store.close())

    it('audit() is all 0 when all is well', async () => {
      expect(await subject.store.audit()).toEqual(clean)
    })

    it.each(damages)('audit() finds %s', async (_, statements, found) => {
      // Undone by a savepoint would be neater; but the audit reads by a connection of its own.
      const { orderNo } = await placePaid(subject.store)
      const backup = ['orders', 'transfers', 'entries', 'order_events']
      for (const table of backup) await run(subject, `create table was_${table} as table ${table}`)
      await corrupt(
        subject,
        statements.map((statement) => statement.replaceAll(':order', orderNo)),
      )
      const counts = { ...clean, ...found }
      expect(await subject.store.audit()).toEqual(counts)
      for (const name of Object.keys(counts) as (keyof Audit)[]) {
        const rows = await subject.store.auditRows(name, { limit: 10 })
        const numbers = rows.map((row) => row.orderNo)
        expect(numbers, `the orders of ${name}`).toEqual(counts[name] > 0 ? [orderNo] : [])
      }
      await restore(subject, backup)
      expect(await subject.store.audit()).toEqual(clean)
    })
  })

  describe('the vital signs', () => {
    it('vitals() returns counts, ages and the last finished run', async () => {
      let nowMs = Date.UTC(2026, 0, 24, 7)
      const { store } = await make({ clock: () => new Date(nowMs) })
      expect(await store.vitals([merchant])).toEqual({
        now: new Date(nowMs),
        ordersByStatus: { pending: 0, paid: 0, expired: 0, review: 0 },
        reviewQueue: 0,
        unpositioned: 0,
        exceptions: {},
        oldestUnaskedMs: null,
        mostOverdueMs: null,
        lastFinishedRunAt: null,
      })
      const [queried, paid, review] = [await place(store), await place(store), await place(store)]
      nowMs += 1_000
      await place(store)
      nowMs += 600_000
      const schedule = {
        nextCheckAt: new Date(nowMs - 300_000),
        ...{
          checks: 1,
          absentCount: 0,
          absentSince: null,
          standing: 'known' as const,
          watchedUntil: null,
        },
      }
      const event = newEvent()
      await store.transaction((tx) => tx.reschedule(queried, { schedule, event }))
      await credit(store, paid.orderNo)
      await store.transaction((tx) =>
        tx.changeStatus(review, { status: 'review', event: newEvent() }),
      )
      for (const dryRun of [false, true]) {
        const opened = await store.openRun({
          ...{ ...runOfMerchant, trigger: 'manual', intervalMs: null, dryRun },
        })
        if (opened.kind === 'opened') {
          await store.finishRun(opened.run.id, { status: 'finished', results: [] })
        }
        nowMs += 1_000
      }
      expect(await store.vitals([merchant])).toEqual({
        now: new Date(nowMs),
        ordersByStatus: { pending: 2, paid: 1, expired: 0, review: 1 },
        reviewQueue: 1,
        // They are of seconds ago.
        unpositioned: 0,
        exceptions: { review: { count: 1, amount: 1234n } },
        oldestUnaskedMs: 602_000,
        mostOverdueMs: 602_000,
        lastFinishedRunAt: new Date(nowMs - 2_000),
      })
      nowMs += 120_000
      // The credit, the review, and the exception that it opened.
      expect(await store.vitals([merchant])).toMatchObject({ unpositioned: 3 })
      await store.positionEvents({ limit: 10 })
      expect(await store.vitals([merchant])).toMatchObject({ unpositioned: 0 })
      await store.close()
    })
  })

  describe('how late an order is', () => {
    const dayMs = 86_400_000
    const open = async () => {
      const clock = { nowMs: Date.UTC(2026, 0, 24, 7) }
      const { store } = await make({ clock: () => new Date(clock.nowMs) })
      const adoptOld = (n: number) =>
        place(store, { createdAt: new Date(clock.nowMs - (2 + n) * dayMs), adopted: true })
      const late = async () => {
        const { oldestUnaskedMs, mostOverdueMs } = await store.vitals([merchant])
        return { oldestUnaskedMs, mostOverdueMs }
      }
      return { clock, store, adoptOld, late }
    }

    it('vitals() counts from the adoption of orders that were created days before', async () => {
      const { clock, store, adoptOld, late } = await open()
      for (let n = 0; n < 3; n += 1) await adoptOld(n)
      clock.nowMs += 60_000
      expect(await late()).toEqual({ oldestUnaskedMs: 60_000, mostOverdueMs: 60_000 })
      const claim = { merchant, thresholdMs: 300_000, limit: 3, leaseMs: 90_000 }
      const claimed = await store.claimDue(claim)
      expect(claimed.map(({ order }) => +order.createdAt)).toEqual(
        claimed.map(({ order }) => +order.createdAt).toSorted((a, b) => a - b),
      )
      expect((await late()).mostOverdueMs).toBeNull()
      await store.release(claimed)
      expect(await late()).toEqual({ oldestUnaskedMs: 60_000, mostOverdueMs: 60_000 })
      await store.close()
    })

    it('vitals() counts from the schedule once that is later than the adoption', async () => {
      const { clock, store, adoptOld, late } = await open()
      const order = await adoptOld(0)
      const schedule = {
        ...{ nextCheckAt: new Date(clock.nowMs + 300_000), checks: 1, absentCount: 0 },
        ...{ absentSince: null, standing: 'new' as const, watchedUntil: null },
      }
      const event = newEvent()
      await store.transaction((tx) => tx.reschedule(order, { schedule, event }))
      clock.nowMs += 360_000
      expect(await late()).toEqual({ oldestUnaskedMs: null, mostOverdueMs: 60_000 })
      await store.close()
    })
  })

  describe('the schema', () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await make()
    })
    afterAll(() => subject.store.close())

    it('schema() has nothing pending after migrate(), which then does nothing', async () => {
      const { store } = subject
      expect(await store.schema()).toEqual({ pending: [], held: [], unknown: [], breaking: [] })
      expect(await store.migrate()).toEqual([])
    })

    it('schema() names migrations of a newer budan, with which migrate() has nothing to do', async () => {
      await run(subject, `insert into budan_migrations values ('998_of_tomorrow', 'now')`)
      const unknown = ['998_of_tomorrow']
      expect(await subject.store.schema()).toEqual({ pending: [], held: [], unknown, breaking: [] })
      expect(await subject.store.migrate()).toEqual([])
    })

    it('migrate() refuses what a newer budan changed so that this one cannot live with it', async () => {
      await run(subject, `insert into budan_migrations values ('999_breaking_orders', 'now')`)
      const { breaking } = await subject.store.schema()
      expect(breaking).toEqual(['999_breaking_orders'])
      await expect(subject.store.migrate()).rejects.toThrow(NewerSchemaError)
      await expect(subject.store.migrate()).rejects.toThrow(
        /newer budan.*999_breaking_orders.*upgrade this one/,
      )
    })
  })
}

/** Puts the rows back, and the constraints that a damage had to drop. */
async function restore(subject: Subject, tables: readonly string[]): Promise<void> {
  const columns = await run(
    subject,
    `select table_name, string_agg(quote_ident(column_name), ', ' order by ordinal_position) as list
     from information_schema.columns
     where table_schema = current_schema() and is_generated = 'NEVER' group by table_name`,
  )
  const listOf = (table: string) => columns.find((row) => row.table_name === table)?.list
  await corrupt(
    subject,
    tables.flatMap((table) => [
      `delete from ${table}`,
      `insert into ${table} (${listOf(table)}) overriding system value
       select ${listOf(table)} from was_${table}`,
      `drop table was_${table}`,
    ]),
  )
}
