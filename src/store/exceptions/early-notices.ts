import { type RawBuilder, sql } from 'kysely'
import type { MerchantIdentity } from '../../domain/merchant.ts'
import type { EarlyNotice, RefundNotice } from '../../domain/refund.ts'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import { wellFormed } from '../sql/json-records.ts'
import type { NamedPayment } from './exception-store.ts'

/** Until the end of the transaction. Nothing that credits takes this lock. */
export async function holdPayment(
  { db }: Pick<Scope, 'db'>,
  { gateway, mchid, transactionId }: MerchantIdentity & { readonly transactionId: string },
): Promise<void> {
  const name = wellFormed(`${gateway}/${mchid}/${transactionId}`)
  await sql`select pg_advisory_xact_lock(hashtext('budan payments'), hashtext(${name}))`.execute(db)
}

/** One that names neither an order nor a payment cannot be found again: it is not kept. */
export async function keepNotice(
  { db, now }: Scope,
  { gateway, mchid, notice, node }: EarlyNotice,
): Promise<void> {
  const { orderNo, transactionId, key } = notice
  if (orderNo === null && transactionId === null) return
  await rowsOf(
    db,
    sql`
      insert into early_refund_notices (gateway, mchid, order_number, transaction_id, refund_key, notice,
        node, received_at)
      values (${gateway}, ${mchid}, ${wellFormed(orderNo)}, ${wellFormed(transactionId)},
        ${wellFormed(key)}, ${recordOf(notice)}::json, ${wellFormed(node)}, ${now()})
      on conflict do nothing`,
  )
}

export async function keptNotices(
  { db }: Pick<Scope, 'db'>,
  payment: NamedPayment,
): Promise<readonly EarlyNotice[]> {
  const rows = await rowsOf(
    db,
    sql<NoticeRow>`
      select ${noticeColumns} from early_refund_notices
      where id in (${idsOf(payment)}) order by id`,
  )
  return rows.map(noticeOf)
}

export async function takeNotices(
  { db }: Pick<Scope, 'db'>,
  payment: NamedPayment,
): Promise<readonly EarlyNotice[]> {
  const rows = await rowsOf(
    db,
    sql<NoticeRow>`
      with taken as (
        delete from early_refund_notices where id in (${idsOf(payment)}) returning *
      )
      select ${noticeColumns} from taken order by id`,
  )
  return rows.map(noticeOf)
}

/** Plan: each half by its own index. */
function idsOf({ gateway, mchid, orderNo, transactionId }: NamedPayment): RawBuilder<unknown> {
  return sql`
    select id from early_refund_notices
    where order_number = ${wellFormed(orderNo)} and mchid = ${mchid} and gateway = ${gateway}
    union all
    select id from early_refund_notices
    where order_number is null and transaction_id = ${wellFormed(transactionId)}
      and mchid = ${mchid} and gateway = ${gateway}`
}

/** Removes a portion of the oldest. Returns how many: fewer than `limit` when no old one is left. */
export async function pruneNotices(
  { db, now }: Pick<Scope, 'db' | 'now'>,
  { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
): Promise<number> {
  const before = sql`${now()} - ${olderThanMs}::float8 * interval '1 millisecond'`
  const removed = await firstOf(
    db,
    sql<{ readonly count: number }>`
      with oldest as materialized (
        select id, received_at from early_refund_notices order by id limit ${limit}
      ),
      removed as (
        delete from early_refund_notices using oldest
        where early_refund_notices.id = oldest.id and oldest.received_at < ${before}
        returning early_refund_notices.id
      )
      select count(*)::integer as count from removed`,
  )
  return removed?.count ?? 0
}

interface NoticeRow extends MerchantIdentity {
  readonly orderNo: string | null
  readonly transactionId: string | null
  readonly key: string
  readonly notice: NoticeRecord
  readonly node: string | null
}

const noticeColumns = sql`
  id, gateway, mchid, order_number as "orderNo", transaction_id as "transactionId",
  refund_key as "key", notice, node`

/** Sums as text: they may be larger than a number of JSON. */
type NoticeRecord = Pick<RefundNotice, 'state' | 'reported' | 'evidence'> &
  Readonly<Record<'refundId' | 'refunded' | 'total', string | null>>

function recordOf({ refundId, state, reported, refunded, total, evidence }: RefundNotice): string {
  const record: NoticeRecord = {
    ...{ refundId: refundId ?? null, state, reported, evidence },
    ...{ refunded: textOf(refunded), total: textOf(total) },
  }
  return JSON.stringify(record)
}

function noticeOf({ gateway, mchid, node, notice: record, ...names }: NoticeRow): EarlyNotice {
  const { orderNo, transactionId, key } = names
  const { refunded, total, ...said } = record
  const notice = {
    ...{ orderNo, transactionId, key, ...said },
    ...{ refunded: fenIn(refunded), total: fenIn(total) },
  }
  return { gateway, mchid, node, notice }
}

function textOf(sum: bigint | null): string | null {
  return sum === null ? null : String(sum)
}

function fenIn(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}
