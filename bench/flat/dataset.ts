import { type RawBuilder, sql } from 'kysely'
import type { Merchant } from '../../src/domain/order.ts'
import type { Connection, Database } from '../../src/store/database.ts'
import { eachAtOnce } from '../measure/stopwatch.ts'
import { numberPrefix } from '../numbered.ts'

/**
 * The tables of an installation that received one order every ten seconds, for a day or for years: the
 * rows of the last day are the same, however large the tables are. The last tenth of the orders was
 * placed just now and lost its callbacks: these orders are pending and due.
 */
export interface Dataset {
  readonly merchant: Merchant
  /** Whose orders they are in turn; default: all are of `merchant`. */
  readonly mchids?: readonly string[]
  readonly orders: number
  /** All other times are computed backwards from this one. */
  readonly now: Date
}

export const pendingOf = (orders: number) => Math.floor(orders / 10)
/** The index of the first pending order. The orders before the first one in review have ended. */
export const firstPendingOf = (orders: number) => orders - pendingOf(orders)
const firstReviewOf = (orders: number) =>
  // Operators work through the reviews, so these are few.
  firstPendingOf(orders) - Math.min(200, Math.floor(orders / 100))

/** Each user has about twenty orders, spread over the whole table as they are in production. */
export const userOf = (index: number, orders: number) =>
  `bench-${(index * userStep) % usersOf(orders)}`
const usersOf = (orders: number) => Math.max(1, Math.floor(orders / 20))
const userStep = 48_271

export const runsOf = (orders: number) => Math.min(2000, Math.floor(orders / 10))

/** Large enough that the time is spent in the server, and not in round trips. */
const ordersPerStatement = 200_000

/**
 * Fills empty tables as fast as the database can: it inserts rows in the order of their keys, without
 * triggers, two tables at a time, and builds the indexes that no constraint needs at the end.
 * Without `statistics` the tables are not analyzed, and autovacuum stays off.
 */
export async function fillDataset(
  database: Database,
  dataset: Dataset,
  { statistics = true }: { readonly statistics?: boolean } = {},
): Promise<void> {
  const concurrency = database.kind === 'postgres' ? 2 : 1
  const dropped = await dropIndexes(database.patientDb)
  await eachTable(database, (table) => sql`alter table ${table} set (autovacuum_enabled = false)`)
  await eachAtOnce(Object.values(rowsOf), {
    concurrency,
    work: async (rows) => {
      for (let first = 0; first < dataset.orders; first += ordersPerStatement) {
        const last = Math.min(first + ordersPerStatement, dataset.orders) - 1
        await quickly(database, (db) => rows(ordersOf(dataset, { first, last })).execute(db))
      }
    },
  })
  await quickly(database, (db) => runRows(dataset).execute(db))
  await eachAtOnce([listOfUsers, ...dropped.map((definition) => sql.raw(definition))], {
    concurrency,
    work: (statement) => quickly(database, (db) => statement.execute(db)),
  })
  if (!statistics) return
  await eachTable(database, (table) => sql`alter table ${table} reset (autovacuum_enabled)`)
  await tidy(database)
}

/** Brings the tables into the state in which autovacuum leaves them. */
export async function tidy(database: Database): Promise<void> {
  await eachTable(database, (table) => sql`vacuum (analyze) ${table}`)
  await sql`checkpoint`.execute(database.patientDb)
}

const tables = [...['orders', 'orders_of_users', 'order_events', 'transfers', 'entries'], 'runs']

async function eachTable(
  { patientDb }: Database,
  statement: (table: RawBuilder<unknown>) => RawBuilder<unknown>,
): Promise<void> {
  for (const table of tables) await statement(sql.raw(table)).execute(patientDb)
}

/** Runs after the orders, so that these rows too are inserted in the order of their keys. */
const listOfUsers = sql`
  insert into orders_of_users (user_id, created_at, order_no)
  select user_id, created_at, order_no from orders order by user_id, created_at, order_no`

/** The statement that inserts each table's rows, from a range of the dataset's orders. */
const rowsOf: Readonly<Record<string, (dataset: RawBuilder<unknown>) => RawBuilder<unknown>>> = {
  orders: (dataset) => sql`
    insert into orders (
      order_no, user_id, amount, currency, description, gateway, mchid, appid, adopted, status,
      state_seq, created_at, next_check_at, expires_at, checks,
      transaction_id, paid_at, credited_at, credited_by
    )
    select order_no, user_id, amount, 'CNY', 'credit', gateway, mchid, appid, false, status,
      case status when 'pending' then 1 else 2 end, at, at, at + interval '1 day', 0,
      transaction_id, ended_at, ended_at, case status when 'paid' then 'callback' end
    from ${dataset}`,
  order_events: (dataset) => sql`
    insert into order_events
      (order_no, at, kind, source, state_seq, to_status, trade_state, decision, reason, alarm)
    select dataset.order_no, event.*
    from ${dataset}, lateral (
      values (dataset.at, 'created', 'api', 1, 'pending', null, null, null, false)
      union all
      select dataset.at + interval '1 minute', 'answered', 'callback', 2, answer.*
      from (values
        ('paid', 'SUCCESS', 'pay', 'paid as ordered', false),
        ('expired', 'CLOSED', 'expire', 'closed unpaid', false),
        ('review', 'REFUND', 'review', 'it was paid, and the money is on its way back', true)
      ) as answer (status, trade_state, decision, reason, alarm)
      where answer.status = dataset.status
    ) as event`,
  transfers: (dataset) => sql`
    insert into transfers
      (order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at)
    select order_no, gateway, transaction_id, amount, 'CNY', mchid, appid, ended_at, ended_at
    from ${dataset} where status = 'paid'`,
  entries: (dataset) => sql`
    insert into entries (order_no, leg, account, amount, currency, at)
    select order_no, leg, account, legs.amount, 'CNY', ended_at
    from ${dataset}, lateral (values
      (1, 'gateway:' || gateway || ':' || mchid, -dataset.amount), (2, 'user:' || user_id, dataset.amount)
    ) as legs (leg, account, amount)
    where status = 'paid'`,
}

