import { type Kysely, sql } from 'kysely'

/**
 * The code of a reason and what its sentence names, beside the sentence. A program of before writes the
 * sentence alone, as rows of before have it: they are shown as they were stored.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['order_events', 'run_results']) {
    await sql`
      alter table ${sql.ref(table)}
        add column if not exists reason_code text, add column if not exists reason_params json
    `.execute(db)
  }
}
