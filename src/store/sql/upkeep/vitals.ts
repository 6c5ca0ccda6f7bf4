import { type RawBuilder, sql } from 'kysely'
import { assert } from '../../../domain/assert.ts'
import type { DueMerchant } from '../../../domain/merchant.ts'
import { type OrderStatus, orderStatuses } from '../../../domain/order-states.ts'
import { firstOf, rowsOf, type Scope } from '../../database.ts'
import { openExceptions } from '../../exceptions/list.ts'
import type { MerchantWaits, Vitals } from '../../store.ts'
import { appidsOf, ofMerchant } from '../merchant.ts'
import { standingNumber } from '../rows.ts'

interface WaitsRow {
  readonly now: Date
  readonly oldestUnaskedAt: Date | null
  readonly mostOverdueAt: Date | null
}

interface VitalsRow
  extends WaitsRow,
    Readonly<Record<OrderStatus, number>>,
    Pick<Vitals, 'reviewQueue' | 'unpositioned' | 'lastFinishedRunAt'> {}

/**
 * Read at each scrape, so its cost must not grow with the table: each number is one end of an
 * index, and each count stops at `countMax` and is the planner's estimate from there on. The last
 * run is that with the highest id: by its time it would be one from before a clock was set back.
 */
export async function readVitals(
  scope: Scope,
  { merchants, countMax }: { merchants: readonly DueMerchant[]; countMax: number },
): Promise<Vitals> {
  const many = await estimatesOfMany(scope, countMax)
  const row = await vitalsRow(scope, { merchants, countMax, many })
  const counts = { pending: 0, paid: 0, expired: 0, review: 0 }
  for (const status of orderStatuses) {
    const isKnown = many[status] !== undefined || row[status] <= countMax
    counts[status] = isKnown ? row[status] : await estimate(scope, { status, atLeast: row[status] })
  }
  return {
    now: row.now,
    ordersByStatus: counts,
    reviewQueue: row.reviewQueue,
    exceptions: await openExceptions(scope),
    unpositioned: row.unpositioned,
    ...waitsOf(row),
    lastFinishedRunAt: row.lastFinishedRunAt,
  }
}

/** The same ends of the same indexes as for all together. */
export async function readMerchantWaits(
  { db, now }: Scope,
  merchants: readonly DueMerchant[],
): Promise<readonly MerchantWaits[]> {
  const each = merchants.map(
    (merchant, nth) => sql`
      select ${sql.lit(nth)}::integer as nth, ${now()} as now,
        ${oldestUnasked(merchant)} as "oldestUnaskedAt",
        ${earliest(mostOverdue(now(), merchant))} as "mostOverdueAt"`,
  )
  const rows = await rowsOf(
    db,
    sql<WaitsRow & { readonly nth: number }>`${sql.join(each, sql` union all `)}`,
  )
  return rows.toSorted((a, b) => a.nth - b.nth).map(waitsOf)
}

function waitsOf({
  now,
  oldestUnaskedAt: oldest,
  mostOverdueAt: overdue,
}: WaitsRow): MerchantWaits {
  return {
    oldestUnaskedMs: oldest && Math.max(0, +now - +oldest),
    mostOverdueMs: overdue && +now - +overdue,
  }
}

type Estimates = Partial<Readonly<Record<OrderStatus, number>>>

/**
 * Of the orders that have ended there are hardly ever fewer than there were when they were last
 * counted: where those are far more than would be counted now, they need not be counted again.
 */
async function estimatesOfMany(scope: Scope, countMax: number): Promise<Estimates> {
  const estimates = await Promise.all(
    (['paid', 'expired'] as const).map(
      async (status) => [status, await estimate(scope, { status, atLeast: 0 })] as const,
    ),
  )
  // By a sample: of few among many it may say double.
  return Object.fromEntries(estimates.filter(([, count]) => count > 2 * countMax))
}

async function vitalsRow(
  { db, now }: Scope,
  {
    merchants,
    countMax,
    many,
  }: { merchants: readonly DueMerchant[]; countMax: number; many: Estimates },
): Promise<VitalsRow> {
  const counted = (status: OrderStatus) =>
    many[status] === undefined
      ? countUpTo(countMax, sql`status = ${sql.lit(status)}`)
      : sql.lit(many[status])
  const row = await firstOf(
    db,
    sql<VitalsRow>`
      select ${now()} as now,
        ${earliest(merchants.map(oldestUnasked))} as "oldestUnaskedAt",
        ${earliest(merchants.flatMap((each) => mostOverdue(now(), each)))} as "mostOverdueAt",
        (select finished_at from runs where status = 'finished' and not dry_run
          order by id desc limit 1) as "lastFinishedRunAt",
        ${sql.join(orderStatuses.map((status) => sql`${counted(status)} as ${sql.ref(status)}`))},
        ${countUpTo(countMax, sql`status = 'review' and dismissed_at is null`)} as "reviewQueue",
        (select count(*)::integer from (
          select from published_events_new where at < ${now()} - interval '1 minute'
          order by seq limit ${sql.lit(countMax + 1)}
        ) as waiting) as unpositioned`,
  )
  assert(row !== null, 'Cannot read the vital signs: no row')
  return row
}

function earliest(times: readonly RawBuilder<Date | null>[]): RawBuilder<Date | null> {
  return sql<Date | null>`least(${sql.join(times)})`
}

function mostOverdue(
  now: RawBuilder<Date>,
  merchant: DueMerchant,
): readonly RawBuilder<Date | null>[] {
  return [mostOverdueKnown(now, merchant), mostOverdueNew(now, merchant)]
}

/** The end of `orders_unasked_since` for each app id: of several together it would read all that is pending. */
function oldestUnasked({ gateway, mchid, ...merchant }: DueMerchant): RawBuilder<Date | null> {
  const ends = appidsOf({ gateway, mchid, ...merchant }).map(
    (appid) => sql<Date | null>`(select min(coalesce(known_at, created_at)) from orders
      where status = 'pending' and checks = 0 and ${ofMerchant({ gateway, mchid, appid })})`,
  )
  return earliest(ends)
}

/**
 * Orders that the gateway has never known wait behind all others: that they are late says nothing.
 * Those that it knows are due by a schedule, or since they were placed.
 */
function mostOverdueKnown(now: RawBuilder<Date>, merchant: DueMerchant): RawBuilder<Date | null> {
  return sql<Date | null>`(
    select min(next_check_at) from orders
    where status = 'pending' and standing = ${sql.lit(standingNumber('known'))}
      and ${ofMerchant(merchant)} and next_check_at <= ${now})`
}

/**
 * A new one may have been adopted long after its creation, by which claims are ordered: nobody was late
 * before it was here. Plan: the end of `orders_waiting_since`.
 */
function mostOverdueNew(now: RawBuilder<Date>, merchant: DueMerchant): RawBuilder<Date | null> {
  return sql<Date | null>`(
    select min(greatest(next_check_at, known_at)) from orders
    where status = 'pending' and standing = ${sql.lit(standingNumber('new'))}
      and ${ofMerchant(merchant)} and greatest(next_check_at, known_at) <= ${now})`
}

/** `order by` makes the planner take the index, where it might hope to meet enough rows by reading on. */
function countUpTo(countMax: number, where: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(select count(*)::integer from (
    select from orders where ${where}
    order by created_at desc limit ${sql.lit(countMax + 1)}
  ) as counted)`
}

interface PlanRow {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }]
}

/** From the statistics that autovacuum keeps, or `vacuum` on the embedded database: some per cent off, in a fraction of a millisecond. */
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
