import { sql } from 'kysely'
import { firstOf, type Scope } from '../../database.ts'

/**
 * PostgreSQL has autovacuum. The embedded database has nobody: without this its tables would grow
 * with each claim and each answer for ever, and its planner would never learn how large they are.
 * The time of the last one is kept in the database, so that a process that is started anew each
 * night tidies too.
 */
export async function vacuum(
  { db, now }: Scope,
  { everyMs }: { everyMs: number },
): Promise<boolean> {
  const due = await firstOf(
    db,
    sql`
      update retention set vacuumed_at = ${now()}
      where vacuumed_at is null
        or vacuumed_at <= ${now()} - ${everyMs}::float8 * interval '1 millisecond'
      returning 1`,
  )
  if (due === null) return false
  // Whole tables one by one: between them others get their turn on the one connection.
  for (const table of tables) await sql`vacuum (analyze) ${sql.table(table)}`.execute(db)
  return true
}

/** Those whose rows are changed or removed. The last three are analyzed alone. */
const tables = [
  ...[
    'orders',
    'order_events',
    'runs',
    'run_results',
    'console_sessions',
    'published_events_new',
    'published_events',
    'early_refund_notices',
    'webhook_deliveries',
    'webhook_attempts',
  ],
  ...['transfers', 'entries', 'orders_of_users'],
]
