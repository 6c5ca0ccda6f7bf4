import { type Kysely, sql } from 'kysely'

/**
 * Claims go by merchant, standing and time. The index is built beside the work of others, outside any
 * transaction; a build that was cut short left an invalid one, which is begun anew.
 */
export async function prepare(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ readonly valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass('orders_claims')
  `.execute(db)
  if (rows[0]?.valid === true || !(await hasOrders(db))) return
  if (rows.length > 0) await sql`drop index concurrently orders_claims`.execute(db)
  await sql.raw(claims('concurrently')).execute(db)
}

/**
 * Of adopted orders of before it is seen from their answers whether the gateway knows them.
 *
 * `orders_due` stays for programs of before, which claim by it, and goes with a later version; where
 * there are no orders yet, nobody needs it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    update orders set standing = case when absent_count > 0 then 2 else 1 end
    where status = 'pending' and adopted and code_url is null and (checks = 0 or absent_count > 0)
  `.execute(db)
  await sql.raw(claims('')).execute(db)
  if (!(await hasOrders(db))) await sql`drop index orders_due`.execute(db)
}

/** The app id comes last: orders of one that is not configured are passed over inside the index. */
function claims(how: 'concurrently' | ''): string {
  return `create index ${how} if not exists orders_claims
    on orders (gateway, mchid, standing, next_check_at, created_at, order_no, appid)
    where status = 'pending'`
}

async function hasOrders(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ readonly found: boolean }>`
    select exists (select from orders) as found`.execute(db)
  return rows[0]?.found === true
}
