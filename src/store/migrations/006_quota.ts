import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await quotaLines.execute(db)
}

/**
 * Where each line of places stands. Unlogged: a rate is not money, and a reservation then waits for
 * no disk. After a crash of the server, or on a standby that took over, the table is empty, and
 * lines begin anew.
 */
const quotaLines = sql`
  create unlogged table quota_lines (
    name text primary key,
    next_at timestamptz not null default 'epoch',
    held_until timestamptz not null default 'epoch',
    hold_ms double precision not null default 0
  )`
