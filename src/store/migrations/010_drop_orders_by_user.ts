import { type Kysely, sql } from 'kysely'

/** See 008. A program of before finds a user's orders without it, too; it takes longer. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`drop index orders_by_user`.execute(db)
}
