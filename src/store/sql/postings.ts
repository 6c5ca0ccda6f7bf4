import { sql } from 'kysely'
import type { Fen } from '../../domain/money.ts'
import type { Order } from '../../domain/order.ts'
import { firstOf, rowsOf, type Scope } from '../database.ts'
import type { OrderLedger, Payment, PostedEntry, PostedTransfer } from '../store.ts'
import { type OrderRow, orderColumns, orderOf } from './rows.ts'
import { isUnstorable } from './text.ts'

/** What was posted, read back: for people who look into one order. */

export async function findOrderByTransaction(
  { db }: Scope,
  payment: Payment,
): Promise<Order | null> {
  if (isUnstorable(payment.transactionId)) return null
  const row = await firstOf(db, orderByTransaction(payment))
  return row && orderOf(row)
}

/** By the unique key of transfers (I1): an order that was not credited has none. */
export function orderByTransaction({ gateway, transactionId }: Payment) {
  return sql<OrderRow>`
    select ${orderColumns} from orders where order_no = (
      select order_no from transfers
      where gateway = ${gateway} and transaction_id = ${transactionId} limit 1
    )`
}

/** Not joined: where one of them is missing, the other one has to show. */
export async function ledgerOf(scope: Scope, orderNo: string): Promise<OrderLedger> {
  if (isUnstorable(orderNo)) return { transfers: [], entries: [] }
  return {
    transfers: await transfersOf(scope, orderNo),
    entries: await entriesOf(scope, orderNo),
  }
}

interface TransferRow {
  readonly gateway: string
  readonly transaction_id: string
  readonly amount: Fen
  readonly currency: string
  readonly mchid: string
  readonly appid: string
  readonly paid_at: Date | null
  readonly created_at: Date
}

async function transfersOf({ db }: Scope, orderNo: string): Promise<readonly PostedTransfer[]> {
  const rows = await rowsOf(
    db,
    sql<TransferRow>`
      select gateway, transaction_id, amount, currency, mchid, appid, paid_at, created_at
      from transfers where order_no = ${orderNo} order by created_at`,
  )
  return rows.map((row) => ({
    gateway: row.gateway,
    transactionId: row.transaction_id,
    amount: row.amount,
    currency: row.currency,
    mchid: row.mchid,
    appid: row.appid,
    paidAt: row.paid_at,
    at: row.created_at,
  }))
}

interface PostedEntryRow {
  readonly id: bigint
  readonly account: string
  readonly amount: Fen
  readonly currency: string
  readonly at: Date
}

async function entriesOf({ db }: Scope, orderNo: string): Promise<readonly PostedEntry[]> {
  const rows = await rowsOf(
    db,
    sql<PostedEntryRow>`
      select id, account, amount, currency, at from entries
      where order_no = ${orderNo} order by leg`,
  )
  return rows.map((row) => ({ ...row, id: String(row.id) }))
}
