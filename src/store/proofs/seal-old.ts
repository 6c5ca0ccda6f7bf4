import { sql } from 'kysely'
import { creditFacts, type OrderToSeal, orderFacts } from '../../proof/facts.ts'
import { isOfKind, sealFits, sealOf } from '../../proof/seal.ts'
import { type Connection, readValue, rowsOf } from '../database.ts'
import { SequenceNeededError } from '../errors.ts'
import { recordsOf } from '../sql/json-records.ts'
import { numberOf } from '../sql/rows.ts'
import { changeHead, isHeadWhole } from './head.ts'
import type { SealedPortion, SealingPosition, TransferRow } from './proof-store.ts'
import { countDays, countSequence } from './prove.ts'
import type { SequenceUse } from './sequences.ts'

interface Portion {
  readonly use: SequenceUse
  readonly at: SealingPosition | null
  readonly today: string
  readonly limit: number
}

/** Whether it was done for this database. */
export function isOldSealed(db: Connection): Promise<boolean> {
  return readValue(db, sql`exists (select from proof_head where events_to is not null)`)
}

/**
 * Seals a portion of what has no seal, as it is found: credits, and orders that may yet be credited or were
 * credited with a proof. In one transaction, by one process at a time. A seal that is there stays, unless it
 * fits an order whose timeline has events without one: only an old order may have those.
 *
 * Where the head was changed, nobody knows whether this was done already, and a forged order or credit would
 * be sealed as one of before.
 */
export async function sealOldPortion(
  db: Connection,
  { use, at, today, limit }: Portion,
): Promise<SealedPortion> {
  await sql`select pg_advisory_xact_lock(hashtext('budan proofs'))`.execute(db)
  if (!(await isHeadWhole(db, use.keys))) throw new Error(headChanged)
  const orders = await sealOrders(db, { use, after: at?.orders ?? '', limit })
  const credits = await sealCredits(db, { use, after: at?.credits ?? '', today, limit })
  const next = { orders: orders.last, credits: credits.last }
  const isOver = orders.read < limit && credits.read < limit
  if (isOver) await markSealed(db, use)
  return { orders: orders.sealed, credits: credits.sealed, next: isOver ? null : next }
}

const headChanged =
  'the head of the proofs does not fit its seal, so what has no seal may be forged: run `budan audit --verify`'

interface Page {
  readonly use: SequenceUse
  readonly after: string
  readonly limit: number
}

interface SealedPage {
  readonly read: number
  readonly sealed: number
  readonly last: string
}

type OrderFound = Omit<OrderToSeal, 'orderNo'> & {
  readonly key: string
  readonly seal: string | null
  readonly paid: boolean
  /** The seal of its credit's proof. */
  readonly proof: string | null
}

async function sealOrders(db: Connection, { use, after, limit }: Page): Promise<SealedPage> {
  const found = await rowsOf(
    db,
    sql<OrderFound>`
      select order_no as key, gateway, mchid, appid, user_id as "userId", amount, currency, adopted,
        coalesce(cardinality(former_seals), 0) as corrections, seal, status = 'paid' as paid, case when status = 'paid' then (
          select p.seal from proofs p where p.order_no = orders.order_no
        ) end as proof
      from orders where order_no > ${after} order by order_no limit ${limit}`,
  )
  // Of an order that was credited without proofs, the seal is never verified.
  const needed = found.filter(
    ({ paid, proof }) => !paid || (proof !== null && !isOfKind(proof, 'old_credit')),
  )
  const toSeal = [
    ...needed.filter(({ seal }) => seal === null),
    ...(await withUnsealedEvents(db, { use, orders: needed })),
  ]
  const records = recordsOf(toSeal, (order) => ({
    order_no: order.key,
    former: order.seal,
    seal: sealOf(use.key, 'old_order', orderFacts({ ...order, orderNo: numberOf(order.key) })),
    ...{ user_id: order.userId, amount: String(order.amount), appid: order.appid },
  }))
  // An order that was corrected or sealed meanwhile keeps what it has.
  const sealed = await rowsOf(
    db,
    sql`
      update orders set seal = found.seal
      from json_to_recordset(${records}::json)
        as found (order_no text, former text, seal text, user_id text, amount bigint, appid text)
      where orders.order_no = found.order_no
        and (orders.seal, orders.user_id, orders.amount, orders.appid)
          is not distinct from (found.former, found.user_id, found.amount, found.appid)
      returning orders.order_no`,
  )
  return pageOf(found, { sealed: sealed.length, after })
}

