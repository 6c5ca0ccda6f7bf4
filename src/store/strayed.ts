import { type RawBuilder, sql } from 'kysely'
import type { Due } from './store.ts'

/**
 * What a clock that was ahead, and has been set right, left behind: orders due at a time that is far
 * away now, and orders created then, which would be too young for as long. Both would wait until the
 * clock comes there again (I9), so they are due at once.
 */
export interface Straying extends Due {
  readonly farthestMs: number
}

/**
 * At most half of a batch, so that neither these nor those that are due as usual wait for the others.
 * A probe asks one order, another each time: a stray one would be that one for ever.
 */
export function strayingOf({ farthestMs, youngestFrom, ...due }: Due): Straying | null {
  if (farthestMs === undefined || youngestFrom !== undefined) return null
  return { ...due, farthestMs, limit: Math.ceil(due.limit / 2) }
}

/**
 * `strayed (order_no, due_at)`.
 * Plan: the right ends of `orders_due` and of `orders_by_status`, where there is nothing as long as
 * the clock was never wrong: two look-ups, whatever the size of the table.
 */
export function strayedOrders(
  now: RawBuilder<Date>,
  { straying, lock }: { straying: Straying; lock: RawBuilder<unknown> },
): RawBuilder<unknown> {
  return sql`far_ahead as materialized (
      select order_no, next_check_at as due_at from orders ${farAhead(now, straying)} ${lock}
    ),
    misdated as materialized (
      select order_no, next_check_at as due_at from orders ${misdated(now, straying)} ${lock}
    ),
    strayed as materialized (
      select * from far_ahead union all select * from misdated limit ${sql.lit(straying.limit)}
    )`
}

function farAhead(now: RawBuilder<Date>, straying: Straying): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and ${merchantIs(straying)}
      and next_check_at > ${farFrom(now, straying)}
    order by next_check_at, created_at, order_no limit ${sql.lit(straying.limit)}`
}

function misdated(now: RawBuilder<Date>, straying: Straying): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and ${merchantIs(straying)}
      and created_at > ${farFrom(now, straying)} and next_check_at <= ${now}
    order by created_at, order_no limit ${sql.lit(straying.limit)}`
}

function merchantIs({ merchant }: Due): RawBuilder<unknown> {
  const { gateway, mchid, appid } = merchant
  return sql`gateway = ${gateway} and mchid = ${mchid} and appid = ${appid}`
}

function farFrom(now: RawBuilder<Date>, { farthestMs }: Straying): RawBuilder<unknown> {
  return sql`${now} + ${farthestMs}::float8 * interval '1 millisecond'`
}
