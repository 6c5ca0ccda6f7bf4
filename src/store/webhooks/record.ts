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
import { type AttemptRow, attemptColumns, attemptNames } from './attempts.ts'
import { healthColumns } from './endpoints.ts'
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
      sql<EndpointHealth & { readonly at: Date }>`
        select ${healthColumns}, ${now()} as at
        from (select ${unflushed}) as setting cross join webhook_endpoints
        where name = ${endpoint} for update of webhook_endpoints`,
    )
    assert(row !== null, `The endpoint ${endpoint} is not there`)
    const { at, ...before } = row
    const scope = { tx, now: at }
    const failed = attempts.length === 0 ? 0 : await writeAttempts(scope, attempts)
    const after = healthAfter(before, { attempts, test, now: at })
    const last = test ?? attempts.at(-1)
    if (last !== undefined) await writeHealth(scope, { endpoint, health: after, last })
    const isBack = before.failures > 0 && after.failures === 0 && isFailing(before)
    if (isBack) await releaseWaiting(scope, endpoint)
    return { before, after, now: at, failed, lastError: last?.error ?? null }
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
  readonly delivered_by: object | null
}

/** Returns how many deliveries were given up. */
async function writeAttempts(locked: Locked, attempts: readonly MadeAttempt[]): Promise<number> {
  const rows = await rowsOf(
    locked.tx,
    sql<Standing>`
      select id, state, attempts, attempts_before, delivered_by,
        extract(epoch from ${locked.now}::timestamptz(3) - due_since)::float8 * 1000 as age_ms
      from webhook_deliveries where ${isAmong('id', attempts)} order by id for update`,
  )
  const standing = new Map(rows.map((row) => [row.id, row]))
  // What was removed for its age meanwhile has no log either.
  const turns: Turn[] = []
  const decided = new Map<bigint, number>()
  for (const made of attempts) {
    const found = standing.get(made.id)
    if (found === undefined) continue
    const turn = turnOf(made, found)
    if (turn.state !== null) {
      // After a long outage two attempts of one delivery may be recorded together: one state is written.
      const before = decided.get(made.id)
      const superseded = before === undefined ? undefined : turns[before]
      if (before !== undefined && superseded) turns[before] = { ...superseded, state: null }
      decided.set(made.id, turns.length)
      standing.set(made.id, { ...found, state: turn.state })
    }
    turns.push(turn)
  }
  if (turns.length > 0) await writeTurns(locked, turns)
  return turns.filter(({ state }) => state === 'failed').length
}

/** `state` is null where the attempt counts for nothing. */
interface Turn {
  readonly made: MadeAttempt
  readonly state: DeliveryState | null
  readonly waitMs: number
  /** The attempt that delivered it before its replay. */
  readonly deliveredBy: object | null
}

function turnOf(made: MadeAttempt, standing: Standing): Turn {
  return { made, ...outcomeOf(made, standing), deliveredBy: standing.delivered_by }
}

/**
 * It counts for nothing where somebody has claimed the delivery again, or it was delivered before; but what
 * was delivered late is delivered, unless a replay was requested since.
 */
function outcomeOf(made: MadeAttempt, standing: Standing): Pick<Turn, 'state' | 'waitMs'> {
  const nothing = { state: null, waitMs: 0 }
  if (standing.state !== 'pending' || made.attempt <= standing.attempts_before) return nothing
  if (made.outcome === 'delivered') return { state: 'delivered', waitMs: 0 }
  if (made.attempt !== standing.attempts) return nothing
  const waitMs = nextWaitMs({
    attempts: made.attempt - standing.attempts_before,
    ageMs: standing.age_ms,
    retryAfterMs: made.retryAfterMs,
    chance: Math.random(),
  })
  return waitMs === null ? { state: 'failed', waitMs: 0 } : { state: 'pending', waitMs }
}

/** The log has also attempts that count for nothing: they were sent. */
async function writeTurns({ tx, now }: Locked, turns: readonly Turn[]): Promise<void> {
  const records = recordsOf(turns, recordOf)
  const ids = turns.map(({ made }) => made)
  await sql`
    with turn as materialized (
      select * from json_to_recordset(${records}::json) as turn (
        id bigint, state text, wait_ms float8, status integer, error text, delivered_by json, log json
      )
    ),
    logged as (
      insert into webhook_attempts (delivery_id, ${attemptNames})
      select turn.id, made.* from turn, json_to_record(turn.log) as made (${attemptColumns})
      where turn.log is not null
      on conflict do nothing
    )
    update webhook_deliveries d set state = turn.state, claimed_until = null,
      next_at = ${now}::timestamptz(3) + turn.wait_ms * interval '1 millisecond',
      finished_at = case when turn.state <> 'pending' then ${now}::timestamptz(3) end,
      last_status = turn.status, last_error = turn.error,
      delivered_by = coalesce(turn.delivered_by, d.delivered_by)
    from turn
    where ${isAmong('d.id', ids)} and d.id = turn.id and turn.state is not null`.execute(tx)
}

/** The attempt that delivers is kept with the delivery. One that did so before is logged then. */
function recordOf({ made, state, waitMs, deliveredBy }: Turn) {
  const isDelivered = state === 'delivered'
  const attempt = attemptOf(made)
  return {
    id: String(made.id),
    state,
    wait_ms: waitMs,
    status: attempt.status,
    error: attempt.error,
    delivered_by: isDelivered ? attempt : null,
    log: isDelivered ? deliveredBy : attempt,
  }
}

function attemptOf(made: MadeAttempt): AttemptRow {
  return {
    attempt: made.attempt,
    at: made.claimedAt,
    duration_ms: made.durationMs,
    outcome: made.outcome,
    status: made.status,
    error: wellFormed(made.error),
    answer: wellFormed(made.answer),
  }
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
