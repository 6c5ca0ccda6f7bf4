import { type Kysely, sql } from 'kysely'

/**
 * What belongs to an order's identity and end. A program of before goes on beside this schema: its
 * orders are of standing 0 (known), their ends are given, and it never comes to the end of an order
 * whose end is not known, because `expires_at` is in the year 2999 there.
 *
 * As in 005, nothing here rewrites or reads a table.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

const columns = sql`
  alter table orders
    -- 0: the gateway knows it; 1: not queried yet; 2: queried, and not known.
    add column standing smallint not null default 0,
    -- Null: the end of the order is given.
    add column watched_until timestamptz(3),
    add column code_expires_at timestamptz(3),
    add column corrected_at timestamptz(3),
    add constraint orders_standing check (standing between 0 and 2) not valid`

/** Who caused an event, and from where. */
const actors = sql`
  alter table order_events
    add column actor_name text,
    add column actor_address text,
    add constraint order_events_actor check (actor_name is not null or actor_address is null) not valid,
    add constraint order_events_persons_named check (
      kind not in ('corrected', 'abandoned')
      or (operator is not null and coalesce(char_length(reason), 0) > 0)
    ) not valid`

/**
 * I2, as in 001: what was ordered never changes. But for an adopted order of which nothing was
 * credited, whose facts another system gave: a person may correct them. And an order that the gateway
 * never accepted gives its Idempotency-Key back when it ends.
 */
const dropFacts = sql`drop trigger orders_keep_facts on orders`
const facts = sql`
  create trigger orders_keep_facts before update of
    order_no, user_id, amount, currency, gateway, mchid, appid, adopted, idempotency_key, created_at
  on orders for each row
  when (
    (new.order_no, new.currency, new.gateway, new.mchid, new.adopted, new.created_at)
      is distinct from
      (old.order_no, old.currency, old.gateway, old.mchid, old.adopted, old.created_at)
    or (
      (new.user_id, new.amount, new.appid) is distinct from (old.user_id, old.amount, old.appid)
      and not (old.adopted and old.status <> 'paid' and new.status = old.status)
    )
    or (
      new.idempotency_key is distinct from old.idempotency_key
      and not (
        new.idempotency_key is null and old.code_url is null
        and old.status = 'pending' and new.status = 'expired'
      )
    )
  )
  execute function budan_refuse('I2: the facts of an order never change')`

/** I6 for what is no state: a correction has its event, with name and reason. */
const correction = sql`
  create function budan_check_correction() returns trigger language plpgsql as $$
  begin
    if not exists (
      select from order_events e
      where e.order_no = new.order_no and e.kind = 'corrected' and e.at = new.corrected_at
    ) then
      raise exception 'I6: order % is corrected without an event', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
  end $$`

const corrections = sql`
  create constraint trigger orders_tell_correction after update of user_id, amount, appid on orders
  deferrable initially immediate for each row
  when ((new.user_id, new.amount, new.appid) is distinct from (old.user_id, old.amount, old.appid))
  execute function budan_check_correction()`

/** The list of 008 follows the user. */
const relist = sql`
  create function budan_relist_order() returns trigger language plpgsql as $$
  begin
    delete from orders_of_users
    where user_id = old.user_id and created_at = old.created_at and order_no = old.order_no;
    insert into orders_of_users (user_id, created_at, order_no)
    values (new.user_id, new.created_at, new.order_no)
    on conflict do nothing;
    return null;
  end $$`

const relisted = sql`
  create trigger orders_relist after update of user_id on orders for each row
  when (new.user_id is distinct from old.user_id)
  execute function budan_relist_order()`

/** Expired orders that are queried a few times more. */
const lateChecks = sql`
  create table late_checks (
    order_no text collate "C" primary key references orders (order_no),
    gateway text not null,
    mchid text not null,
    expired_at timestamptz(3) not null,
    asked smallint not null default 0 check (asked between 0 and 2),
    due_at timestamptz(3) not null
  )`

const lateChecksDue = sql`
  create index late_checks_due on late_checks (gateway, mchid, due_at, order_no)`

const statements = [
  columns,
  actors,
  dropFacts,
  facts,
  correction,
  corrections,
  relist,
  relisted,
  lateChecks,
  lateChecksDue,
]
