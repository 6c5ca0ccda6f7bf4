import { sql } from 'kysely'
import type { Order, OrderKey } from '../../../domain/order.ts'
import { firstOf, rowsOf, type Scope } from '../../database.ts'
import type { OrderLedger, Payment, PostedEntry, PostedTransfer } from '../../store.ts'
import { type OrderRow, orderColumns, orderOf } from '../rows.ts'
import { isUnstorable } from '../storable-text.ts'

/** The ledger of one order, read back for people. */

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

/** Not joined: where one of the two is missing, the other must be shown. */
export async function ledgerOf(scope: Scope, key: OrderKey): Promise<OrderLedger> {
  return {
    transfers: await transfersOf(scope, key),
    entries: await entriesOf(scope, key),
  }
}

function transfersOf({ db }: Scope, key: OrderKey): Promise<readonly PostedTransfer[]> {
  return rowsOf(
    db,
    sql<PostedTransfer>`
      select gateway, transaction_id as "transactionId", amount, currency, mchid, appid,
        paid_at as "paidAt", created_at as at
      from transfers where order_no = ${key} order by created_at`,
  )
}

function entriesOf({ db }: Scope, key: OrderKey): Promise<readonly PostedEntry[]> {
  return rowsOf(
    db,
    sql<PostedEntry>`
      select id::text as id, account, amount, currency, at from entries
      where order_no = ${key} order by leg`,
  )
}
