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

/** An `EndpointHealth`. */
export const healthColumns = sql`
  failures, failing_since as "failingSince", failed_at as "failedAt", held_until as "heldUntil"`

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
    sql<Omit<EndpointState, 'health'> & EndpointHealth>`
      select w.name, ${healthColumns},
        last_at as "lastAt", last_status as "lastStatus", last_error as "lastError",
        ${counted('pending')} as pending, ${counted('failed')} as failed,
        (
          select max(greatest(0, extract(epoch from ${now()} - e.at)::float8 * 1000))
          from (
            select position from webhook_deliveries d where d.endpoint = w.name and d.state = 'pending'
            limit ${sql.lit(countMax)}
          ) as waiting join published_events e using (position)
        ) as "oldestPendingMs"
      from webhook_endpoints w where w.name in (${sql.join(names)}) order by w.name`,
  )
  return rows.map(({ failures, failingSince, failedAt, heldUntil, ...state }) => ({
    ...state,
    health: { failures, failingSince, failedAt, heldUntil },
  }))
}
