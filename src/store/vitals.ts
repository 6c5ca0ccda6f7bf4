import { type RawBuilder, sql } from 'kysely'
import { assert } from '../assert.ts'
import type { Merchant, OrderStatus } from '../order.ts'
import { orderStatuses } from '../order.ts'
import { firstOf, type Scope } from './database.ts'
import type { Vitals } from './store.ts'

interface VitalsRow {
  readonly now: Date
  readonly oldest_unasked_at: Date | null
  readonly most_overdue_at: Date | null
  readonly last_finished_run_at: Date | null
  readonly pending: number
  readonly paid: number
  readonly expired: number
  readonly review: number
}

/**
 * Read at each scrape, so its cost must not grow with the table: each number is one end of a
 * partial index, and each count stops at `countMax` and is the planner's estimate from there on.
 */
export async function readVitals(
  scope: Scope,
  { merchant, countMax }: { merchant: Merchant; countMax: number },
): Promise<Vitals> {
  const row = await vitalsRow(scope, { merchant, countMax })
  const counts = { pending: 0, paid: 0, expired: 0, review: 0 }
  for (const status of orderStatuses) {
    counts[status] =
      row[status] <= countMax
        ? row[status]
        : await estimate(scope, { status, atLeast: row[status] })
  }
  return {
    now: row.now,
    ordersByStatus: counts,
    oldestUnaskedMs: row.oldest_unasked_at && Math.max(0, +row.now - +row.oldest_unasked_at),
    mostOverdueMs: row.most_overdue_at && +row.now - +row.most_overdue_at,
    lastFinishedRunAt: row.last_finished_run_at,
  }
}

async function vitalsRow(
  { db, now }: Scope,
  { merchant, countMax }: { merchant: Merchant; countMax: number },
): Promise<VitalsRow> {
  const { gateway, mchid, appid } = merchant
  const ours = sql`gateway = ${gateway} and mchid = ${mchid} and appid = ${appid}`
  const row = await firstOf(
    db,
    sql<VitalsRow>`
      select ${now()} as now,
        (select min(created_at) from orders where status = 'pending' and checks = 0 and ${ours})
          as oldest_unasked_at,
        (select min(next_check_at) from orders
          where status = 'pending' and ${ours} and next_check_at <= ${now()}) as most_overdue_at,
        (select max(finished_at) from runs where status = 'finished' and not dry_run)
          as last_finished_run_at,
        ${countUpTo('pending', countMax)} as pending,
        ${countUpTo('paid', countMax)} as paid,
        ${countUpTo('expired', countMax)} as expired,
        ${countUpTo('review', countMax)} as review`,
  )
  assert(row !== null, 'Cannot read the vital signs: no row')
  return row
}

/** `order by` makes the planner take the index, where it might hope to meet enough rows by reading on. */
function countUpTo(status: OrderStatus, countMax: number): RawBuilder<number> {
  return sql<number>`(select count(*)::integer from (
    select from orders where status = ${sql.lit(status)}
    order by created_at desc limit ${sql.lit(countMax + 1)}
  ) as counted)`
}

interface PlanRow {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }]
}

/** From the statistics that autovacuum keeps: some per cent off, in a fraction of a millisecond. */
async function estimate(
  { db }: Scope,
  { status, atLeast }: { status: OrderStatus; atLeast: number },
): Promise<number> {
  const row = await firstOf(
    db,
    sql<PlanRow>`explain (format json) select from orders where status = ${sql.lit(status)}`,
  )
  return Math.max(atLeast, row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0)
}
