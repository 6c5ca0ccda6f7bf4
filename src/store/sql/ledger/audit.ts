import { type RawBuilder, sql } from 'kysely'
import { type Connection, readValue, rowsOf } from '../../database.ts'
import type { AuditedOrder } from '../../proofs/proof-store.ts'
import type { Audit } from '../../store.ts'
import { auditedOrderOf, type KeyedRow } from '../merchant.ts'

/**
 * Each query reads the rows themselves, as if no constraint had ever held: a restored
 * dump, a disabled trigger or a broken index must show up here. Whole tables are read.
 */
export async function countAll(db: Connection): Promise<Audit> {
  return {
    paid_not_credited: await count(db, wrong.paid_not_credited),
    credited_not_paid: await count(db, wrong.credited_not_paid),
    credited_twice: await count(db, wrong.credited_twice),
    unbalanced: await count(db, wrong.unbalanced),
    mismatched: await count(db, wrong.mismatched),
    unexplained: await count(db, wrong.unexplained),
  }
}

/** The orders behind a count. There may be fewer: two wrong rows of one order are counted twice. */
export async function auditRows(
  db: Connection,
  { name, limit }: { readonly name: keyof Audit; readonly limit: number },
): Promise<readonly AuditedOrder[]> {
  const rows = await rowsOf(
    db,
    sql<KeyedRow>`
      select wrong.order_no as key, orders.gateway, orders.mchid
      from (select distinct order_no from (${wrong[name]}) as wrong order by order_no limit ${limit}) as wrong
      left join orders on orders.order_no = wrong.order_no
      order by wrong.order_no`,
  )
  return rows.map(auditedOrderOf)
}

function count(db: Connection, rows: RawBuilder<unknown>): Promise<number> {
  return readValue(db, sql<number>`(select count(*)::integer from (${rows}) as wrong)`)
}

/** I3: paid, and no transfer, or no entry for the user. */
const paidNotCredited = sql`
  select o.order_no from orders o
  where o.status = 'paid' and (
    not exists (select from transfers t where t.order_no = o.order_no)
    or not exists (
      select from entries e
      where e.order_no = o.order_no and e.account = 'user:' || o.user_id and e.amount > 0
    )
  )`

/** I1, I2: a transfer or an entry, and no paid order. */
const creditedNotPaid = sql`
  select moved.order_no from (select order_no from transfers union select order_no from entries) as moved
  where not exists (
    select from orders o where o.order_no = moved.order_no and o.status = 'paid'
  )`

/** I1: an order with two transfers or two deposits, a payment with two transfers. */
const creditedTwice = sql`
  select order_no from transfers group by order_no having count(*) > 1
  union
  select order_no from entries where amount > 0 group by order_no having count(*) > 1
  union
  select min(order_no) from transfers group by gateway, transaction_id having count(*) > 1`

/** I3: not two entries that sum to zero in the transfer's amount; entries without a transfer. */
const unbalanced = sql`
  select coalesce(t.order_no, e.order_no) as order_no
  from (select distinct order_no, amount from transfers) t
  full join (
    select order_no, count(*) as legs, sum(amount) as total, max(amount) as deposit
    from entries group by order_no
  ) e on e.order_no = t.order_no
  where e.legs is distinct from 2 or e.total is distinct from 0
    or e.deposit is distinct from t.amount`

/** I2: what was paid is not what was ordered, or went to another user. */
const mismatched = sql`
  select t.order_no from transfers t
  left join orders o on o.order_no = t.order_no
  where (t.amount, t.currency, t.gateway, t.mchid, t.appid, t.transaction_id) is distinct from
      (o.amount, o.currency, o.gateway, o.mchid, o.appid, o.transaction_id)
    or exists (
      select from entries e
      where e.order_no = t.order_no and (
        e.currency <> t.currency or (e.amount > 0 and e.account <> 'user:' || o.user_id)
      )
    )`

/** I6: the last state has no event, or some state on the way to it has none. */
const unexplained = sql`
  select o.order_no from orders o
  left join (
    select order_no, count(distinct state_seq) as states,
      max(state_seq) as last_seq, (array_agg(to_status order by state_seq desc))[1] as last_status
    from order_events where state_seq is not null group by order_no
  ) e on e.order_no = o.order_no
  where (e.states, e.last_seq, e.last_status) is distinct from
    (o.state_seq::bigint, o.state_seq, o.status)`

/** By the names of their counts: what is counted is what is listed. */
const wrong: Readonly<Record<keyof Audit, RawBuilder<unknown>>> = {
  paid_not_credited: paidNotCredited,
  credited_not_paid: creditedNotPaid,
  credited_twice: creditedTwice,
  unbalanced,
  mismatched,
  unexplained,
}
