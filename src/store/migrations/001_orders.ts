import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

/**
 * What a trigger calls once its `when` has found something wrong. All conditions are in the `when`,
 * which PostgreSQL evaluates without starting a function: what is right costs next to nothing.
 */
const refuse = sql`
  create function budan_refuse() returns trigger language plpgsql as $$
  begin
    raise exception '%', tg_argv[0] using errcode = 'integrity_constraint_violation';
  end $$`

/**
 * Times have milliseconds, no more: what JavaScript reads is then exactly what is stored, and a
 * cursor or a comparison made of it finds its row again. Keys sort by bytes (collate "C"), so that
 * no change of the system's collation can break an index.
 *
 * A claim and an answer each move `next_check_at`, which is indexed, so these updates are not HOT:
 * room on each page keeps the new version beside the old one, and an early vacuum keeps the left
 * end of `orders_due` free of dead entries.
 */
const orders = sql`
  create table orders (
    order_no text collate "C" primary key,
    user_id text collate "C" not null,
    amount bigint not null check (amount between 1 and 9007199254740991),
    currency text not null,
    description text not null,
    attach text,
    gateway text not null,
    mchid text not null,
    appid text not null,
    adopted boolean not null,
    idempotency_key text collate "C",
    code_url text,
    status text not null check (status in ('pending', 'paid', 'expired', 'review')),
    state_seq integer not null check (state_seq >= 1),
    created_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    next_check_at timestamptz(3) not null,
    checks integer not null default 0 check (checks >= 0),
    absent_count integer not null default 0 check (absent_count >= 0),
    absent_since timestamptz(3),
    transaction_id text collate "C",
    paid_at timestamptz(3),
    credited_at timestamptz(3),
    credited_by text,
    -- For I3: the transfer that a paid order must have.
    transfer_order_no text collate "C" generated always as
      (case when transaction_id is not null then order_no end) stored,
    -- I1, I3: paid, and what paid it, come and stay together. The gateway may not say when.
    constraint orders_paid_whole check (
      num_nonnulls(transaction_id, credited_at, credited_by) = case status when 'paid' then 3 else 0 end
      and (status = 'paid' or paid_at is null)
    ),
    -- I2: what a transfer must equal. With the transaction id, so that its order is a paid one.
    constraint orders_facts
      unique (order_no, amount, currency, gateway, mchid, appid, transaction_id)
  ) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
  )`

/** One order for one key of the caller's. */
const idempotency = sql`
  create unique index orders_idempotency_key on orders (idempotency_key)
  where idempotency_key is not null`

/**
 * What is due, merchant by merchant: orders of another one must not lie in the way. `created_at` is in the key so that the orders too young to be asked about, which
 * come last, are skipped inside the index; `order_no` makes the order of claims exact.
 */
const due = sql`
  create index orders_due on orders (gateway, mchid, appid, next_check_at, created_at, order_no)
  where status = 'pending'`

/** The oldest order that nobody has an answer about, for the metrics. */
const unasked = sql`
  create index orders_unasked on orders (gateway, mchid, appid, created_at)
  where status = 'pending' and checks = 0`

const byTime = sql`create index orders_by_time on orders (created_at, order_no)`
const byStatus = sql`create index orders_by_status on orders (status, created_at, order_no)`
const byUser = sql`create index orders_by_user on orders (user_id, created_at, order_no)`

/** I6: an order begins as pending, with number 1. */
const begins = sql`
  create trigger orders_begin before insert on orders for each row
  when (new.status <> 'pending' or new.state_seq <> 1)
  execute function budan_refuse('I6: an order begins as pending, with state_seq 1')`

/** I6, I4: only the moves drawn in src/domain/order.ts, each with the next number. */
const moves = sql`
  create trigger orders_move before update of status, state_seq on orders for each row
  when (
    (new.status, new.state_seq) is distinct from (old.status, old.state_seq)
    and not (
      new.state_seq = old.state_seq + 1 and (
        (old.status = 'pending' and new.status in ('paid', 'expired', 'review'))
        or (old.status = 'expired' and new.status in ('paid', 'review'))
      )
    )
  )
  execute function budan_refuse('I6: no such change of state')`

/** I2: what was ordered is what is compared with what was paid. */
const facts = sql`
  create trigger orders_keep_facts before update of
    order_no, user_id, amount, currency, gateway, mchid, appid, adopted, idempotency_key, created_at
  on orders for each row
  when (
    (new.order_no, new.user_id, new.amount, new.currency, new.gateway, new.mchid, new.appid,
     new.adopted, new.idempotency_key, new.created_at)
    is distinct from
    (old.order_no, old.user_id, old.amount, old.currency, old.gateway, old.mchid, old.appid,
     old.adopted, old.idempotency_key, old.created_at)
  )
  execute function budan_refuse('I2: the facts of an order never change')`

/** I1: an order is paid once; nothing rewrites by what. */
const payment = sql`
  create trigger orders_keep_payment before update of
    transaction_id, paid_at, credited_at, credited_by
  on orders for each row
  when (
    old.status = 'paid' and
    (new.transaction_id, new.paid_at, new.credited_at, new.credited_by) is distinct from
    (old.transaction_id, old.paid_at, old.credited_at, old.credited_by)
  )
  execute function budan_refuse('I1: what paid an order never changes')`

const statements = [
  refuse,
  orders,
  idempotency,
  due,
  unasked,
  byTime,
  byStatus,
  byUser,
  begins,
  moves,
  facts,
  payment,
]
