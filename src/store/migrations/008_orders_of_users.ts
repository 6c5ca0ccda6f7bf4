import { type Kysely, sql } from 'kysely'

/**
 * A user's orders, newest last, beside `orders` instead of in an index of it. Each claim and each
 * answer writes a new version of its row, and with it an entry into every index of `orders`. By
 * number and by time the orders of one claim are neighbours; by user each lies on a page of its own,
 * which with many orders is read from the disk, and written to it, for each of them. What is listed
 * here never changes, so nobody writes it again.
 *
 * 009 lists the orders of before, and 010 drops the index: one after the other, so that nobody is
 * held up. A trigger, so that orders of an older program are listed too.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [ordersOfUsers, list, listed]) await statement.execute(db)
}

const ordersOfUsers = sql`
  create table orders_of_users (
    user_id text collate "C" not null,
    created_at timestamptz(3) not null,
    order_no text collate "C" not null,
    primary key (user_id, created_at, order_no)
  )`

const list = sql`
  create function budan_list_order() returns trigger language plpgsql as $$
  begin
    insert into orders_of_users (user_id, created_at, order_no)
    values (new.user_id, new.created_at, new.order_no)
    on conflict do nothing;
    return null;
  end $$`

const listed = sql`
  create trigger orders_list after insert on orders for each row
  execute function budan_list_order()`
