import { sql } from 'kysely'
import type { EndpointHealth } from '../../domain/webhooks/endpoint-health.ts'
import { hourMs } from '../../text/time-units.ts'
import { type Connection, rowsOf, type Scope } from '../database.ts'
import type { ConfiguredEndpoint, EndpointState } from './webhook-store.ts'

/**
 * After this time an endpoint that no node has said is forgotten, while others go on: a node that is slow
 * to restart with a new file must not make an endpoint lose events.
 */
const forgottenMs = hourMs

export async function configureWebhooks(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  endpoints: readonly ConfiguredEndpoint[],
): Promise<void> {
  const records = JSON.stringify(
    endpoints.map(({ name, types }) => ({ name, types: types?.join(',') ?? '' })),
  )
  const given = sql`json_to_recordset(${records}::json) as given (name text, types text)`
  await db.transaction().execute(async (tx) => {
    await sql`
      insert into webhook_endpoints (name) select distinct name from ${given}
      on conflict do nothing`.execute(tx)
    await sql`
      insert into webhook_subscriptions (endpoint, types, configured_at)
      select distinct name, types, ${now()} from ${given}
      on conflict (endpoint, types) do update set configured_at = excluded.configured_at`.execute(
      tx,
    )
    await sql`update webhooks_configured set at = ${now()}`.execute(tx)
    await sql`
      delete from webhook_subscriptions where not ${isConfigured('webhook_subscriptions', forgottenMs)}
        and ${isForgotten(now)}`.execute(tx)
  })
}

/** By what nodes have said, and not by the clock: while none runs, no endpoint is forgotten. */
export function isConfigured(table: string, withinMs = forgottenMs) {
  return sql`${sql.ref(`${table}.configured_at`)} >
    (select at from webhooks_configured) - ${withinMs}::float8 * interval '1 millisecond'`
}

/** Kept longer than that, so that it can be seen when an endpoint was there last. */
function isForgotten(now: Scope['now']) {
  return sql`webhook_subscriptions.configured_at < ${now()} - interval '30 days'`
}

export interface HealthRow {
  readonly failures: number
  readonly failing_since: Date | null
  readonly failed_at: Date | null
  readonly held_until: Date | null
}

export const healthColumns = sql`failures, failing_since, failed_at, held_until`

export function healthOf(row: HealthRow): EndpointHealth {
  return {
    failures: row.failures,
    failingSince: row.failing_since,
    failedAt: row.failed_at,
    heldUntil: row.held_until,
  }
}

interface StateRow extends HealthRow {
  readonly name: string
  readonly pending: number
  readonly failed: number
  readonly oldest_ms: number | null
  readonly last_at: Date | null
  readonly last_status: number | null
  readonly last_error: string | null
}

/** Plan: for each name the first `countMax` entries of the partial indexes, and the oldest by its id. */
export async function endpointStates(
  { db, now }: { readonly db: Connection; readonly now: Scope['now'] },
  { names, countMax }: { readonly names: readonly string[]; readonly countMax: number },
): Promise<readonly EndpointState[]> {
  if (names.length === 0) return []
  const counted = (state: string) => sql`(
    select count(*)::integer from (
      select from webhook_deliveries d where d.endpoint = w.name and d.state = ${sql.lit(state)}
      limit ${sql.lit(countMax)}
    ) as found)`
  const rows = await rowsOf(
    db,
    sql<StateRow>`
      select w.name, ${healthColumns}, last_at, last_status, last_error,
        ${counted('pending')} as pending, ${counted('failed')} as failed,
        (
          select extract(epoch from ${now()} - min(e.at))::float8 * 1000
          from (
            select position from webhook_deliveries d where d.endpoint = w.name and d.state = 'pending'
            limit ${sql.lit(countMax)}
          ) as waiting join published_events e using (position)
        ) as oldest_ms
      from webhook_endpoints w where w.name in (${sql.join(names)}) order by w.name`,
  )
  return rows.map((row) => ({
    ...{ name: row.name, health: healthOf(row), pending: row.pending, failed: row.failed },
    oldestPendingMs: row.oldest_ms === null ? null : Math.max(0, row.oldest_ms),
    ...{ lastAt: row.last_at, lastStatus: row.last_status, lastError: row.last_error },
  }))
}
