import { type Kysely, sql } from 'kysely'

/** For lists of one merchant's orders. As 018_merchants, the index is built beside the work of others. */
export async function prepare(db: Kysely<unknown>): Promise<void> {
  if (!(await hasOrders(db))) return
  const { rows } = await sql<{ readonly valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass('orders_by_merchant')
  `.execute(db)
  if (rows[0]?.valid === true) return
  if (rows.length > 0) await sql`drop index concurrently orders_by_merchant`.execute(db)
  await sql.raw(byMerchant('concurrently')).execute(db)
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(byMerchant('')).execute(db)
}

/**
 * Without the gateway, which would only make each entry longer: two gateways hardly have merchants with
 * one number. The state first: with the number of the only merchant first, a planner takes it for the
 * order of the table, and reads and sorts by it what it need not. The order of nulls, of which there are
 * none, is that of no other index: see `listOrders()`.
 */
function byMerchant(how: 'concurrently' | ''): string {
  return `create index ${how} if not exists orders_by_merchant
    on orders (status, mchid, created_at desc nulls last, order_no desc nulls last)`
}

async function hasOrders(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ readonly found: boolean }>`
    select exists (select from orders) as found`.execute(db)
  return rows[0]?.found === true
}
