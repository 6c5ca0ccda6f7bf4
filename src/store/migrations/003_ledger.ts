import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await statement.execute(db)
}

const transfers = sql`
  create table transfers (
    -- I1: an order is credited at most once …
    order_no text collate "C" primary key,
    gateway text not null,
    transaction_id text collate "C" not null,
    amount bigint not null,
    currency text not null,
    mchid text not null,
    appid text not null,
    paid_at timestamptz(3),
    created_at timestamptz(3) not null,
    -- I1: … and a payment credits at most one order.
    constraint transfers_transaction unique (gateway, transaction_id),
    -- I2: what was paid is what was ordered, and the order says that this paid it.
    constraint transfers_facts
      foreign key (order_no, amount, currency, gateway, mchid, appid, transaction_id)
      references orders (order_no, amount, currency, gateway, mchid, appid, transaction_id)
      deferrable initially immediate
  )`

/** I3: a paid order has its transfer. (An unpaid one has a null here, which is not checked.) */
const credited = sql`
  alter table orders add constraint orders_credited
  foreign key (transfer_order_no) references transfers (order_no)
  deferrable initially immediate`

const entries = sql`
  create table entries (
    id bigint generated always as identity,
    order_no text collate "C" not null,
    -- I3: two legs, so never a third entry.
    leg smallint not null check (leg in (1, 2)),
    account text collate "C" not null,
    amount bigint not null check (amount <> 0),
    currency text not null,
    at timestamptz(3) not null,
    primary key (order_no, leg),
    constraint entries_transfer foreign key (order_no) references transfers (order_no)
      deferrable initially immediate
  )`

/** A balance and a statement are read from this index alone. */
const byAccount = sql`
  create index entries_by_account on entries (account, id) include (amount, currency)`

/**
 * I3: two entries, zero in sum, in the transfer's amount and currency, and the order's user gets
 * it. Looking when the transfer is written is enough: entries are never changed (I4), and there
 * are no more than two legs.
 */
const balance = sql`
  create function budan_check_transfer() returns trigger language plpgsql as $$
  declare
    entry_count bigint;
    entry_sum numeric;
    user_credited boolean;
    one_currency boolean;
  begin
    select count(*), sum(e.amount), bool_and(e.currency = new.currency),
      bool_or(e.amount = new.amount and e.account = 'user:' || o.user_id)
    into entry_count, entry_sum, one_currency, user_credited
    from entries e join orders o on o.order_no = e.order_no
    where e.order_no = new.order_no;
    if entry_count <> 2 or entry_sum <> 0 or not one_currency or not user_credited then
      raise exception 'I3: transfer of order % does not balance', new.order_no
        using errcode = 'integrity_constraint_violation';
    end if;
    return null;
  end $$`

const balanced = sql`
  create constraint trigger transfers_balance after insert on transfers
  deferrable initially immediate for each row
  execute function budan_check_transfer()`

const keepTransfers = sql`
  create trigger transfers_keep before update or delete or truncate on transfers
  for each statement
  execute function budan_refuse('I4: transfers are never changed or removed')`

const keepEntries = sql`
  create trigger entries_keep before update or delete or truncate on entries
  for each statement
  execute function budan_refuse('I4: entries are never changed or removed')`

const statements = [
  transfers,
  credited,
  entries,
  byAccount,
  balance,
  balanced,
  keepTransfers,
  keepEntries,
]
