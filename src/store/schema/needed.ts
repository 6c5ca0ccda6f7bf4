/** A right on a table, as PostgreSQL names it. */
export type Right = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE'

/** Of the migrator. */
export const appliedTable = 'budan_migrations'

/** The roles that `budan migrate --grants` was called with. Made by the first of them. */
export const grantsTable = 'budan_grants'

/**
 * What the statements of this folder need of each table, those of our triggers included, which run with
 * the rights of the user who writes. A foreign key, a cascade and a column that numbers itself need none.
 *
 * A right leaves this list one version after the last statement that needs it: nodes of the version
 * before go on with the same role while a new one migrates.
 */
export const neededRights: Readonly<Record<string, readonly Right[]>> = {
  [appliedTable]: ['SELECT'],
  orders: ['SELECT', 'INSERT', 'UPDATE'],
  order_events: ['SELECT', 'INSERT', 'DELETE'],
  orders_of_users: ['SELECT', 'INSERT', 'DELETE'],
  transfers: ['SELECT', 'INSERT'],
  entries: ['SELECT', 'INSERT'],
  payment_exceptions: ['SELECT', 'INSERT', 'UPDATE'],
  early_refund_notices: ['SELECT', 'INSERT', 'DELETE'],
  proofs: ['SELECT', 'INSERT'],
  proof_sequences: ['SELECT', 'INSERT', 'UPDATE'],
  proof_days: ['SELECT', 'INSERT', 'UPDATE'],
  proof_head: ['SELECT', 'INSERT', 'UPDATE'],
  published_events_new: ['SELECT', 'INSERT', 'DELETE'],
  published_events: ['SELECT', 'INSERT', 'DELETE'],
  published_head: ['SELECT', 'UPDATE'],
  webhook_endpoints: ['SELECT', 'INSERT', 'UPDATE'],
  webhook_subscriptions: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  webhooks_configured: ['SELECT', 'UPDATE'],
  webhook_deliveries: ['SELECT', 'INSERT', 'UPDATE'],
  webhook_attempts: ['SELECT', 'INSERT'],
  late_checks: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  merchants: ['SELECT', 'INSERT'],
  merchant_slots: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  runs: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  run_results: ['SELECT'],
  quota_lines: ['SELECT', 'INSERT', 'UPDATE'],
  retention: ['SELECT', 'UPDATE'],
  retention_passed: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  console_sessions: ['SELECT', 'INSERT', 'DELETE'],
}

/** What statements call. Functions of triggers need no right to be called by them. */
export const calledFunctions: readonly string[] = ['budan_order_key']

/** Null: a table of another program. */
export function neededOf(table: string): readonly Right[] | null {
  return table === grantsTable ? [] : (neededRights[table] ?? null)
}
