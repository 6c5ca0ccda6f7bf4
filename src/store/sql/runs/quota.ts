import { type RawBuilder, sql } from 'kysely'
import { assert } from '../../../domain/assert.ts'
import {
  farMs,
  type Penalty,
  penaltyMsMax,
  penaltyMsMin,
  type ReservationRequest,
  type Reservations,
  repeatMs,
} from '../../../domain/runs/rate-limiter.ts'
import { firstOf, preparedFirst, type Scope } from '../../database.ts'

/**
 * The same arithmetic as `reserve` in domain/runs/rate-limiter.ts, on a row that all nodes share, by the
 * server's clock alone: nodes' clocks are not trusted, and it runs while they wait.
 * `materialized`, so that the time is read after the wait for the row, not before it.
 */
export async function reserve(
  { db }: Pick<Scope, 'db'>,
  wanted: ReservationRequest,
): Promise<Reservations> {
  const { quota, count, stepMs, burstMs, horizonMs } = wanted
  return onRow({ db, quota }, () =>
    preparedFirst(
      db,
      sql<Reservations>`
        with locked as materialized (
          select next_at from quota_lines where name = ${quota} for no key update
        ),
        times as materialized (
          select ${msOf(sql`next_at`)} as next_at, ${msOf(sql`clock_timestamp()`)} as now from locked
        ),
        start as materialized (
          select now, greatest(
            case when next_at > now + ${farMs(wanted)}::float8 then now else next_at end,
            now - ${burstMs}::float8
          ) as first_at from times
        ),
        given as materialized (
          select now, first_at, greatest(0, least(
            ${count}::float8, floor((now + ${horizonMs}::float8 - first_at) / ${stepMs}::float8) + 1
          )) as count from start
        )
        update quota_lines
        set next_at = to_timestamp((first_at + count * ${stepMs}::float8) / 1000)
        from given where name = ${quota}
        returning count, first_at as "firstAt", first_at - now as "firstInMs",
          first_at + count * ${stepMs}::float8 - now as "nextInMs"`,
    ),
  )
}

/** As `penalize` in domain/runs/rate-limiter.ts. */
export async function penalize(
  { db }: Pick<Scope, 'db'>,
  { quota, reservedAt }: { quota: string; reservedAt: number | null },
): Promise<Penalty> {
  return onRow({ db, quota }, () =>
    firstOf(
      db,
      sql<Penalty>`
        with locked as materialized (
          select next_at, held_until, hold_ms from quota_lines
          where name = ${quota} for no key update
        ),
        times as materialized (
          select ${msOf(sql`next_at`)} as next_at, ${msOf(sql`held_until`)} as held_until, hold_ms,
            ${msOf(sql`clock_timestamp()`)} as now from locked
        ),
        sent as materialized (
          select next_at, hold_ms, now, coalesce(${reservedAt}::float8, now) as sent_at,
            case when held_until > now + ${penaltyMsMax}::float8 then 0 else held_until end as held_until
          from times
        ),
        penalty as materialized (
          select *, sent_at >= held_until as first, case
              when sent_at < held_until then hold_ms
              when sent_at < held_until + ${repeatMs}::float8
                then least(2 * hold_ms, ${penaltyMsMax}::float8)
              else ${penaltyMsMin}::float8
            end as penalty_ms from sent
        ),
        ended as materialized (
          select *, case when first then now + penalty_ms else held_until end as until from penalty
        )
        update quota_lines set hold_ms = penalty_ms, held_until = to_timestamp(until / 1000),
          next_at = to_timestamp(greatest(ended.next_at, until) / 1000)
        from ended where name = ${quota}
        returning first, greatest(0, until - now) as "forMs"`,
    ),
  )
}

/** A quota's row that is missing (never used, or lost in a crash of the server) is inserted. */
async function onRow<T>(
  { db, quota }: { db: Scope['db']; quota: string },
  step: () => Promise<T | null>,
): Promise<T> {
  const row = await step()
  if (row !== null) return row
  await sql`insert into quota_lines (name) values (${quota}) on conflict do nothing`.execute(db)
  const again = await step()
  assert(again !== null, `Cannot find the quota "${quota}" that was just inserted`)
  return again
}

function msOf(time: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`extract(epoch from ${time})::float8 * 1000`
}
