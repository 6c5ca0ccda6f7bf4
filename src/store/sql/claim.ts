import { type RawBuilder, sql } from 'kysely'
import { type Merchant, type Order, type Standing, standings } from '../../domain/order.ts'
import type { NewRun } from '../../domain/run.ts'
import { preparedRows, rowsOf, type Scope } from '../database.ts'
import type { ClaimedOrder, Due } from '../store.ts'
import type { ClaimCursor } from './claim-cursor.ts'
import { ofMerchant } from './merchant.ts'
import { type OrderRow, orderColumns, orderOf, standingNumber } from './rows.ts'

type Claim = Due & { readonly leaseMs: number }

/** One statement, and a second one only where the first began at the cursor and found too few. */
export async function claimDue(
  scope: Scope,
  { cursor, ...claim }: Claim & { cursor: ClaimCursor },
): Promise<readonly ClaimedOrder[]> {
  const { youngestFrom } = claim
  if (youngestFrom !== undefined) {
    return claimedOf(await takeYoungest(scope, { ...claim, youngestFrom }))
  }
  const picks = picksOf(claim.limit).map((pick) => ({
    ...pick,
    from: pick.end === 'newest' ? null : cursor.of(claim.merchant, pick.standing),
  }))
  const taken = await takeAndLook(scope, { cursor, claim, picks })
  const rest = claim.limit - taken.length
  if (rest === 0 || picks.every(({ from }) => from === null)) return claimedOf(taken)
  cursor.forget(claim.merchant)
  const again = { cursor, claim: { ...claim, limit: rest }, picks: picksOf(rest) }
  return claimedOf([...taken, ...(await takeAndLook(scope, again))])
}

/** Remembers where each standing's orders began, if there were as many as could be taken. */
async function takeAndLook(
  scope: Scope,
  { cursor, claim, picks }: { cursor: ClaimCursor; claim: Claim; picks: readonly DuePick[] },
): Promise<readonly DueRow[]> {
  const startedAt = performance.now()
  const taken = await take(scope, { claim, picks })
  const lookMs = performance.now() - startedAt
  // A short batch means that the end was reached: no cursor to remember.
  if (taken.length < claim.limit) return taken
  for (const { standing, from, end } of picks) {
    const last = taken.findLast((row) => row.standing === standingNumber(standing))
    if (last === undefined || end === 'newest') continue
    if (from === null) cursor.found(claim.merchant, standing, { at: last.dueAt, lookMs })
    else cursor.movedTo(claim.merchant, standing, last.dueAt)
  }
  return taken
}

/**
 * For a probe: in turn one that was never queried, and one that the gateway knows. The answer about a
 * number that it does not know would say nothing about this merchant.
 */
async function takeYoungest(
  scope: Scope,
  { youngestFrom, ...due }: Claim & { readonly youngestFrom: number },
): Promise<readonly DueRow[]> {
  const [first, second] =
    youngestFrom % 2 === 0 ? (['new', 'known'] as const) : (['known', 'new'] as const)
  for (const standing of [first, second, 'unknown'] as const) {
    // Half as far back where two alternate; where there is only one, as far as requested.
    const from = standing === first ? Math.floor(youngestFrom / 2) : youngestFrom
    const claim = { ...due, youngestFrom: from }
    const pick: DuePick = { standing, limit: claim.limit, from: null, end: 'newest' }
    const taken = await take(scope, { claim, picks: [pick] })
    if (taken.length > 0) return taken
  }
  return []
}

function take(
  scope: Scope,
  { claim, picks }: { claim: Claim; picks: readonly DuePick[] },
): Promise<readonly DueRow[]> {
  return preparedRows(scope.db, claimStatement(scope, { ...claim, picks }))
}

function claimedOf(taken: readonly DueRow[]): readonly ClaimedOrder[] {
  return taken.map(({ dueAt, ...row }) => ({ order: orderOf(row), dueAt }))
}

type DueRow = OrderRow & { readonly dueAt: Date }

/** Some of the orders of one standing, in the order of a claim. */
export interface DuePick {
  readonly standing: Standing
  readonly limit: number
  /** Begins here; null: at the end. */
  readonly from?: Date | null
  /** The longest waiting, or those that came due last. */
  readonly end: 'oldest' | 'newest'
}

/**
 * Orders that the gateway has never known must not hold up those that it knows, nor the other way
 * round: each has a share of the batch, and what one leaves is the others'. Of the new ones half are
 * the youngest, so that a payment just adopted does not wait behind a thousand numbers of another's.
 */
