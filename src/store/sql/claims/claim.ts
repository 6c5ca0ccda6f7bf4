import { type RawBuilder, sql } from 'kysely'
import { type DueMerchant, isSameMerchant } from '../../../domain/merchant.ts'
import { type Merchant, type Order, type Standing, standings } from '../../../domain/order.ts'
import { preparedRows, rowsOf, type Scope } from '../../database.ts'
import type { ClaimedOrder, Due } from '../../store.ts'
import { type ClaimStart, givenMerchants, ofMerchant } from '../merchant.ts'
import { type OrderRow, orderColumns, orderOf, standingNumber } from '../rows.ts'
import type { ClaimCursor } from './claim-cursor.ts'

type Claim = Due & { readonly leaseMs: number }
type ClaimOfEach = Omit<Claim, 'merchant' | 'youngestFrom'> & {
  readonly merchants: readonly DueMerchant[]
  readonly cursor: ClaimCursor
}

/**
 * A batch of each merchant, in one statement; and a second one for each merchant whose claim began at the
 * cursor and found too few.
 */
export async function claimDueOfEach(
  scope: Scope,
  claim: ClaimOfEach,
): Promise<readonly ClaimedOrder[]> {
  const { merchants, cursor, limit } = claim
  const starts = merchants.map((merchant) => startOf(merchant, cursor))
  const taken = await takeAndLook(scope, { claim, starts })
  const rests = await Promise.all(
    starts.map(async ({ merchant, from }) => {
      const rest = limit - taken.filter((row) => isSameMerchant(row, merchant)).length
      if (rest === 0 || Object.keys(from).length === 0) return []
      cursor.forget(merchant)
      const again = { claim: { ...claim, limit: rest }, starts: [{ merchant, from: {} }] }
      return takeAndLook(scope, again)
    }),
  )
  return claimedOf([...taken, ...rests.flat()])
}

/** A merchant, and where its claim begins in the index. */
interface Start {
  readonly merchant: DueMerchant
  readonly from: ClaimStart
}

function startOf(merchant: DueMerchant, cursor: ClaimCursor): Start {
  const from: Partial<Record<Standing, Date>> = {}
  for (const standing of standings) {
    const at = cursor.of(merchant, standing)
    if (at !== null) from[standing] = at
  }
  return { merchant, from }
}

/** Remembers where each standing's orders began, if there were as many as could be taken. */
async function takeAndLook(
  scope: Scope,
  { claim, starts }: { claim: ClaimOfEach; starts: readonly Start[] },
): Promise<readonly DueRow[]> {
  const startedAt = performance.now()
  const { cursor, limit } = claim
  const picks = picksOf(limit)
  const taken = await take(scope, { ...claim, starts, picks })
  const lookMs = performance.now() - startedAt
  for (const { merchant, from } of starts) {
    const own = taken.filter((row) => isSameMerchant(row, merchant))
    // A short batch means that the end was reached: no cursor to remember.
    if (own.length < limit) continue
    for (const standing of standings) {
      const last = own.findLast(({ pick }) => isOldestOf(standing, picks[pick]))
      if (last === undefined) continue
      if (from[standing] === undefined) cursor.found(merchant, standing, { at: last.dueAt, lookMs })
      else cursor.movedTo(merchant, standing, last.dueAt)
    }
  }
  return taken
}

function isOldestOf(standing: Standing, pick: DuePick | undefined): boolean {
  return pick?.standing === standing && pick.end === 'oldest'
}

/**
 * For a probe: in turn one that was never queried, and one that the gateway knows. The answer about a
 * number that it does not know would say nothing about this merchant.
 */
export async function claimYoungest(
  scope: Scope,
  { merchant, youngestFrom, ...claim }: Claim & { readonly youngestFrom: number },
): Promise<readonly ClaimedOrder[]> {
  const [first, second] =
    youngestFrom % 2 === 0 ? (['new', 'known'] as const) : (['known', 'new'] as const)
  for (const standing of [first, second, 'unknown'] as const) {
    // Half as far back where two alternate; where there is only one, as far as requested.
    const skipped = standing === first ? Math.floor(youngestFrom / 2) : youngestFrom
    const pick: DuePick = { standing, limit: claim.limit, end: 'newest', skipped }
    const starts = [{ merchant, from: {} }]
    const taken = await take(scope, { ...claim, starts, picks: [pick] })
    if (taken.length > 0) return claimedOf(taken)
  }
  return []
}

function take(scope: Scope, claim: Taking): Promise<readonly DueRow[]> {
  return preparedRows(scope.db, claimStatement(scope, claim))
}

function claimedOf(taken: readonly DueRow[]): readonly ClaimedOrder[] {
  return taken.map(({ dueAt, pick: _pick, ...row }) => ({ order: orderOf(row), dueAt }))
}

type DueRow = OrderRow & {
  readonly dueAt: Date
  /** Which of the picks took it, counted from 0. */
  readonly pick: number
}

