import { sql } from 'kysely'
import type { MerchantIdentity } from '../../domain/merchant.ts'
import {
  type Exception,
  type ExceptionChanges,
  type Healing,
  healedBy,
  type NewException,
} from '../../domain/review/exception.ts'
import { preparedRows, rowsOf, type Scope } from '../database.ts'
import { reasonRecord, wellFormed } from '../sql/json-records.ts'
import { isUnstorable } from '../sql/storable-text.ts'
import type { ChangedExceptions, NewClosing } from './exception-store.ts'
import { type ExceptionRow, exceptionColumns, exceptionOf } from './rows.ts'

/** Plan: `exceptions_once`, which begins with the number. */
export async function exceptionsOf(
  { db }: Pick<Scope, 'db'>,
  { orderNo, gateway, mchid }: MerchantIdentity & { readonly orderNo: string },
): Promise<readonly Exception[]> {
  if (isUnstorable(orderNo)) return []
  const rows = await preparedRows(
    db,
    sql<ExceptionRow>`
      select ${exceptionColumns} from payment_exceptions
      where order_number = ${orderNo} and mchid = ${mchid} and gateway = ${gateway}
      order by id`,
  )
  return rows.map(exceptionOf)
}

/** A few at most, and seldom: one statement for each. */
export async function changeExceptions(
  scope: Scope,
  { opened, healed, named }: ExceptionChanges,
): Promise<ChangedExceptions> {
  const isNew: NewException[] = []
  for (const each of opened) if (await open(scope, each)) isNew.push(each)
  const isHealed: Healing[] = []
  for (const each of healed) if (await heal(scope, each)) isHealed.push(each)
  for (const { exception, refundId } of named) {
    await rowsOf(
      scope.db,
      sql`update payment_exceptions set refund_id = ${wellFormed(refundId)}
        where id = ${exception.id}::bigint and refund_id is null`,
    )
  }
  return { opened: isNew, healed: isHealed }
}

async function open({ db, now }: Scope, exception: NewException): Promise<boolean> {
  const { kind, gateway, mchid, orderNo, key, amountAtStake, currency } = exception
  const { reason, reason_code, reason_params } = reasonRecord(exception.reason)
  const rows = await rowsOf(
    db,
    sql`
      insert into payment_exceptions (kind, gateway, mchid, order_number, order_no, about, transaction_id,
        refund_id, amount_at_stake, currency, opened_at, reason, reason_code, reason_params)
      values (${kind}, ${gateway}, ${mchid}, ${wellFormed(orderNo)}, ${key},
        ${wellFormed(exception.about)}, ${wellFormed(exception.transactionId)},
        ${wellFormed(exception.refundId)}, ${amountAtStake}, ${wellFormed(currency)}, ${now()},
        ${reason}, ${reason_code}, ${reason_params}::json)
      on conflict do nothing returning id`,
  )
  return rows.length > 0
}

async function heal({ db, now }: Scope, { exception, reason: why }: Healing): Promise<boolean> {
  const { reason, reason_code, reason_params } = reasonRecord(why)
  const rows = await rowsOf(
    db,
    sql`
      update payment_exceptions set closed_at = ${now()}, closed_by = ${healedBy}, closed_reason = ${reason},
        closed_reason_code = ${reason_code}, closed_reason_params = ${reason_params}::json
      where id = ${exception.id}::bigint and closed_at is null returning id`,
  )
  return rows.length > 0
}

/** What two people close at once is closed by the first. A review's is closed with the review alone. */
export async function closeException(
  { db, now }: Scope,
  { id, by, address, reason }: NewClosing & { readonly id: string },
): Promise<Exception | null> {
  if (!isId(id)) return null
  const [row] = await rowsOf(
    db,
    sql<ExceptionRow>`
      update payment_exceptions set closed_at = ${now()}, closed_by = ${wellFormed(by)},
        closed_address = ${wellFormed(address)}, closed_reason = ${wellFormed(reason)}
      where id = ${id}::bigint and closed_at is null and kind <> 'review'
      returning ${exceptionColumns}`,
  )
  return row === undefined ? null : exceptionOf(row)
}

export async function findException(
  { db }: Pick<Scope, 'db'>,
  id: string,
): Promise<Exception | null> {
  if (isUnstorable(id) || !isId(id)) return null
  const [row] = await rowsOf(
    db,
    sql<ExceptionRow>`select ${exceptionColumns} from payment_exceptions where id = ${id}::bigint`,
  )
  return row === undefined ? null : exceptionOf(row)
}

/** Any other text is the id of none. */
function isId(id: string): boolean {
  return /^\d{1,18}$/.test(id)
}
