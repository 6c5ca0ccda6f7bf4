import { type RawBuilder, sql } from 'kysely'
import { gatewayAccount } from '../../../domain/ledger/transfer.ts'
import { rowsOf, type Scope } from '../../database.ts'
import type { Credited, CreditsRequest } from '../../store.ts'

/**
 * Each credit has an entry of the gateway's account, so the index of accounts has the credits in
 * about the order of their time, and no column, index or write more is needed for it.
 * Plan: the right end of `entries_by_account`, then one order for each entry. Only the limit, before
 * the join, keeps the planner from hashing all orders. Of several merchants: the right end of the
 * primary key, where every second entry is one of a gateway's account.
 */
export function listCredits(
  { db }: Scope,
  { merchants, beforeId, limit }: CreditsRequest,
): Promise<readonly Credited[]> {
  const older = beforeId === null ? sql`true` : sql`id < ${beforeId}::bigint`
  return rowsOf(
    db,
    sql<Credited>`
      select entry.id::text as id, entry.at, orders.credited_by as source, orders.paid_at as "paidAt"
      from (
        select id, order_no, at from entries
        where ${ofAccounts(merchants)} and ${older}
        order by id desc limit ${limit}
      ) as entry
      join orders on orders.order_no = entry.order_no
      order by entry.id desc`,
  )
}

/** Of several accounts, each index would have to be read to the end of the page: `||` keeps it from that. */
function ofAccounts(merchants: CreditsRequest['merchants']): RawBuilder<unknown> {
  const accounts = merchants.map(({ gateway, mchid }) => gatewayAccount(gateway, mchid))
  const [only, ...others] = accounts
  if (others.length === 0) return sql`account = ${only}`
  return sql`amount < 0 and account || '' in (${sql.join(accounts)})`
}
