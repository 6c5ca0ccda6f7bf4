import { type Kysely, sql } from 'kysely'

/** Those of before 008; newer ones are listed as they come. Reads the table, and locks none of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into orders_of_users (user_id, created_at, order_no)
    select user_id, created_at, order_no from orders order by user_id, created_at, order_no
    on conflict do nothing`.execute(db)
}
