import { sql } from 'kysely'
import { assert } from '../../../domain/assert.ts'
import { userAccount } from '../../../domain/ledger/transfer.ts'
import type { Order, OrderKey } from '../../../domain/order.ts'
import { preparedRows, rowsOf, type Scope } from '../../database.ts'
import { proofParts, type ToProve } from '../../proofs/prove.ts'
import type { SequenceUse } from '../../proofs/sequences.ts'
import type { Balance, Credit, Page, PageRequest, StatementEntry } from '../../store.ts'
import { byId, pageOf, startOf, type Walk, walks } from '../cursor.ts'
import { eventRecord, eventRecordColumns, insertEventRecords, recordsOf } from '../json-records.ts'
import { type MerchantColumns, merchantOf } from '../merchant.ts'
import { staleOrder } from '../order-steps.ts'
import { numberOf } from '../rows.ts'
import { isUnstorable } from '../storable-text.ts'

/**
 * The orders, their transfers, both entries of each and their events, in one statement: either
 * each row is the one that was locked, and all five are written for each, or this throws, and its
 * transaction writes nothing. A transfer is written as it is given, not copied from the order, so that
 * the foreign key compares the two (I2). In the order of `credits`.
 * Plan: each record finds its row by the key of `orders`; what is inserted comes from the records that the
 * update returns (see `waitStatement`).
 */
export async function creditOrders(
  scope: Scope,
  { credits, proving = null }: Crediting,
): Promise<readonly Order[]> {
  const { db, now } = scope
  const records = recordsOf(credits, (credit) => creditRecord(scope, credit))
  const rows = await preparedRows(
    db,
    sql<PaidRow>`
      with step as materialized (
        select * from json_to_recordset(${records}::json) as step (
          order_no text, state_seq integer, transaction_id text, paid_at timestamptz(3),
          credited_by text, posted_for text, gateway text, amount bigint, currency text, mchid text, appid text,
          debit_account text, debit_amount bigint, deposit_account text, deposit_amount bigint,
          ${eventRecordColumns}
        )
      ),
      paid as (
        update orders set status = 'paid', state_seq = orders.state_seq + 1,
          transaction_id = step.transaction_id, paid_at = step.paid_at,
          credited_at = ${now()}, credited_by = step.credited_by,
          dismissed_at = null, dismissed_payment = null
        from step
        -- Twice by its number, and its status in an expression, for the planner: see unpaid-batch.ts.
        where orders.order_no = any (array(select order_no from step))
          and orders.order_no = step.order_no and orders.state_seq = step.state_seq
          and (coalesce(orders.status, '') in ('pending', 'expired')
            or (coalesce(orders.status, '') = 'review' and step.operator is not null))
        returning step.*, orders.state_seq as paid_seq, orders.credited_at
      ),
      posted as (
        insert into transfers (
          order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at
        )
        select posted_for, gateway, transaction_id, amount, currency, mchid, appid, paid_at, credited_at
        from paid
      ),
      entered as (
        insert into entries (order_no, leg, account, amount, currency, at)
        select paid.posted_for, entry.leg, entry.account, entry.amount, paid.currency, paid.credited_at
        from paid, lateral (values
          (1, paid.debit_account, paid.debit_amount),
          (2, paid.deposit_account, paid.deposit_amount)
        ) as entry (leg, account, amount)
      ),
      event as (${insertEventRecords({
        at: sql`credited_at`,
        from: sql`from paid as step`,
        state: { status: 'paid', seq: sql`paid_seq` },
      })})
      ${proving === null ? sql`` : proofParts(proving.use, credits.map(toProve), proving.today)}
      select order_no, credited_at from paid`,
  )
  const paid = new Map(rows.map((row) => [row.order_no, row]))
  return credits.map((credit) => {
    const row = paid.get(credit.order.key)
    if (row === undefined) throw staleOrder(credit.order, 'credit it')
    return paidOrder(credit, row.credited_at)
  })
}

export interface Crediting {
  readonly credits: readonly Credit[]
  /** Null: without proofs. `today`: see `dayOf`. */
  readonly proving?: Proving | null
}

interface Proving {
  readonly use: SequenceUse
  readonly today: string
}

function toProve({ order, transfer, source, words = null }: Credit): ToProve {
  const { orderNo, userId } = order
  const entries = transfer.entries.map(({ account, amount }) => [account, amount] as const)
  return { ...transfer, key: order.key, orderNo, userId, creditedBy: source, entries, words }
}

interface PaidRow {
  readonly order_no: OrderKey
  readonly credited_at: Date
}

