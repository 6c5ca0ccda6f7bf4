import { type RawBuilder, sql } from 'kysely'
import { rowsOf, type Scope } from './database.ts'
import { type OrderRow, orderColumns } from './rows.ts'
import type { Due } from './store.ts'

/**
 * What a clock that was ahead, and has been set right, left behind: orders due at a time that is far
 * away now, and orders created then, which would be too young for as long. Both would wait until the
 * clock comes there again (I9), so they are due at once.
 */
interface Straying extends Due {
  readonly farthestMs: number
}

export type DueRow = OrderRow & { readonly due_at: Date }

/** At most half of a batch, so that neither these nor those that are due as usual wait for the others. */
export async function claimStrayed(
  scope: Scope,
  claim: Due & { leaseMs: number },
): Promise<readonly DueRow[]> {
  const straying = strayingOf(claim)
  return straying === null ? [] : rowsOf(scope.db, strayedClaim(scope, { ...claim, ...straying }))
}

export async function peekStrayed(scope: Scope, due: Due): Promise<readonly OrderRow[]> {
  const straying = strayingOf(due)
  if (straying === null) return []
  const { db, now } = scope
  return rowsOf(
    db,
    sql<OrderRow>`
      with due as (
        (select order_no from orders ${farAhead(now(), straying)})
        union all
        (select order_no from orders ${misdated(now(), straying)})
        limit ${sql.lit(straying.limit)}
      )
      select ${orderColumns} from due join orders using (order_no)`,
  )
}

function strayingOf({ farthestMs, ...due }: Due): Straying | null {
  if (farthestMs === undefined) return null
  return { ...due, farthestMs, limit: Math.ceil(due.limit / 2) }
}

/**
 * Plan: the right ends of `orders_due` and of `orders_by_status`, where there is nothing as long as
 * the clock was never wrong: two look-ups, whatever the size of the table.
 */
export function strayedClaim(
  { now }: Pick<Scope, 'now'>,
  { leaseMs, ...due }: Straying & { leaseMs: number },
): RawBuilder<DueRow> {
  return sql<DueRow>`
    with far_ahead as materialized (
      select order_no, next_check_at as due_at from orders ${farAhead(now(), due)}
      for no key update skip locked
    ),
    misdated as materialized (
      select order_no, next_check_at as due_at from orders ${misdated(now(), due)}
      for no key update skip locked
    ),
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from (
        select * from far_ahead union all select * from misdated limit ${sql.lit(due.limit)}
      ) as due
      where orders.order_no = due.order_no
      returning orders.*, due.due_at
    )
    select ${orderColumns}, due_at from claimed order by due_at, created_at, order_no`
}

function farAhead(now: RawBuilder<Date>, due: Straying): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and ${merchantIs(due)} and next_check_at > ${farFrom(now, due)}
    order by next_check_at, created_at, order_no limit ${sql.lit(due.limit)}`
}

function misdated(now: RawBuilder<Date>, due: Straying): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and ${merchantIs(due)} and created_at > ${farFrom(now, due)}
      and next_check_at <= ${now}
    order by created_at, order_no limit ${sql.lit(due.limit)}`
}

function merchantIs({ merchant }: Due): RawBuilder<unknown> {
  const { gateway, mchid, appid } = merchant
  return sql`gateway = ${gateway} and mchid = ${mchid} and appid = ${appid}`
}

function farFrom(now: RawBuilder<Date>, { farthestMs }: Straying): RawBuilder<unknown> {
  return sql`${now} + ${farthestMs}::float8 * interval '1 millisecond'`
}