export function picksOf(limit: number): readonly DuePick[] {
  const newMax = shareOf(limit, 1 / 2)
  const picks: DuePick[] = [
    { standing: 'unknown', limit: shareOf(limit, 1 / 10), end: 'oldest' },
    { standing: 'new', limit: Math.floor(newMax / 2), end: 'newest' },
    { standing: 'new', limit: Math.ceil(newMax / 2), end: 'oldest' },
    { standing: 'known', limit, end: 'oldest' },
    { standing: 'new', limit, end: 'oldest' },
    { standing: 'unknown', limit, end: 'oldest' },
  ]
  return picks.filter((pick) => pick.limit > 0)
}

/** By chance where it is not whole: in batches of one, about each tenth is an unknown order's. */
function shareOf(limit: number, part: number): number {
  return Math.floor(limit * part + Math.random())
}

/**
 * Plan: ends of `orders_claims`, stopping at the limits, no sort; then each row by its key. The limits
 * are written into the text: as parameters a generic plan would guess a tenth of the table, and may
 * then join by reading all of it.
 *
 * `no key update` is the lock that this update takes in any case. `for update` would also exclude
 * the key-share lock of a concurrent event's foreign key, and skip an order that no other run queries.
 * Two claims never share an order; a row locked by a settlement is skipped, and due again next time.
 */
export function claimStatement(
  { now }: Pick<Scope, 'now'>,
  { leaseMs, ...due }: Claim & { picks: readonly DuePick[] },
): RawBuilder<DueRow> {
  return sql<DueRow>`
    with ${dueOrders(now(), { due, lock: sql`for no key update skip locked` })},
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from due where orders.order_no = due.order_no
      returning orders.*, due.due_at
    )
    select ${orderColumns}, due_at as "dueAt" from claimed
    order by due_at, created_at, order_no`
}

/**
 * `due (order_no, due_at)`: one pick after the other, each at most what is left of the whole limit.
 * The limit inside is for the planner, which does not consider the one outside; nothing is read, or
 * locked, beyond either.
 */