/** Only `credited_at` comes back from the database; the rest is known. */
function paidOrder({ order, transfer, source }: Credit, creditedAt: Date): Order {
  const { transactionId, paidAt } = transfer
  return {
    ...order,
    status: 'paid',
    stateSeq: order.stateSeq + 1,
    ...{ transactionId, paidAt, creditedAt, creditedBy: source },
    dismissed: null,
  }
}

function creditRecord(scope: Scope, { order, transfer, source, event }: Credit): object {
  const [debit, deposit] = transfer.entries
  return {
    order_no: order.key,
    state_seq: order.stateSeq,
    transaction_id: transfer.transactionId,
    paid_at: transfer.paidAt,
    credited_by: source,
    // The trade's number, as the other facts: where it is not the order's, the foreign key refuses (I2).
    posted_for: transfer.orderNo === order.orderNo ? order.key : transfer.orderNo,
    gateway: transfer.gateway,
    amount: String(transfer.amount),
    currency: transfer.currency,
    mchid: transfer.mchid,
    appid: transfer.appid,
    debit_account: debit.account,
    debit_amount: String(debit.amount),
    deposit_account: deposit.account,
    deposit_amount: String(deposit.amount),
    ...eventRecord(scope, { owner: order.key, event }),
  }
}

/** For an account without entries. */
const currencyDefault = 'CNY'

/**
 * Summed each time, by an index that holds the amounts: there is no second truth to go wrong. The
 * sum comes as text: it may be larger than a bigint of the database, though no amount is.
 */
export async function balanceOf({ db }: Scope, userId: string): Promise<Balance> {
  const rows = isUnstorable(userId)
    ? []
    : await rowsOf(
        db,
        sql<{ readonly balance: string; readonly currency: string }>`
          select sum(amount)::text as balance, currency from entries
          where account = ${userAccount(userId)} group by currency`,
      )
  assert(rows.length <= 1, `Account of user "${userId}" has ${rows.length} currencies`)
  const { balance, currency } = rows[0] ?? { balance: 0, currency: currencyDefault }
  return { userId, balance: BigInt(balance), currency }
}

interface EntryRow
  extends Omit<StatementEntry, 'orderNo' | 'merchant' | 'balance'>,
    MerchantColumns {
  readonly key: OrderKey
  /** A sum, and so text: see `balanceOf`. */
  readonly balance: string
}

type EntriesPage = PageRequest & { readonly userId: string }

export function listEntries(scope: Scope, page: EntriesPage): Promise<Page<StatementEntry>> {
  return pageOfEntries(scope, { ...page, kind: 'entries' })
}

export function latestEntries(scope: Scope, page: EntriesPage): Promise<Page<StatementEntry>> {
  return pageOfEntries(scope, { ...page, kind: 'latest_entries' })
}

async function pageOfEntries(
  { db }: Scope,
  { userId, kind, ...page }: EntriesPage & { kind: 'entries' | 'latest_entries' },
): Promise<Page<StatementEntry>> {
  const walk = kind === 'entries' ? walks.oldest : walks.newest
  const from = startOf(kind, page)?.key ?? walk.start
  const { limit } = page
  const rows = isUnstorable(userId)
    ? []
    : await rowsOf(db, entriesStatement({ userId, from, limit, walk }))
  const item = ({ key, gateway, mchid, ...row }: EntryRow) => ({
    ...row,
    orderNo: numberOf(key),
    merchant: merchantOf({ gateway, mchid }),
    balance: BigInt(row.balance),
  })
  return pageOf(rows, { kind, limit, item, position: byId })
}

/**
 * The balance before the page is summed from all older entries, which the index alone holds: exact
 * on every page, whatever the cursor says. An entry whose transfer was lost is shown without it:
 * a person who looks for such damage must not miss a line.
 */
export function entriesStatement(page: {
  readonly userId: string
  readonly from: string
  readonly limit: number
  readonly walk: Walk
}) {
  const account = userAccount(page.userId)
  const { beyond, order } = page.walk
  return sql<EntryRow>`
    with page as (
      select id, order_no, amount, currency, at from entries
      where account = ${account} and id ${beyond} ${page.from}::bigint
      order by id ${order} limit ${page.limit + 1}
    )
    select page.id::text as id, page.order_no as key, transfers.gateway, transfers.mchid,
      coalesce(transfers.transaction_id, '') as "transactionId",
      page.amount, page.currency, page.at, (
        (select coalesce(sum(amount), 0) from entries
          where account = ${account} and id < (select min(id) from page))
        + sum(page.amount) over (order by page.id)
      )::text as balance
    from page left join transfers on transfers.order_no = page.order_no
    order by page.id ${order}`
}
