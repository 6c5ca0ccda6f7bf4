import { type Kysely, sql } from 'kysely'

/**
 * Order numbers and Idempotency-Keys are unique for each merchant from here on. A program of before would
 * take another merchant's key for a number: none of its nodes may be left.
 *
 * In all tables an order keeps one value as its key, `order_no`. It is the order number for the first
 * merchant of the database and for every order of before; an order of another merchant has the
 * merchant's place behind its number: `NUMBER:2`. So no table is rewritten, no index or foreign key is
 * made anew, and no statement can find an order by half of a key (decision 051).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = await schemaOfOrders(db)
  // Waits for every insert under way: no key is made by the former rule after one by this.
  await sql`lock table orders in share row exclusive mode`.execute(db)
  for (const statement of [merchants, first, sql.raw(orderKeyIn(schema)), ...slots, formerKeys]) {
    await statement.execute(db)
  }
}

const merchants = sql`
  create table merchants (
    number integer primary key check (number >= 0),
    gateway text not null,
    mchid text not null,
    unique (gateway, mchid)
  )`

/** Most orders of before are its. */
const first = sql`
  insert into merchants (number, gateway, mchid)
  select 0, gateway, mchid from orders order by created_at, order_no limit 1`

/**
 * The same for one order whenever it is called: which orders of before hold a number cannot change, and of
 * those that come only the first merchant's have a number as their key.
 */
function orderKeyIn(schema: string): string {
  return `
    create or replace function budan_order_key(of_gateway text, of_mchid text, of_number text)
    returns text language plpgsql as $$
    declare
      place integer;
      holder record;
    begin
      select m.number into place from ${schema}.merchants m
      where m.gateway = of_gateway and m.mchid = of_mchid;
      if place is null then
        -- One merchant is added at a time; another transaction may have added this one meanwhile.
        perform pg_advisory_xact_lock(hashtext('budan merchants'));
        select m.number into place from ${schema}.merchants m
        where m.gateway = of_gateway and m.mchid = of_mchid;
      end if;
      if place is null then
        insert into ${schema}.merchants (number, gateway, mchid)
        select coalesce(max(m.number) + 1, 0), of_gateway, of_mchid from ${schema}.merchants m
        returning number into place;
      end if;
      select o.gateway, o.mchid into holder from ${schema}.orders o where o.order_no = of_number;
      if found and holder.gateway = of_gateway and holder.mchid = of_mchid then
        return of_number;
      end if;
      if not found and place = 0 then
        return of_number;
      end if;
      return of_number || ':' || place;
    end $$`
}

/** Slots are each merchant's, see 018. */
const slots = [
  sql`alter table runs drop constraint runs_slot_key`,
  sql`create index runs_by_slot on runs (slot) where slot is not null`,
]

const formerKeys = sql`drop index orders_idempotency_key`

/** Functions name their tables with the schema, see 014. */
async function schemaOfOrders(db: Kysely<unknown>): Promise<string> {
  const { rows } = await sql<{ readonly schema: string }>`
    select quote_ident(n.nspname) as schema
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = to_regclass('orders')`.execute(db)
  const schema = rows[0]?.schema
  if (schema === undefined) throw new Error('Cannot find the table of orders')
  return schema
}
