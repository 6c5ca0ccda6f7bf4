import { sql } from 'kysely'
import type { OrderKey } from '../../domain/order.ts'
import type { SealedHead } from '../../proof/head.ts'
import { type Connection, firstOf, rowsOf } from '../database.ts'
import { auditedOrderOf, type KeyedRow } from '../sql/merchant.ts'
import { numberOf } from '../sql/rows.ts'
import { headColumns } from './head.ts'
import type {
  AuditedOrder,
  CreditToVerify,
  OrderRow,
  ProofCounts,
  ProofRow,
  TransferRow,
} from './proof-store.ts'
import { sealedColumns } from './sealed-column.ts'

interface PageRow {
  readonly key: OrderKey
  readonly transfer: Readonly<Record<string, string | null>>
  readonly order: Readonly<Record<string, string | number | null>> | null
  readonly proof: Readonly<Record<string, string | number>> | null
  readonly evidence: Uint8Array | null
  readonly entries: readonly (readonly [string, string | null, string, string])[] | null
  readonly events: readonly (readonly [string, string | null, ...(string | null)[]])[] | null
}

/** Times as milliseconds, amounts as text: JSON loses neither. Infinity is a time that fits nothing. */
const ms = (column: string) => sql`case
  when isfinite(${sql.raw(column)}) then (extract(epoch from ${sql.raw(column)}) * 1000)::bigint::text
  else ${sql.raw(column)}::text
end`

const eventTexts = sql.raw(sealedColumns.map((name) => `e.${name}::text`).join(', '))

/** Plan: a part of the primary key of transfers, and by each key its rows of the other tables. */
export async function creditsToVerify(
  db: Connection,
  { after, limit }: { readonly after: OrderKey | null; readonly limit: number },
): Promise<readonly CreditToVerify[]> {
  const rows = await rowsOf(
    db,
    sql<PageRow>`
      select t.order_no as key,
        json_build_object(
          'gateway', t.gateway, 'mchid', t.mchid, 'appid', t.appid, 'currency', t.currency,
          'transactionId', t.transaction_id, 'amount', t.amount::text,
          'paidAt', ${ms('t.paid_at')}, 'createdAt', ${ms('t.created_at')}
        ) as transfer,
        case when o.order_no is not null then json_build_object(
          'gateway', o.gateway, 'mchid', o.mchid, 'appid', o.appid, 'userId', o.user_id,
          'amount', o.amount::text, 'currency', o.currency, 'adopted', o.adopted,
          'corrections', coalesce(cardinality(o.former_seals), 0),
          'transactionId', o.transaction_id, 'paidAt', ${ms('o.paid_at')},
          'creditedAt', ${ms('o.credited_at')}, 'creditedBy', o.credited_by, 'seal', o.seal
        ) end as "order",
        case when p.order_no is not null then json_build_object(
          'keyId', p.key_id, 'sequence', p.sequence, 'place', p.place, 'day', p.day, 'seal', p.seal
        ) end as proof,
        p.evidence,
        (
          select json_agg(
            json_build_array(l.account, l.amount::text, l.currency, ${ms('l.at')})
            order by l.leg
          ) from entries l where l.order_no = t.order_no
        ) as entries,
        (
          select json_agg(json_build_array(e.id::text, e.seal, ${eventTexts}) order by e.id)
          from order_events e where e.order_no = t.order_no
        ) as events
      from (
        select * from transfers where order_no > ${after ?? ''} order by order_no limit ${limit}
      ) t
      left join orders o on o.order_no = t.order_no
      left join proofs p on p.order_no = t.order_no
      order by t.order_no`,
  )
  return rows.map(creditOf)
}

function creditOf({ key, transfer, order, proof, evidence, entries, events }: PageRow) {
  return {
    key,
    orderNo: numberOf(key),
    transfer: timed(transfer, ['paidAt', 'createdAt']) as unknown as TransferRow,
    order: order && (timed(order, ['paidAt', 'creditedAt']) as unknown as OrderRow),
    proof: proof && ({ ...proof, evidence } as unknown as ProofRow),
    entries: (entries ?? []).map(([account, amount, currency, at]) => ({
      ...{ account, amount: wholeOf(amount), currency },
      at: new Date(Number(at)),
    })),
    events: (events ?? []).map(([id, seal, ...columns]) => ({ id: BigInt(id), seal, columns })),
  }
}

function timed(row: Readonly<Record<string, unknown>>, times: readonly string[]): object {
  const read = times.map((name) => [name, row[name] === null ? null : new Date(Number(row[name]))])
  return { ...row, amount: wholeOf(row.amount), ...Object.fromEntries(read) }
}

/** Who owns a table can write what is no whole number. Nothing of 0 is ever credited or counted. */
function wholeOf(text: unknown): bigint {
  return /^-?\d+$/.test(String(text)) ? BigInt(String(text)) : 0n
}

/** One statement, so that the counts fit each other. There is a sequence for each start of a process, and a day for each of its days. */
export async function proofCounts(db: Connection): Promise<ProofCounts> {
  const row = await firstOf(
    db,
    sql<{
      readonly head: SealedHead | null
      readonly sequences: ProofCounts['sequences'] | null
      readonly days: readonly (Omit<ProofCounts['days'][number], 'amount' | 'sum'> & {
        readonly amount: string
        readonly sum: string
      })[]
    }>`
      select
        (select row_to_json(found) from (select ${headColumns} from proof_head) found) as head,
        (select json_agg(row) from (select sequence, credits, seal from proof_sequences) row) as sequences,
        (
          select json_agg(total) from (
            select sequence, day, gateway, mchid, credits, amount::text, sum::text, seal from proof_days
          ) total
        ) as days`,
  )
  return {
    head: row?.head ?? null,
    sequences: row?.sequences ?? [],
    days: (row?.days ?? []).map((day) => ({
      ...{ ...day, amount: wholeOf(day.amount), sum: wholeOf(day.sum) },
    })),
  }
}

/** Proofs whose credit is gone, at most `limit`. */
export async function proofsWithoutCredit(
  db: Connection,
  { limit }: { readonly limit: number },
): Promise<readonly AuditedOrder[]> {
  const rows = await rowsOf(
    db,
    sql<KeyedRow>`
      select p.order_no as key, o.gateway, o.mchid
      from proofs p left join orders o on o.order_no = p.order_no
      where not exists (select from transfers t where t.order_no = p.order_no)
      limit ${limit}`,
  )
  return rows.map(auditedOrderOf)
}
