import { type RawBuilder, sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  passedStatement,
  portionOf,
  runsStatement,
  walkStatement,
} from '../../src/store/sql/upkeep/retention.ts'
import type { Store } from '../../src/store/store.ts'
import {
  newEvent,
  place,
  placePaid,
  run,
  runOfMerchant,
  type Subject,
} from '../contract/store-fixtures.ts'
import { keyOf } from '../support/order-key.ts'
import { grantedDatabase } from '../support/roles.ts'
import { type FreshStoreOptions, freshDatabase } from '../support/stores.ts'

const dayMs = 86_400_000
/** The schema goes by the server's own clock, so these tests live in its past. */
const start = Date.now() - 100 * dayMs
const month = { olderThanMs: 30 * dayMs, limit: 500 }

const makes = {
  pglite: (options: FreshStoreOptions) => freshDatabase('pglite', options),
  postgres: (options: FreshStoreOptions) => freshDatabase('postgres', options),
  'PostgreSQL, as a role that owns nothing': grantedDatabase,
}

describe.each(Object.entries(makes))('retention on %s', (kind, make) => {
  let subject: Subject
  let store: Store
  let nowMs = start
  beforeEach(async () => {
    nowMs = start
    await store?.close()
    subject = await make({ clock: () => new Date(nowMs) })
    store = subject.store
  })

  const pass = (days: number) => {
    nowMs += days * dayMs
  }
  const reasons = async (orderNo: string) => {
    const { items } = await store.listOrderEvents(keyOf(orderNo), { limit: 200, cursor: null })
    return items.map(({ reason }) => reason)
  }
  const note = (orderNo: string, reason: string, changes = {}) =>
    store.appendEvent(keyOf(orderNo), newEvent({ reason, ...changes }))
  const expire = (order: Awaited<ReturnType<typeof place>>) =>
    store.transaction((tx) =>
      tx.changeStatus(order, {
        status: 'expired',
        event: newEvent({ reason: 'expired', tradeState: 'CLOSED' }),
      }),
    )
  const finishRun = async () => {
    const opened = await store.openRun({
      ...{ ...runOfMerchant, trigger: 'schedule', intervalMs: 300_000 },
    })
    if (opened.kind !== 'opened') throw new Error('The slot is taken')
    const result = {
      orderNo: 'x',
      merchant: null,
      tradeState: null,
      reason: '',
      codedReason: null,
      durationMs: 1,
    }
    await store.finishRun(opened.run.id, {
      status: 'finished',
      results: [{ ...result, outcome: 'unknown' }],
    })
    return opened.run.id
  }

  it('prune() removes what changed nothing of orders that ended, and keeps all else', async () => {
    const paid = await placePaid(store)
    await note(paid.orderNo, 'waited')
    await note(paid.orderNo, 'again', { decision: 'keep', tradeState: 'SUCCESS' })
    await note(paid.orderNo, 'nothing said', { decision: 'keep', tradeState: null })
    await note(paid.orderNo, 'refunded', { decision: 'keep', tradeState: 'REFUND' })
    await note(paid.orderNo, 'alarm', { decision: 'keep', tradeState: 'SUCCESS', alarm: true })
    await note(paid.orderNo, 'placed', { kind: 'prepaid', source: 'api', decision: null })
    const order = await place(store)
    await note(order.orderNo, 'past its end', { decision: 'close' })
    await note(order.orderNo, 'closed', { kind: 'closing', decision: null, tradeState: null })
    await expire(order)
    await note(order.orderNo, 'late', { decision: 'keep', tradeState: 'CLOSED' })
    await note(order.orderNo, 'other', { decision: 'keep', tradeState: 'NOTPAY' })

    pass(30.9)
    expect(await store.prune(month)).toEqual({ runs: 0, events: 0, more: false })
    pass(0.2)
    expect(await store.prune(month)).toEqual({ runs: 0, events: 6, more: false })
    const kept = ['unpaid', 'unpaid', 'refunded', 'alarm', 'placed']
    expect(await reasons(paid.orderNo)).toEqual(kept)
    expect(await reasons(order.orderNo)).toEqual(['unpaid', 'expired', 'other'])
    expect(await store.audit()).toEqual(expect.objectContaining({ unexplained: 0 }))
    expect(await store.prune(month)).toEqual({ runs: 0, events: 0, more: false })
  })

  it('prune() looks again at orders that had not ended, or not long enough ago', async () => {
    const open = await place(store)
    await note(open.orderNo, 'waited')
    const lively = await placePaid(store)
    pass(20)
    await note(lively.orderNo, 'queried late')
    pass(20)
    expect(await store.prune(month)).toMatchObject({ events: 0 })
    pass(11)
    expect(await store.prune(month)).toMatchObject({ events: 1 })
    expect(await reasons(lively.orderNo)).toEqual(['unpaid', 'unpaid'])
    expect(await reasons(open.orderNo)).toEqual(['unpaid', 'waited'])
    await expire(open)
    pass(1)
    expect(await store.prune(month)).toMatchObject({ events: 1 })
    expect(await reasons(open.orderNo)).toEqual(['unpaid', 'expired'])
    expect(await run(subject, 'select from retention_passed')).toEqual([])
  })

  it('prune() takes no more orders and runs at once than it may, and says that there are more', async () => {
    for (let n = 0; n < 5; n += 1) {
      const { orderNo } = await placePaid(store)
      await note(orderNo, 'waited')
      pass(0.01)
    }
    pass(40)
    const portion = { ...month, limit: 2 }
    expect(await store.prune(portion)).toEqual({ runs: 0, events: 2, more: true })
    expect(await store.prune(portion)).toEqual({ runs: 0, events: 2, more: true })
    expect(await store.prune(portion)).toEqual({ runs: 0, events: 1, more: false })
  })

  it('prune() removes old runs with their results, but not the newest that finished', async () => {
    const first = await finishRun()
    pass(1)
    const second = await finishRun()
    pass(40)
    expect(await store.prune(month)).toMatchObject({ runs: 1 })
    expect(await store.findRun(first)).toBeNull()
    expect(await store.findRun(second)).toMatchObject({ results: [{ orderNo: 'x' }] })
    const third = await finishRun()
    expect(await store.prune(month)).toMatchObject({ runs: 1 })
    expect(await store.findRun(second)).toBeNull()
    expect(await store.findRun(third)).not.toBeNull()
  })

  it('prune() removes the runs of the version before with few of their results at a time', async () => {
    for (let runs = 0; runs < 4; runs += 1) {
      const id = await finishRun()
      await run(subject, 'update runs set results = null, unknown = 4000 where id = $1', [id])
      await run(subject, "insert into run_results values ($1, 0, 'x', null, 'unknown', '', 1)", [
        id,
      ])
      pass(1)
    }
    await finishRun()
    pass(40)
    expect(await store.prune(month)).toMatchObject({ runs: 2 })
    expect(await run(subject, 'select run_id from run_results')).toHaveLength(2)
    expect(await store.prune(month)).toMatchObject({ runs: 2 })
    expect(await run(subject, 'select run_id from run_results')).toEqual([])
  })

  it('prune() removes nothing of this week, whatever clock and age it is given', async () => {
    nowMs = Date.now()
    const { orderNo } = await placePaid(store)
    await note(orderNo, 'waited')
    await finishRun()
    pass(100)
    expect(await store.prune({ olderThanMs: 0, limit: 10 })).toEqual({
      ...{ runs: 0, events: 0, more: false },
    })
  })

  it('prune() finds each row that it takes by an index, however many there are', async () => {
    await fill(subject)
    pass(90)
    const portion = portionOf({ now: () => sql`now()` }, { ...month, limit: 50 })
    const walk = await plansOf(subject, walkStatement(portion))
    expect(walk.get('orders')).toEqual(new Set(['orders_by_time']))
    expect([...(walk.get('order_events') ?? [])].sort()).toEqual([
      'order_events_pkey',
      'order_events_state',
    ])
    const passed = await plansOf(subject, passedStatement(portion))
    expect(passed.get('retention_passed')).toContain('retention_passed_due')
    expect(passed.get('orders')?.size).toBe(1)
    expect(passed.get('orders')).not.toContain('Seq Scan')
    const runs = await plansOf(subject, runsStatement(portion))
    expect(runs.get('runs')).toEqual(new Set(['runs_pkey']))
  })

  it('vacuum() is for the embedded database, once in a while', async () => {
    const embedded = kind === 'pglite'
    expect(await store.vacuum({ everyMs: dayMs })).toBe(embedded)
    pass(0.9)
    expect(await store.vacuum({ everyMs: dayMs })).toBe(false)
    pass(0.2)
    expect(await store.vacuum({ everyMs: dayMs })).toBe(embedded)
  })
})

