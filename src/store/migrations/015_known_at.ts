import { type Kysely, sql } from 'kysely'

/**
 * Since when budan knows of an order: how late its question is counts from then, and not from its
 * creation, which may be days before its adoption. Both indexes are built beside the work of others,
 * outside any transaction; a build that was cut short left an invalid one, which is begun anew.
 */
export async function prepare(db: Kysely<unknown>): Promise<void> {
  if (!(await hasOrders(db))) return
  await addColumn.execute(db)
  for (const [name, index] of Object.entries(indexes)) {
    const { rows } = await sql<{ readonly valid: boolean }>`
      select indisvalid as valid from pg_index where indexrelid = to_regclass(${name})
    `.execute(db)
    if (rows[0]?.valid === true) continue
    if (rows.length > 0) await sql`drop index concurrently ${sql.ref(name)}`.execute(db)
    await sql.raw(index('concurrently')).execute(db)
  }
}

/**
 * A program of before goes on beside this: the default gives its orders the time of their insertion.
 * Null, of orders of before: as their creation. `orders_unasked` stays for it, and goes with a later
 * version; where there are no orders yet, nobody needs it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumn.execute(db)
  await sql`alter table orders alter column known_at set default statement_timestamp()`.execute(db)
  await sql`
    update orders set known_at = adopted.at
    from order_events as adopted
    where orders.status = 'pending' and orders.adopted and orders.known_at is null
      and adopted.order_no = orders.order_no and adopted.kind = 'adopted'
  `.execute(db)
  for (const index of Object.values(indexes)) await sql.raw(index('')).execute(db)
  if (!(await hasOrders(db))) await sql`drop index orders_unasked`.execute(db)
}

/** Nothing is rewritten: what is there has null. */
const addColumn = sql`alter table orders add column if not exists known_at timestamptz(3)`

const indexes: Readonly<Record<string, (how: 'concurrently' | '') => string>> = {
  orders_unasked_since: (how) => `create index ${how} if not exists orders_unasked_since
    on orders (gateway, mchid, appid, coalesce(known_at, created_at))
    where status = 'pending' and checks = 0`,
  // Of the orders that the gateway has not shown to know: the schedule of all others is of after that.
  orders_waiting_since: (how) => `create index ${how} if not exists orders_waiting_since
    on orders (gateway, mchid, greatest(next_check_at, known_at), appid)
    where status = 'pending' and standing = 1`,
}

async function hasOrders(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ readonly found: boolean }>`
    select exists (select from orders) as found`.execute(db)
  return rows[0]?.found === true
}
