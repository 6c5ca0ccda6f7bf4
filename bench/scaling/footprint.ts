/** Measures the cost of a credited order in PostgreSQL: rows, write-ahead log, and statements. */
import { sql } from 'kysely'
import { openService } from '../../src/service.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import { testProofKeys } from '../../test/support/stores.ts'
import { configOf } from '../../test/support/world.ts'
import { positionAll } from '../events/event-rows.ts'
import { type Figure, figure } from '../figure.ts'
import { StatementCounter } from '../measure/statements.ts'
import { fillPending, paidOrders, vacuum } from '../orders.ts'
import type { Stage } from '../part.ts'

/** The size for a backlog. A run of the default size credits fewer orders in a transaction. */
const batchMax = 250

/**
 * A run takes a claim, its own record, and four statements for each group of credits. Groups are
 * smaller with a slower gateway and a faster database; an order alone would take more than four.
 */
const statementsMax = 2

/** The rows of an order that was placed, credited by a run of `batchMax` orders, and never queried again. */
const rowsOfPaidOrder = {
  ...{ orders: 1, orders_of_users: 1, order_events: 2 },
  ...{ transfers: 1, entries: 2, proofs: 1, published_events: 1, runs: 1 / batchMax },
} as const

type Table = keyof typeof rowsOfPaidOrder
const tables = Object.keys(rowsOfPaidOrder) as readonly Table[]

/**
 * Includes indexes, and rows that retention removes. A paid order takes 5.3 kB today; more than this
 * indicates a mistake.
 */
const bytesMax = 6_000

export async function benchFootprint(
  stage: Stage,
  { orders }: { readonly orders: number },
): Promise<readonly Figure[]> {
  const url = await stage.freshPostgresUrl()
  const counter = stage.closing.add(await StatementCounter.to(url), (one) => one.close())
  const gateway = await stage.gateway()
  const { merchant } = gateway
  // An additional tenth warms up: after a checkpoint the first runs also write full pages to the
  // log.
  const warmUp = Math.ceil(orders / 10)
  const batchSize = Math.min(batchMax, warmUp)
  const recharge = { compensationBatchSize: batchSize, compensationMaxQps: 10_000 }
  const config = configOf(gateway, { merchant, recharge })
  const store = await openStore(counter.url, { proofKeys: testProofKeys })
  const budan = await openService(config, { store })
  const database = await openDatabase(url)
  try {
    const { mchid, appid } = merchant
    const range = { first: 0, count: warmUp + orders, mchid, appid }
    await fillPending(database, { ...range, age: 'an hour ago' })
    await sql`
      insert into orders_of_users (user_id, created_at, order_no)
      select user_id, created_at, order_no from orders`.execute(database.patientDb)
    await vacuum(database)
    const creditNext = async (count: number) => {
      let credited = 0
      while (credited < count) {
        const { run } = await budan.run({ dryRun: false })
        if (run.success === 0) throw new Error(`A run came to ${JSON.stringify(run.outcomes)}`)
        credited += run.success
      }
      return credited
    }
    await gateway.sign(paidOrders(range))
    const before = await creditNext(warmUp)
    counter.take()
    const began = await logPosition(database)
    const credited = await creditNext(range.count - before)
    await positionAll(store)
    const logBytes = await bytesSince(database, began)
    const statements = counter.take().length
    const sizes = await sizesOf(database)
    return figuresOf(sizes, { orders: range.count, credited, logBytes, statements })
  } finally {
    await database.close()
    await budan.close()
  }
}

async function logPosition({ db }: Database): Promise<string> {
  const { rows } = await sql<{ readonly at: string }>`
    select pg_current_wal_insert_lsn()::text as at`.execute(db)
  return rows[0]?.at ?? ''
}

async function bytesSince({ db }: Database, position: string): Promise<number> {
  const { rows } = await sql<{ readonly bytes: number }>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ${position}::pg_lsn)::float8 as bytes
  `.execute(db)
  return rows[0]?.bytes ?? 0
}

interface TableSize {
  readonly rows: number
  readonly tableBytes: number
  readonly indexBytes: number
}

/** Rewrites the tables first, so that they contain neither dead rows nor free space. */
async function sizesOf({ patientDb }: Database): Promise<Readonly<Record<Table, TableSize>>> {
  const sizes: [Table, TableSize][] = []
  for (const table of tables) {
    const name = sql.raw(table)
    await sql`vacuum full ${name}`.execute(patientDb)
    const { rows } = await sql<TableSize>`
      select count(*)::float8 as rows, pg_table_size(${table}::regclass)::float8 as "tableBytes",
        pg_indexes_size(${table}::regclass)::float8 as "indexBytes" from ${name}`.execute(patientDb)
    const size = rows[0]
    if (size !== undefined) sizes.push([table, size])
  }
  return Object.fromEntries(sizes) as Record<Table, TableSize>
}

function figuresOf(
  sizes: Readonly<Record<Table, TableSize>>,
  counts: { orders: number; credited: number; logBytes: number; statements: number },
): readonly Figure[] {
  const { orders, credited, logBytes, statements } = counts
  const bytesOf = (table: Table, kind: 'tableBytes' | 'indexBytes') =>
    (sizes[table][kind] / sizes[table].rows) * rowsOfPaidOrder[table]
  const all = tables.flatMap((table) => [
    bytesOf(table, 'tableBytes'),
    bytesOf(table, 'indexBytes'),
  ])
  const perOrder = (what: string, unit: string, value: number) =>
    figure(`postgres: ${what}, of ${orders}`, { unit, values: [value] })
  return [
    figure(`postgres: statements for a credited order, runs of ${batchMax}`, {
      unit: 'statements',
      values: [statements / credited],
      goal: { kind: 'at most', value: statementsMax },
    }),
    figure(`postgres: bytes of a paid order in all tables and indexes, of ${orders}`, {
      unit: 'B',
      values: [all.reduce((sum, bytes) => sum + bytes, 0)],
      // Sizes are whole pages, which a few orders do not fill.
      ...(orders >= 1000 && { goal: { kind: 'at most', value: bytesMax } }),
    }),
    ...tables.flatMap((table) => [
      perOrder(`bytes of a paid order in ${table}`, 'B', bytesOf(table, 'tableBytes')),
      perOrder(
        `bytes of a paid order in the indexes of ${table}`,
        'B',
        bytesOf(table, 'indexBytes'),
      ),
    ]),
    perOrder('bytes of write-ahead log for a credited order', 'B', logBytes / credited),
  ]
}
