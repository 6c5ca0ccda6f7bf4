import { type Kysely, sql } from 'kysely'

/**
 * The first of two steps towards orders that are kept apart by merchant; 019 is the second. A program of
 * before goes on beside this one: order numbers and Idempotency-Keys stay unique over all merchants.
 *
 * The index is built beside the work of others, outside any transaction; a build that was cut short left
 * an invalid one, which is begun anew.
 */
export async function prepare(db: Kysely<unknown>): Promise<void> {
  if (!(await hasOrders(db))) return
  const { rows } = await sql<{ readonly valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass('orders_idempotency_keys')
  `.execute(db)
  if (rows[0]?.valid === true) return
  if (rows.length > 0) await sql`drop index concurrently orders_idempotency_keys`.execute(db)
  await sql.raw(idempotencyKeys('concurrently')).execute(db)
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(idempotencyKeys('')).execute(db)
  await orderKey.execute(db)
  await slots.execute(db)
}

/** One order for one key of a merchant's caller. */
function idempotencyKeys(how: 'concurrently' | ''): string {
  return `create unique index ${how} if not exists orders_idempotency_keys
    on orders (gateway, mchid, idempotency_key)
    where idempotency_key is not null`
}

/** The key that an order is stored under: until 019 its number. */
const orderKey = sql`
  create function budan_order_key(of_gateway text, of_mchid text, of_number text)
  returns text language plpgsql as $$
  begin
    return of_number;
  end $$`

/**
 * The last slot that each merchant had a run for. One row a merchant, which a run takes by moving its
 * slot on: two nodes make one run for each merchant and interval, whatever other merchants each has.
 */
const slots = sql`
  create table merchant_slots (
    gateway text not null,
    mchid text not null,
    slot timestamptz(3) not null,
    primary key (gateway, mchid)
  )`

async function hasOrders(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql<{ readonly found: boolean }>`
    select exists (select from orders) as found`.execute(db)
  return rows[0]?.found === true
}
