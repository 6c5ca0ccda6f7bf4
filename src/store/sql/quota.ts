import { type RawBuilder, sql } from 'kysely'
import { assert } from '../../domain/assert.ts'
import {
  farMs,
  type Penalty,
  penaltyMsMax,
  penaltyMsMin,
  type ReservationRequest,
  type Reservations,
  repeatMs,
} from '../../domain/rate-limiter.ts'
import { firstOf, planned, type Scope } from '../database.ts'

/**
 * The same arithmetic as `reserve` in places.ts, on a row that all nodes share. Always by the
 * server's own clock, which is one for all nodes, and runs while they wait for their places.
 * `materialized`, so that the time is read after the wait for the row, not before it.
 */
export async function reserve(
  { db }: Pick<Scope, 'db'>,
  wanted: ReservationRequest,
): Promise<Reservations> {
  const { quota: line, count, stepMs, burstMs, horizonMs } = wanted
  const row = await onLine({ db, line }, () =>
    firstOf(
      db,
      sql<PlacesRow>`${planned}
        with locked as materialized (
          select next_at from quota_lines where name = ${line} for no key update
        ),
        seen as materialized (
          select ${msOf(sql`next_at`)} as next_at, ${msOf(sql`clock_timestamp()`)} as now from locked
        ),
        begun as materialized (
          select now, greatest(
            case when next_at > now + ${farMs(wanted)}::float8 then now else next_at end,
            now - ${burstMs}::float8
          ) as first_at from seen
        ),
        given as materialized (
          select now, first_at, greatest(0, least(
            ${count}::float8, floor((now + ${horizonMs}::float8 - first_at) / ${stepMs}::float8) + 1
          )) as count from begun
        )
        update quota_lines
        set next_at = to_timestamp((first_at + count * ${stepMs}::float8) / 1000)
        from given where name = ${line}
        returning count, first_at, first_at - now as first_in_ms,
          first_at + count * ${stepMs}::float8 - now as next_in_ms`,
    ),
  )
  return {
    count: row.count,
    firstAt: row.first_at,
    firstInMs: row.first_in_ms,
    nextInMs: row.next_in_ms,
  }
}

interface PlacesRow {
  readonly count: number
  readonly first_at: number
  readonly first_in_ms: number
  readonly next_in_ms: number
}

/** As `holdBack` in places.ts. */
export async function penalize(
  { db }: Pick<Scope, 'db'>,
  { line, placeAt }: { line: string; placeAt: number | null },
): Promise<Penalty> {
  const row = await onLine({ db, line }, () =>
    firstOf(
      db,
      sql<HoldRow>`
        with locked as materialized (
          select next_at, held_until, hold_ms from quota_lines
          where name = ${line} for no key update
        ),
        seen as materialized (
          select ${msOf(sql`next_at`)} as next_at, ${msOf(sql`held_until`)} as held_until, hold_ms,
            ${msOf(sql`clock_timestamp()`)} as now from locked
        ),
        asked as materialized (
          select next_at, hold_ms, now, coalesce(${placeAt}::float8, now) as asked_at,
            case when held_until > now + ${penaltyMsMax}::float8 then 0 else held_until end as held_until
          from seen
        ),
        told as materialized (
          select *, asked_at >= held_until as first, case
              when asked_at < held_until then hold_ms
              when asked_at < held_until + ${repeatMs}::float8
                then least(2 * hold_ms, ${penaltyMsMax}::float8)
              else ${penaltyMsMin}::float8
            end as held_ms from asked
        ),
        ended as materialized (
          select *, case when first then now + held_ms else held_until end as until from told
        )
        update quota_lines set hold_ms = held_ms, held_until = to_timestamp(until / 1000),
          next_at = to_timestamp(greatest(ended.next_at, until) / 1000)
        from ended where name = ${line}
        returning first, greatest(0, until - now) as for_ms`,
    ),
  )
  return { first: row.first, forMs: row.for_ms }
}

interface HoldRow {
  readonly first: boolean
  readonly for_ms: number
}

/** A line that is not there (never used, or lost in a crash of the server) is made, once. */
async function onLine<T>(
  { db, line }: { db: Scope['db']; line: string },
  step: () => Promise<T | null>,
): Promise<T> {
  const row = await step()
  if (row !== null) return row
  await sql`insert into quota_lines (name) values (${line}) on conflict do nothing`.execute(db)
  const again = await step()
  assert(again !== null, `Cannot find the line "${line}" that was just made`)
  return again
}

function msOf(time: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`extract(epoch from ${time})::float8 * 1000`
}
