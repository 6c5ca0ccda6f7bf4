import { type Kysely, sql } from 'kysely'

/**
 * The results of a run in its own row, as one value. Null of a run that has not ended, and of one that a
 * program of before made: its results are rows of `run_results`, until the run is pruned. That program
 * goes on beside this one, and shows runs of this one without their results.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table runs add column if not exists results json`.execute(db)
}
