import { type RawBuilder, sql } from 'kysely'
import { type EndpointHealth, gateOf } from '../../domain/webhooks/endpoint-health.ts'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import { recordsOf } from '../sql/json-records.ts'
import { isAmong } from './among.ts'
import { healthColumns } from './endpoints.ts'
import { unflushed } from './unflushed.ts'
import type {
  ClaimedDeliveries,
  ClaimedDelivery,
  ClaimedEvent,
  DeliveryAttempt,
  DeliveryClaim,
} from './webhook-store.ts'

/** In short statements, none of which waits for another node. */
export async function claimDeliveries(
  scope: Pick<Scope, 'db' | 'now'>,
  claim: DeliveryClaim,
): Promise<ClaimedDeliveries> {
  const { db, now } = scope
  const row = await firstOf(
    db,
    sql<EndpointHealth & { readonly now: Date }>`
      select ${healthColumns}, ${now()} as now from webhook_endpoints where name = ${claim.endpoint}`,
  )
  if (row === null) return { gate: 'hold', claimed: [] }
  const gate = gateOf(row, row.now)
  const at = row.now
  switch (gate) {
    case 'hold':
      return { gate, claimed: [] }
    case 'flow':
      return {
        gate,
        claimed: await claimOf(scope, { ...claim, at, isDue: sql`next_at <= ${now()}` }),
      }
    case 'probe': {
      if (!(await takeProbe(scope, claim))) return { gate: 'hold', claimed: [] }
      // The one that was tried least lately, also if it is not due.
      return { gate, claimed: await claimOf(scope, { ...claim, at, limit: 1, isDue: sql`true` }) }
    }
  }
}

/** One node alone probes: for all others the endpoint is held meanwhile. */
async function takeProbe(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { endpoint, leaseMs }: DeliveryClaim,
): Promise<boolean> {
  const taken = await firstOf(
    db,
    sql`
      update webhook_endpoints set held_until = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      where name = ${endpoint} and (held_until is null or held_until <= ${now()}) and failures > 0
      returning 1 as taken`,
  )
  return taken !== null
}

/** The event's id as it is published, of the row `e`. */
export const eventId = sql`'evt_' || replace(e.id::text, '-', '')`

interface ClaimedRow extends DeliveryAttempt, Omit<ClaimedEvent, 'id'> {
  readonly eventId: string
}

interface ClaimOfDue extends DeliveryClaim {
  /** By the clock of the database. */
  readonly at: Date
  readonly isDue: RawBuilder<unknown>
}

/** Plan: the first entries of `deliveries_pending` for the endpoint. */
async function claimOf(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { endpoint, limit, leaseMs, at, isDue }: ClaimOfDue,
): Promise<readonly ClaimedDelivery[]> {
  const rows = await rowsOf(
    db,
    sql<ClaimedRow>`
      with due as materialized (
        select id from webhook_deliveries
        where endpoint = ${endpoint} and state = 'pending' and ${isDue}
          and (claimed_until is null or claimed_until <= ${now()})
        order by next_at limit ${limit} for update skip locked
      ),
      claimed as (
        update webhook_deliveries d set attempts = d.attempts + 1,
          claimed_until = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
        from due where d.id = due.id
        returning d.id, d.attempts, d.position, d.next_at
      )
      select claimed.id, claimed.attempts as attempt, ${eventId} as "eventId", e.type, e.at as timestamp,
        e.gateway, e.mchid, e.data::text as data
      from (select ${unflushed}) as setting
        cross join claimed join published_events e using (position)
      order by claimed.next_at, claimed.id`,
  )
  return rows.map(({ id, attempt, eventId: named, ...event }) => ({
    ...{ id, attempt, claimedAt: at },
    event: { id: named, ...event },
  }))
}

/**
 * The number of the attempt is not used again. It is added to `attempts_before`, so that the schedule of
 * waits does not count it. Rows are locked by their ids, as all writers do.
 */
export async function releaseDeliveries(
  { db }: Pick<Scope, 'db'>,
  claims: readonly DeliveryAttempt[],
): Promise<void> {
  if (claims.length === 0) return
  const records = recordsOf(claims, ({ id, attempt }) => ({ id: String(id), attempt }))
  await sql`
    with claimed as materialized (
      select d.id from webhook_deliveries d
        join json_to_recordset(${records}::json) as claim (id bigint, attempt integer)
          on claim.id = d.id and claim.attempt = d.attempts
      where ${isAmong('d.id', claims)} and d.state = 'pending' and d.claimed_until is not null
      order by d.id for update of d
    )
    update webhook_deliveries d set claimed_until = null, attempts_before = d.attempts_before + 1
    where d.id = any(array(select id from claimed))`.execute(db)
}