/** Orders `first` to `last`. Of those that have ended, every fifth was not paid. */
function ordersOf(
  { orders, merchant, mchids = [merchant.mchid], now }: Dataset,
  { first, last }: { first: number; last: number },
): RawBuilder<unknown> {
  const { gateway, appid } = merchant
  const pendingFrom = firstPendingOf(orders)
  return sql`(
    select ${sql.lit(numberPrefix)} || digits as order_no,
      'bench-' || i::bigint * ${sql.lit(userStep)} % ${sql.lit(usersOf(orders))} as user_id,
      (100 + i % 1000)::bigint as amount, status,
      ${gateway}::text as gateway,
      (array[${sql.join(mchids)}]::text[])[1 + i % ${sql.lit(mchids.length)}] as mchid, ${appid}::text as appid, at,
      case status when 'paid' then '420000200820260124' || digits end as transaction_id,
      case status when 'paid' then at + interval '1 minute' end as ended_at
    from generate_series(${sql.lit(first)}, ${sql.lit(last)}) as i, lateral (
      select lpad(i::text, 10, '0') as digits,
        case
          when i >= ${sql.lit(pendingFrom)} then 'pending'
          when i >= ${sql.lit(firstReviewOf(orders))} then 'review'
          when i % 5 = 0 then 'expired'
          else 'paid'
        end as status,
        case
          when i >= ${sql.lit(pendingFrom)} then ${now}::timestamptz - interval '10 minutes'
            - (${sql.lit(orders)} - i) * interval '1 millisecond'
          else ${now}::timestamptz - interval '1 hour'
            - (${sql.lit(pendingFrom)} - i) * interval '10 seconds'
        end as at
    ) as what
    order by i
  ) as dataset`
}

/** One run every five minutes until `now`, each with the results of 50 orders. */
function runRows({ now, orders }: Dataset): RawBuilder<unknown> {
  const runCount = runsOf(orders)
  return sql`
    insert into runs (trigger, node, dry_run, status, started_at, finished_at, duration_ms,
      credited, waiting, results)
    select 'schedule', 'bench', false, 'finished', began.at, began.at + interval '3 seconds',
      3000, 5, 45, (
        select json_agg(json_build_object(
          'order_no', ${sql.lit(numberPrefix)} || lpad((n % ${sql.lit(orders)})::text, 10, '0'),
          'trade_state', 'NOTPAY', 'outcome', 'waiting', 'reason', 'not paid yet',
          'reason_code', 'not_paid_yet', 'reason_params', null, 'duration_ms', 12.5
        )) from generate_series(1, 50) as n
      )
    from generate_series(1, ${sql.lit(runCount)}) as i,
      lateral (
        select ${now}::timestamptz - (${sql.lit(runCount)} - i) * interval '5 minutes' as at
      ) as began
    order by i`
}

async function quickly(
  { patientDb }: Database,
  work: (db: Connection) => Promise<unknown>,
): Promise<void> {
  await patientDb.transaction().execute(async (db) => {
    // Triggers would check each of many million rows, and the inserted rows satisfy their rules.
    await sql`set local session_replication_role = replica`.execute(db)
    await sql`set local synchronous_commit = off`.execute(db)
    await sql`set local maintenance_work_mem = '512MB'`.execute(db)
    await sql`set local work_mem = '512MB'`.execute(db)
    // Parallel workers need shared memory, and some machines have little of it in /dev/shm.
    await sql`set local max_parallel_maintenance_workers = 0`.execute(db)
    await work(db)
  })
}

/** Drops the indexes that no constraint needs, and returns their definitions. */
async function dropIndexes(db: Connection): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly name: string; readonly definition: string }>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid = any (array['orders', 'order_events', 'transfers', 'entries']::regclass[])
      and not exists (select from pg_constraint where conindid = indexrelid)
    order by pg_table_size(indrelid)`.execute(db)
  for (const { name } of rows) await sql`drop index ${sql.raw(name)}`.execute(db)
  return rows.map(({ definition }) => definition)
}
