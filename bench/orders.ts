import { sql } from 'kysely'
import type { Connection, Database } from '../src/store/database.ts'
import type { PaidOrder } from './gateway/answers.ts'
import { paidOrder } from './numbered.ts'

/**
 * Orders `first` to `first + count - 1` of a generated merchant. An index always stands for the
 * same order.
 */
export interface OrderRange {
  readonly first: number
  readonly count: number
  readonly mchid: string
  readonly appid: string
}

/** Enough users that no account is a hot row, and few enough that each has several entries. */
const userCount = 500

/** The orders of a range, as the gateway has to answer them. */
export function paidOrders({ first, count }: Pick<OrderRange, 'first' | 'count'>): PaidOrder[] {
  return Array.from({ length: count }, (_, offset) => paidOrder(first + offset))
}

/** When the orders of a range were placed: oldest first, a millisecond apart. */
export type Age = 'an hour ago' | 'now'

const ages = {
  'an hour ago': sql`now() - interval '1 hour'`,
  now: sql`now()`,
} as const

/**
 * Inserts pending orders by one statement, each with its first event. Triggers are off, because they
 * would check each of a million rows, and the inserted rows satisfy their rules.
 */
export async function fillPending(
  database: Database,
  { age, ...range }: OrderRange & { age: Age },
): Promise<void> {
  await withoutTriggers(database, async (db) => {
    await sql`
      with added as (
        insert into orders (
          order_no, user_id, amount, currency, description, gateway, mchid, appid, adopted,
          status, state_seq, created_at, next_check_at, expires_at
        )
        select ${orderNo}, 'bench-' || i % ${userCount}::integer, 100 + i % 1000, 'CNY', 'credit',
          'wechatpay', ${range.mchid}, ${range.appid}, true, 'pending', 1,
          created.at, created.at, created.at + interval '2 hours'
        from generate_series(${range.first}::integer, ${lastOf(range)}::integer) as i,
          lateral (select ${ages[age]} + i * interval '1 millisecond' as at) as created
        returning order_no, created_at
      )
      insert into order_events (order_no, at, kind, source, to_status, state_seq, alarm)
      select order_no, created_at, 'adopted', 'api', 'pending', 1, false from added`.execute(db)
  })
}

/** Marks a range of pending orders as paid just now, with all rows that a credit writes. */
export async function payAll(database: Database, range: OrderRange): Promise<void> {
  await withoutTriggers(database, async (db) => {
    const between = sql`
      order_no >= ${orderNoOf(range.first)} and order_no <= ${orderNoOf(lastOf(range))}`
    const at = sql`now()`
    await sql`
      update orders set status = 'paid', state_seq = 2, paid_at = ${at}, credited_at = ${at},
        credited_by = 'callback', transaction_id = '420000200820260124' || right(order_no, 10)
      where ${between}`.execute(db)
    await sql`
      insert into transfers
        (order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at)
      select order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, credited_at
      from orders where ${between}`.execute(db)
    await sql`
      insert into entries (order_no, leg, account, amount, currency, at)
      select order_no, leg, case leg when 1 then 'gateway:wechatpay:' || mchid
        else 'user:' || user_id end, case leg when 1 then -amount else amount end,
        currency, credited_at
      from orders, generate_series(1, 2) as leg where ${between}
      order by order_no`.execute(db)
    await sql`
      insert into order_events
        (order_no, at, kind, source, to_status, state_seq, trade_state, decision, reason, alarm)
      select order_no, credited_at, 'answered', 'callback', 'paid', 2, 'SUCCESS', 'pay',
        'the gateway says it was paid', false
      from orders where ${between}`.execute(db)
  })
}

/**
 * Brings the tables into the state in which autovacuum leaves them. Call it outside of
 * measurements.
 */
export async function vacuum({ kind, patientDb }: Database): Promise<void> {
  // The embedded database has no autovacuum, so its tables stay as they were written.
  if (kind === 'pglite') return
  await sql`vacuum (analyze) orders, order_events, transfers, entries, runs`.execute(patientDb)
  await sql`checkpoint`.execute(patientDb)
}

/** Throws unless every order of the range is paid. */
export async function assertPaid(database: Database, range: OrderRange): Promise<void> {
  const paid = await countPaid(database, range)
  if (paid !== range.count) throw new Error(`${paid} orders are paid, not ${range.count}`)
}

/** Throws unless every `paidEvery`th order of the range is paid, and the others were queried. */
export async function assertQueried(
  { db }: Database,
  { paidEvery, ...range }: OrderRange & { readonly paidEvery: number },
): Promise<void> {
  const { rows } = await sql<{ readonly paid: bigint; readonly queried: bigint }>`
    select count(*) filter (where status = 'paid') as paid,
      count(*) filter (where status = 'pending' and checks > 0) as queried from orders
    where order_no >= ${orderNoOf(range.first)} and order_no <= ${orderNoOf(lastOf(range))}
  `.execute(db)
  const { paid = 0n, queried = 0n } = rows[0] ?? {}
  if (
    Number(paid) !== Math.ceil(range.count / paidEvery) ||
    Number(paid + queried) !== range.count
  ) {
    throw new Error(`Of ${range.count} orders ${paid} are paid, and ${queried} were queried`)
  }
}

export async function countPaid({ db }: Database, range: OrderRange): Promise<number> {
  const { rows } = await sql<{ readonly paid: bigint }>`
    select count(*) as paid from orders where status = 'paid'
      and order_no >= ${orderNoOf(range.first)} and order_no <= ${orderNoOf(lastOf(range))}
  `.execute(db)
  return Number(rows[0]?.paid)
}

const orderNo = sql`'RECH20260124120000' || lpad(i::text, 10, '0')`

function orderNoOf(index: number): string {
  return `RECH20260124120000${String(index).padStart(10, '0')}`
}

function lastOf({ first, count }: Pick<OrderRange, 'first' | 'count'>): number {
  return first + count - 1
}

async function withoutTriggers(
  { patientDb }: Database,
  work: (db: Connection) => Promise<void>,
): Promise<void> {
  await patientDb.transaction().execute(async (db) => {
    await sql`set local session_replication_role = replica`.execute(db)
    await work(db)
  })
}
