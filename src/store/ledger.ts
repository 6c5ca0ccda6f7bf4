import { sql } from 'kysely'
import { assert } from '../assert.ts'
import { type Transfer, userAccount } from '../ledger/transfer.ts'
import type { Fen } from '../money.ts'
import type { NewOrderEvent, Order, Source } from '../order.ts'
import { pageOf, startOf } from './cursor.ts'
import { firstOf, planned, rowsOf, type Scope } from './database.ts'
import { insertEvent } from './events.ts'
import { type OrderRow, orderColumns } from './rows.ts'
import { orderOrStale } from './steps.ts'
import type { Balance, Page, PageRequest, StatementEntry } from './store.ts'
import { isUnstorable } from './text.ts'

export interface Credit {
  readonly order: Order
  readonly transfer: Transfer
  readonly source: Source
  readonly event: NewOrderEvent
}

/**
 * The order, its transfer, both entries and its event, in one statement: either the row is the one
 * that was locked and all five are written, or nothing is. The transfer is written as it is given,
 * not copied from the order; that they are equal is for the foreign key to find (I2).
 */
export async function creditOrder({ db, now }: Scope, credit: Credit): Promise<Order> {
  const { order, transfer, source, event } = credit
  const [debit, deposit] = transfer.entries
  const row = await firstOf(
    db,
    sql<OrderRow>`${planned}
      with paid as (
        update orders set status = 'paid', state_seq = state_seq + 1,
          transaction_id = ${transfer.transactionId}, paid_at = ${transfer.paidAt},
          credited_at = ${now()}, credited_by = ${source},
          dismissed_at = null, dismissed_payment = null
        where order_no = ${order.orderNo} and state_seq = ${order.stateSeq}
          and (status in ('pending', 'expired')
            or (status = 'review' and ${event.operator ?? null}::text is not null))
        returning *
      ),
      posted as (
        insert into transfers (
          order_no, gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at
        )
        select ${transfer.orderNo}::text, ${transfer.gateway}::text,
          ${transfer.transactionId}::text, ${transfer.amount}::bigint, ${transfer.currency}::text,
          ${transfer.mchid}::text, ${transfer.appid}::text, ${transfer.paidAt}::timestamptz(3),
          paid.credited_at
        from paid
      ),
      entered as (
        insert into entries (order_no, leg, account, amount, currency, at)
        select ${transfer.orderNo}::text, entry.leg, entry.account, entry.amount,
          ${transfer.currency}::text, paid.credited_at
        from paid, (values
          (1, ${debit.account}::text, ${debit.amount}::bigint),
          (2, ${deposit.account}::text, ${deposit.amount}::bigint)
        ) as entry (leg, account, amount)
      ),
      told as (${insertEvent(event, {
        at: sql`paid.credited_at`,
        from: sql`from paid`,
        state: { status: 'paid', seq: sql`paid.state_seq` },
      })})
      select ${orderColumns} from paid`,
  )
  return orderOrStale(row, { order, action: 'credit it' })
}

/** Of an account that never had an entry. */
const currencyDefault = 'CNY'

/** Summed each time, by an index that holds the amounts: there is no second truth to go wrong. */
export async function balanceOf({ db }: Scope, userId: string): Promise<Balance> {
  const rows = isUnstorable(userId)
    ? []
    : await rowsOf(
        db,
        sql<{ readonly balance: Fen; readonly currency: string }>`
          select sum(amount)::bigint as balance, currency from entries
          where account = ${userAccount(userId)} group by currency`,
      )
  assert(rows.length <= 1, `Account of user "${userId}" has ${rows.length} currencies`)
  const { balance, currency } = rows[0] ?? { balance: 0n, currency: currencyDefault }
  return { userId, balance, currency }
}

export interface EntryRow {
  readonly id: bigint
  readonly order_no: string
  readonly transaction_id: string
  readonly amount: Fen
  readonly currency: string
  readonly balance: Fen
  readonly at: Date
}

/**
 * Oldest first. A page's first balance is summed from all entries before it, so the balances are
 * exact on every page, whatever the cursor says.
 */
export async function listEntries(
  { db }: Scope,
  { userId, ...page }: PageRequest & { userId: string },
): Promise<Page<StatementEntry>> {
  const after = startOf('entries', page)?.key ?? '0'
  const account = userAccount(userId)
  const rows = isUnstorable(userId)
    ? []
    : await rowsOf(
        db,
        sql<EntryRow>`
          with page as (
            select id, order_no, amount, currency, at from entries
            where account = ${account} and id > ${after}::bigint
            order by id limit ${page.limit + 1}
          )
          select page.id, page.order_no, transfers.transaction_id, page.amount, page.currency,
            page.at, (
              (select coalesce(sum(amount), 0) from entries
                where account = ${account} and id <= ${after}::bigint)
              + sum(page.amount) over (order by page.id)
            )::bigint as balance
          from page join transfers on transfers.order_no = page.order_no
          order by page.id`,
      )
  return pageOf(rows, {
    kind: 'entries',
    limit: page.limit,
    item: statementEntryOf,
    position: (row) => ({ at: null, key: String(row.id) }),
  })
}

export function statementEntryOf(row: EntryRow): StatementEntry {
  return {
    id: String(row.id),
    orderNo: row.order_no,
    transactionId: row.transaction_id,
    amount: row.amount,
    currency: row.currency,
    balance: row.balance,
    at: row.at,
  }
}