function dueOrders(
  now: RawBuilder<Date>,
  { due, lock }: { due: Due & { picks: readonly DuePick[] }; lock: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const { picks, ...where } = due
  const named = picks.map((pick, at) => ({ pick, name: sql.raw(`pick_${at}`) }))
  const parts = named.map(({ pick, name }, at) => {
    const before = named.slice(0, at)
    const same = before.filter((other) => other.pick.standing === pick.standing)
    const taken = same.map((other) => sql`select order_no from ${other.name}`)
    const others =
      same.length === 0
        ? sql``
        : sql`and order_no <> all (array(${sql.join(taken, sql` union all `)}))`
    const counts = before.map((other) => sql`- (select count(*) from ${other.name})`)
    return sql`${name} as materialized (
      select * from (
        select order_no, next_check_at as due_at from orders
        ${whereDue(now, { ...where, pick, others })} ${lock}
      ) as picked limit ${sql.lit(due.limit)} ${sql.join(counts, sql` `)}
    )`
  })
  const all = named.map(({ name }) => sql`select * from ${name}`)
  return sql`${sql.join(parts)}, due as materialized (${sql.join(all, sql` union all `)})`
}

function whereDue(
  now: RawBuilder<Date>,
  { pick, others, youngestFrom = 0, ...due }: Due & { pick: DuePick; others: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const { standing, limit, from = null, end } = pick
  const which = whichDue(now, { ...due, standing })
  if (end === 'newest') {
    return sql`
      ${which} ${others}
      order by next_check_at desc, created_at desc, order_no desc
      limit ${sql.lit(limit)} offset ${sql.lit(youngestFrom)}`
  }
  return sql`
    ${which} ${from === null ? sql`` : sql`and next_check_at >= ${from}`} ${others}
    order by next_check_at, created_at, order_no
    limit ${sql.lit(limit)}`
}

/** An order created farther ahead than any schedule reaches, by a clock that was wrong, is not young. */
function whichDue(
  now: RawBuilder<Date>,
  { merchant, thresholdMs, farthestMs, standing }: Omit<Due, 'limit'> & { standing: Standing },
): RawBuilder<unknown> {
  return sql`
    where status = 'pending' and standing = ${sql.lit(standingNumber(standing))}
      and next_check_at <= ${now} and ${ofMerchant(merchant)}
      and ${isOldEnough(now, { thresholdMs, farthestMs })}`
}

function isOldEnough(
  now: RawBuilder<Date>,
  { thresholdMs, farthestMs }: { thresholdMs: number; farthestMs: number | undefined },
): RawBuilder<unknown> {
  return sql`(created_at < ${before(now, thresholdMs)}
    ${farthestMs === undefined ? sql`` : sql`or created_at > ${before(now, -farthestMs)}`})`
}

/**
 * Whether the merchant of the row `given` has an order that is due.
 * Plan: the start of each standing in `orders_claims`.
 */
export function anyDue(
  now: RawBuilder<Date>,
  { thresholdMs, farthestMs }: Pick<NewRun, 'thresholdMs' | 'farthestMs'>,
): RawBuilder<boolean> {
  const each = standings.map(
    (standing) => sql`exists (
      select from orders
      where status = 'pending' and standing = ${sql.lit(standingNumber(standing))}
        and gateway = given.gateway and mchid = given.mchid and appid = any (given.appids)
        and next_check_at <= ${now} and ${isOldEnough(now, { thresholdMs, farthestMs })}
    )`,
  )
  return sql<boolean>`(${sql.join(each, sql` or `)})`
}

function before(now: RawBuilder<Date>, ms: number): RawBuilder<unknown> {
  return sql`${now} - ${ms}::float8 * interval '1 millisecond'`
}

export async function peekDue({ db, now }: Scope, due: Due): Promise<readonly Order[]> {
  const picks = picksOf(due.limit)
  const rows = await rowsOf(
    db,
    sql<OrderRow>`
      with ${dueOrders(now(), { due: { ...due, picks }, lock: sql`` })}
      select ${orderColumns} from due join orders using (order_no)
      order by due_at, created_at, order_no`,
  )
  return rows.map(orderOf)
}

export async function countDue(
  scope: Scope,
  due: Omit<Due, 'limit'> & { readonly countMax: number },
): Promise<number> {
  const [row] = await rowsOf(scope.db, countStatement(scope, due))
  return row?.count ?? 0
}

/**
 * Plan: all columns are in `orders_claims`, so an index-only scan from the start of each standing. The
 * order is the index's own: it keeps the planner from reading the table where most of it is due.
 */
export function countStatement(
  { now }: Pick<Scope, 'now'>,
  { countMax, ...due }: Omit<Due, 'limit'> & { readonly countMax: number },
): RawBuilder<{ readonly count: number }> {
  const counts = (['known', 'new', 'unknown'] as const).map(
    (standing) => sql`(select count(*)::integer from (
      select from orders ${whichDue(now(), { ...due, standing })}
      order by next_check_at, created_at, order_no limit ${sql.lit(countMax)}
    ) as counted)`,
  )
  return sql<{ readonly count: number }>`
    select least(${sql.lit(countMax)}, ${sql.join(counts, sql` + `)}) as count`
}

/**
 * Only leases that still stand: what was settled, or claimed again, since then stays as it is.
 * Plan: each finds its row by its key; see `waitStatement`.
 */
export async function release({ db }: Scope, claimed: readonly ClaimedOrder[]): Promise<void> {
  if (claimed.length === 0) return
  const leases = claimed.map(({ order, dueAt }) => ({
    order_no: order.key,
    state_seq: order.stateSeq,
    leased_to: order.nextCheckAt,
    due_at: dueAt,
  }))
  await sql`
    with held as materialized (
      select lease.order_no, lease.due_at
      from json_to_recordset(${JSON.stringify(leases)}::json) as lease (
        order_no text, state_seq integer, leased_to timestamptz(3), due_at timestamptz(3)
      ), lateral (
        select from orders
        where orders.order_no = lease.order_no and orders.status = 'pending'
          and orders.state_seq = lease.state_seq and orders.next_check_at = lease.leased_to
        for no key update
      ) as found
    )
    update orders set next_check_at = held.due_at
    from held where orders.order_no = held.order_no
      and orders.order_no = any (array(select order_no from held))`.execute(db)
}

export async function openOrders({
  db,
}: Pick<Scope, 'db'>): Promise<readonly (Merchant & { readonly count: number })[]> {
  const rows = await rowsOf(
    db,
    sql<Merchant & { readonly count: bigint }>`
      select gateway, mchid, appid, count(*) as count from orders
      where status = 'pending' group by gateway, mchid, appid`,
  )
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}