/** Some of the orders of one standing, in the order of a claim. */
export interface DuePick {
  readonly standing: Standing
  readonly limit: number
  /** The longest waiting, or those that came due last. */
  readonly end: 'oldest' | 'newest'
  /** Of the newest, this many are skipped. */
  readonly skipped?: number
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

interface Looking extends Pick<Due, 'thresholdMs' | 'farthestMs' | 'limit'> {
  readonly starts: readonly Start[]
  readonly picks: readonly DuePick[]
}

type Taking = Looking & { readonly leaseMs: number }

/**
 * Plan: for each merchant ends of `orders_claims`, stopping at the limits, no sort; then each row by its
 * key. The limits are written into the text: as parameters a generic plan would guess a tenth of the
 * table, and may then join by reading all of it.
 *
 * `no key update` is the lock that this update takes in any case. `for update` would also exclude
 * the key-share lock of a concurrent event's foreign key, and skip an order that no other run queries.
 * Two claims never share an order; a row locked by a settlement is skipped, and due again next time.
 */
function claimStatement(
  { now }: Pick<Scope, 'now'>,
  { leaseMs, ...looking }: Taking,
): RawBuilder<DueRow> {
  return sql<DueRow>`
    with ${dueOrders(now(), { ...looking, lock: sql`for no key update skip locked` })},
    claimed as (
      update orders set next_check_at = ${now()} + ${leaseMs}::float8 * interval '1 millisecond'
      from due where orders.order_no = due.order_no
      returning orders.*, due.due_at, due.pick
    )
    select ${orderColumns}, due_at as "dueAt", pick from claimed
    order by due_at, created_at, order_no`
}

/**
 * `due (order_no, due_at, pick)`: of each merchant one pick after the other, each at most what is left of
 * the whole limit. The limit inside is for the planner, which does not consider the one outside; nothing
 * is read, or locked, beyond either.
 */
function dueOrders(
  now: RawBuilder<Date>,
  { starts, ...looking }: Looking & { readonly lock: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const { picks, limit, lock } = looking
  const named = picks.map((pick, at) => ({ pick, name: sql.raw(`pick_${at}`), at: sql.lit(at) }))
  const parts = named.map(({ pick, name, at }, nth) => {
    const before = named.slice(0, nth)
    const same = before.filter((other) => other.pick.standing === pick.standing)
    const taken = same.map((other) => sql`select order_no from ${other.name}`)
    const others =
      same.length === 0
        ? sql``
        : sql`and order_no <> all (array(${sql.join(taken, sql` union all `)}))`
    const counts = before.map((other) => sql`- (select count(*) from ${other.name})`)
    return sql`${name} as materialized (
      select *, ${at}::integer as pick from (
        select order_no, next_check_at as due_at from orders
        ${whereDue(now, { ...looking, pick, others })} ${lock}
      ) as picked limit ${sql.lit(limit)} ${sql.join(counts, sql` `)}
    )`
  })
  const all = named.map(({ name }) => sql`select * from ${name}`)
  return sql`
    given as materialized (${givenStarts(starts)}),
    due as materialized (
      select picked.* from given, lateral (
        with ${sql.join(parts)} ${sql.join(all, sql` union all `)}
      ) as picked
    )`
}

function givenStarts(starts: readonly Start[]): RawBuilder<unknown> {
  return givenMerchants(
    starts.map(({ merchant }) => merchant),
    starts.map(({ from }) => from),
  )
}

function whereDue(
  now: RawBuilder<Date>,
  { pick, others, ...age }: Age & { pick: DuePick; others: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const { standing, limit, end, skipped = 0 } = pick
  const which = whichDue(now, { ...age, standing, of: ofGiven })
  if (end === 'newest') {
    return sql`
      ${which} ${others}
      order by next_check_at desc, created_at desc, order_no desc
      limit ${sql.lit(limit)} offset ${sql.lit(skipped)}`
  }
  return sql`
    ${which} and next_check_at >= coalesce(given.from_${sql.raw(standing)}, '-infinity') ${others}
    order by next_check_at, created_at, order_no
    limit ${sql.lit(limit)}`
}

type Age = Pick<Due, 'thresholdMs' | 'farthestMs'>

/** An order created farther ahead than any schedule reaches, by a clock that was wrong, is not young. */
function whichDue(
  now: RawBuilder<Date>,
  { thresholdMs, farthestMs, ...which }: Age & { standing: Standing; of: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const isWrong =
    farthestMs === undefined ? sql`` : sql`or created_at > ${before(now, -farthestMs)}`
  return sql`
    where status = 'pending' and standing = ${sql.lit(standingNumber(which.standing))}
      and next_check_at <= ${now} and ${which.of}
      and (created_at < ${before(now, thresholdMs)} ${isWrong})`
}

/** Of the merchant of the row `given`. */
const ofGiven = sql`
  gateway = given.gateway and mchid = given.mchid and appid = any (given.appids)`

/**
 * Whether the merchant of the row `given` has an order that is due.
 * Plan: the start of each standing in `orders_claims`.
 */
export function anyDue(now: RawBuilder<Date>, age: Age): RawBuilder<boolean> {
  const each = standings.map(
    (standing) =>
      sql`exists (select from orders ${whichDue(now, { ...age, standing, of: ofGiven })})`,
  )
  return sql<boolean>`(${sql.join(each, sql` or `)})`
}

function before(now: RawBuilder<Date>, ms: number): RawBuilder<unknown> {
  return sql`${now} - ${ms}::float8 * interval '1 millisecond'`
}

export async function peekDue(
  { db, now }: Scope,
  { merchant, ...due }: Due,
): Promise<readonly Order[]> {
  const looking = { ...due, picks: picksOf(due.limit), starts: [{ merchant, from: {} }] }
  const rows = await rowsOf(
    db,
    sql<OrderRow>`
      with ${dueOrders(now(), { ...looking, lock: sql`` })}
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
  { countMax, merchant, ...age }: Omit<Due, 'limit'> & { readonly countMax: number },
): RawBuilder<{ readonly count: number }> {
  const of = ofMerchant(merchant)
  const counts = (['known', 'new', 'unknown'] as const).map(
    (standing) => sql`(select count(*)::integer from (
      select from orders ${whichDue(now(), { ...age, standing, of })}
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
