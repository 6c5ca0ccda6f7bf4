import { sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import type { Attempt, DeliveryState } from '../../domain/webhooks/delivery.ts'
import {
  afterFailure,
  type EndpointHealth,
  isFailing,
  wellEndpoint,
} from '../../domain/webhooks/endpoint-health.ts'
import { nextWaitMs } from '../../domain/webhooks/retry.ts'
import { type Connection, firstOf, rowsOf, type Scope } from '../database.ts'
import { recordsOf, wellFormed } from '../sql/json-records.ts'
import { isAmong } from './among.ts'
import { type HealthRow, healthColumns, healthOf } from './endpoints.ts'
import { unflushed } from './unflushed.ts'
import type { AttemptsRecord, MadeAttempt, RecordedAttempts } from './webhook-store.ts'

/**
 * The endpoint's row is locked first, so that failures are counted one after the other, on whatever nodes
 * they were seen.
 */
export function recordAttempts(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { endpoint, attempts, test }: AttemptsRecord,
): Promise<RecordedAttempts> {
  return db.transaction().execute(async (tx) => {
    const row = await firstOf(
      tx,
      sql<HealthRow & { readonly now: Date }>`
        select ${healthColumns}, ${now()} as now, ${unflushed} from webhook_endpoints
        where name = ${endpoint} for update`,
    )
    assert(row !== null, `The endpoint ${endpoint} is not there`)
    const before = healthOf(row)
    const scope = { tx, now: row.now }
    const failed = attempts.length === 0 ? 0 : await writeAttempts(scope, attempts)
    const after = healthAfter(before, { attempts, test, now: row.now })
    const last = test ?? attempts.at(-1)
    if (last !== undefined) await writeHealth(scope, { endpoint, health: after, last })
    const isBack = before.failures > 0 && after.failures === 0 && isFailing(before)
    if (isBack) await releaseWaiting(scope, endpoint)
    return { before, after, now: row.now, failed, lastError: last?.error ?? null }
  })
}

interface Locked {
  readonly tx: Connection
  readonly now: Date
}

/** A test event that fails says nothing about what would be delivered. */
function healthAfter(
  before: EndpointHealth,
  {
    attempts,
    test,
    now,
  }: Pick<AttemptsRecord, 'attempts'> & { readonly test: Attempt | undefined; readonly now: Date },
): EndpointHealth {
  const health = attempts.reduce<EndpointHealth>((each, { outcome, claimedAt, retryAfterMs }) => {
    if (outcome === 'delivered') return wellEndpoint
    return afterFailure(each, { beganAt: claimedAt, now, retryAfterMs })
  }, before)
  return test?.outcome === 'delivered' ? wellEndpoint : health
}

interface Standing {
  readonly id: bigint
  readonly state: DeliveryState
  readonly attempts: number
  readonly attempts_before: number
  readonly age_ms: number
}

/** Returns how many deliveries were given up. */
async function writeAttempts(
  { tx, now }: Locked,
  attempts: readonly MadeAttempt[],
): Promise<number> {
  const rows = await rowsOf(
    tx,
    sql<Standing>`
      select id, state, attempts, attempts_before,
        extract(epoch from ${now}::timestamptz(3) - due_since)::float8 * 1000 as age_ms
      from webhook_deliveries where ${isAmong('id', attempts)} order by id for update`,
  )
  const standing = new Map(rows.map((row) => [BigInt(row.id), row]))
  const turns = attempts.flatMap((made) => turnOf(made, standing.get(made.id)) ?? [])
  await updateDeliveries({ tx, now }, turns)
  // What was removed for its age meanwhile has no log either.
  await logAttempts(
    tx,
    attempts.filter(({ id }) => standing.has(id)),
  )
  return turns.filter(({ state }) => state === 'failed').length
}

interface Turn {
  readonly made: MadeAttempt
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly waitMs: number
}

/**
 * Null: it counts for nothing. Somebody has claimed the delivery again, or it was delivered before; but what
 * was delivered late is delivered, unless a replay was requested since.
 */
function turnOf(made: MadeAttempt, standing: Standing | undefined): Turn | null {
  if (standing?.state !== 'pending' || made.attempt <= standing.attempts_before) return null
  if (made.outcome === 'delivered') return { made, state: 'delivered', waitMs: 0 }
  if (made.attempt !== standing.attempts) return null
  const waitMs = nextWaitMs({
    attempts: made.attempt - standing.attempts_before,
    ageMs: standing.age_ms,
    retryAfterMs: made.retryAfterMs,
    chance: Math.random(),
  })
  return waitMs === null ? { made, state: 'failed', waitMs: 0 } : { made, state: 'pending', waitMs }
}

async function updateDeliveries({ tx, now }: Locked, turns: readonly Turn[]): Promise<void> {
  if (turns.length === 0) return
  const records = recordsOf(turns, ({ made, state, waitMs }) => ({
    ...{ id: String(made.id), state, wait_ms: waitMs, status: made.status },
    error: wellFormed(made.error),
  }))
  await sql`
    update webhook_deliveries d set state = turn.state, claimed_until = null,
      next_at = ${now}::timestamptz(3) + turn.wait_ms * interval '1 millisecond',
      finished_at = case when turn.state <> 'pending' then ${now}::timestamptz(3) end,
      last_status = turn.status, last_error = turn.error
    from json_to_recordset(${records}::json)
      as turn (id bigint, state text, wait_ms float8, status integer, error text)
    where ${isAmong(
      'd.id',
      turns.map(({ made }) => made),
    )} and d.id = turn.id`.execute(tx)
}

/** Also of those that count for nothing: they were sent. */
async function logAttempts(tx: Connection, attempts: readonly MadeAttempt[]): Promise<void> {
  if (attempts.length === 0) return
  const records = recordsOf(attempts, (made) => ({
    ...{ id: String(made.id), attempt: made.attempt, at: made.claimedAt.toISOString() },
    ...{ duration_ms: made.durationMs, outcome: made.outcome, status: made.status },
    ...{ error: wellFormed(made.error), answer: wellFormed(made.answer) },
  }))
  await sql`
    insert into webhook_attempts
      (delivery_id, attempt, at, duration_ms, outcome, status, error, answer)
    select made.* from json_to_recordset(${records}::json) as made (
      id bigint, attempt integer, at timestamptz, duration_ms integer, outcome text,
      status integer, error text, answer text
    )
    on conflict do nothing`.execute(tx)
}

async function writeHealth(
  { tx, now }: Locked,
  {
    endpoint,
    health,
    last,
  }: {
    readonly endpoint: string
    readonly health: EndpointHealth
    readonly last: { readonly status: number | null; readonly error: string | null }
  },
): Promise<void> {
  const { failures, failingSince, failedAt, heldUntil } = health
  await sql`
    update webhook_endpoints set failures = ${failures}::integer,
      failing_since = ${failingSince}::timestamptz(3), failed_at = ${failedAt}::timestamptz(3),
      held_until = ${heldUntil}::timestamptz(3), last_at = ${now}::timestamptz(3),
      last_status = ${last.status}::integer, last_error = ${wellFormed(last.error)}::text
    where name = ${endpoint}`.execute(tx)
}

/**
 * Those that were tried while the endpoint was away wait for nothing now. All others are due, or never were
 * tried. Plan: `deliveries_pending` behind now; while an endpoint is away, few are tried.
 */
async function releaseWaiting({ tx, now }: Locked, endpoint: string): Promise<void> {
  await sql`
    update webhook_deliveries set next_at = ${now}::timestamptz(3)
    where endpoint = ${endpoint} and state = 'pending' and next_at > ${now}::timestamptz(3)
      and claimed_until is null`.execute(tx)
}