it('prune() does the work of one where two nodes meet', async () => {
  const { store, database } = await freshDatabase('postgres')
  await database.db.transaction().execute(async (db) => {
    await sql`select from retention for update`.execute(db)
    expect(await store.prune(month)).toEqual({ runs: 0, events: 0, more: false })
  })
})

/** Inserts ended orders of long ago with their events, noted ones, and runs, by few statements. */
async function fill(subject: Subject): Promise<void> {
  const statements = [
    'set session_replication_role = replica',
    `insert into orders (order_no, user_id, amount, currency, description, gateway, mchid, appid,
       adopted, status, state_seq, created_at, expires_at, next_check_at)
     select 'bulk' || n, 'u', 100, 'CNY', '', 'g', 'm', 'a', false, 'expired', 2, at, at, at
     from generate_series(1, 10000) n, lateral (select now() - n * interval '10 minutes' as at) t`,
    `insert into order_events (order_no, at, kind, source, decision, alarm)
     select order_no, created_at, 'answered', 'compensation', 'wait', false
     from orders, generate_series(1, 4)`,
    `insert into retention_passed select order_no, created_at from orders`,
    `insert into runs (trigger, node, dry_run, status, started_at, finished_at)
     select 'schedule', 'n', false, 'finished', created_at, created_at from orders order by created_at`,
    'set session_replication_role = origin',
    ...['orders', 'order_events', 'runs', 'retention_passed'].map((table) => `analyze ${table}`),
  ]
  await subject.database.db.connection().execute(async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db)
  })
}

interface RawPlan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly RawPlan[]
}

/** How each table is read: by which indexes, or as a whole. Nothing is carried out. */
async function plansOf(
  { database }: Subject,
  statement: RawBuilder<unknown>,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const explain = sql<{ 'QUERY PLAN': [{ Plan: RawPlan }] }>`explain (format json) ${statement}`
  const { rows } = await explain.execute(database.db)
  const ways = new Map<string, Set<string>>()
  const read = (plan: RawPlan): void => {
    const table = plan['Relation Name']
    if (table !== undefined && plan['Node Type'] !== 'ModifyTable') {
      const way = plan['Index Name'] ?? plan['Node Type']
      ways.set(table, (ways.get(table) ?? new Set()).add(way))
    }
    for (const child of plan.Plans ?? []) read(child)
  }
  if (rows[0] !== undefined) read(rows[0]['QUERY PLAN'][0].Plan)
  return ways
}