/**
 * Sealed orders whose timelines were continued by a process without proofs. One whose seal does not fit is
 * left as it is: the audit shows it.
 */
async function withUnsealedEvents(
  db: Connection,
  { use, orders }: { readonly use: SequenceUse; readonly orders: readonly OrderFound[] },
): Promise<readonly OrderFound[]> {
  const sealed = orders.filter((order) => {
    const facts = orderFacts({ ...order, orderNo: numberOf(order.key) })
    return sealFits(use.keys, order.seal, { kind: 'order', facts }) === 'fits'
  })
  if (sealed.length === 0) return []
  const rows = await rowsOf(
    db,
    sql<{ readonly key: string }>`
      select distinct order_no as key from order_events
      where seal is null
        and order_no in (select json_array_elements_text(${JSON.stringify(sealed.map(({ key }) => key))}::json))`,
  )
  const keys = new Set(rows.map(({ key }) => key))
  return sealed.filter(({ key }) => keys.has(key))
}

interface CreditFound extends TransferRow {
  readonly key: string
  readonly userId: string | null
  readonly creditedBy: string | null
  readonly entries: readonly (readonly [string, string])[] | null
  readonly proved: boolean
}

async function sealCredits(
  db: Connection,
  { use, after, today, limit }: Page & { readonly today: string },
): Promise<SealedPage> {
  const found = await rowsOf(
    db,
    sql<CreditFound>`
      select t.order_no as key, t.gateway, t.mchid, t.appid, t.transaction_id as "transactionId",
        t.amount, t.currency, t.paid_at as "paidAt", t.created_at as "createdAt",
        o.user_id as "userId", o.credited_by as "creditedBy", p.order_no is not null as proved, (
          select json_agg(json_build_array(e.account, e.amount::text) order by e.leg)
          from entries e where e.order_no = t.order_no
        ) as entries
      from (
        select * from transfers where order_no > ${after} order by order_no limit ${limit}
      ) t
      left join orders o on o.order_no = t.order_no
      left join proofs p on p.order_no = t.order_no
      order by t.order_no`,
  )
  const unproved = found.filter(({ proved }) => !proved)
  if (unproved.length > 0) {
    if (!use.take()) throw new SequenceNeededError()
    const records = recordsOf(unproved, (credit) => oldProof(credit, { use, today }))
    const { sequence, days } = use.records()
    await sql`
      with added as (
        insert into proofs (order_no, key_id, evidence, sequence, place, day, seal)
        select order_no, key_id, null, sequence, place, day, seal
        from json_to_recordset(${records}::json) as found (
          order_no text, key_id text, sequence integer, place bigint, day text, seal text
        )
      ),
      counted as (${countSequence(sequence)})
      ${countDays(days)}`.execute(db)
  }
  return pageOf(found, { sealed: unproved.length, after })
}

function oldProof(
  credit: CreditFound,
  { use, today }: { readonly use: SequenceUse; readonly today: string },
): object {
  const place = use.placeOn(today)
  const entries = (credit.entries ?? []).map(
    ([account, amount]) => [account, BigInt(amount)] as const,
  )
  const facts = creditFacts({
    ...{ ...credit, orderNo: numberOf(credit.key), entries, place, evidence: null },
    ...{ userId: credit.userId ?? '', creditedBy: credit.creditedBy ?? '' },
  })
  const seal = sealOf(use.key, 'old_credit', [...facts, +credit.createdAt])
  use.count(place, { ...credit, seal })
  return { order_no: credit.key, key_id: use.key.id, ...place, seal }
}

/** Order events up to here may have no seal, where their order has none or an old one. */
async function markSealed(db: Connection, use: SequenceUse): Promise<void> {
  const last = await readValue(
    db,
    sql<string>`(select coalesce(max(id), 0)::text from order_events)`,
  )
  await changeHead(db, use, (head) => ({ ...head, eventsTo: last }))
}

function pageOf(
  found: readonly { readonly key: string }[],
  { sealed, after }: { sealed: number; after: string },
): SealedPage {
  return { read: found.length, sealed, last: found.at(-1)?.key ?? after }
}
