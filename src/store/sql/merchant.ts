import { type RawBuilder, sql } from 'kysely'
import type { DueMerchant, MerchantIdentity } from '../../domain/merchant.ts'
import { type Standing, standings } from '../../domain/order.ts'
import type { AuditedOrder } from '../proofs/proof-store.ts'
import { numberOf } from './rows.ts'

/**
 * Orders of one merchant, under any of its app ids. One app id is compared by `=`, which every planner
 * finds in an index; a list it may take for a filter.
 */
export function ofMerchant(merchant: DueMerchant): RawBuilder<unknown> {
  const { gateway, mchid } = merchant
  const appids = appidsOf(merchant)
  const [only] = appids
  const ofAppids = appids.length === 1 ? sql`appid = ${only}` : sql`appid in (${sql.join(appids)})`
  return sql`gateway = ${gateway} and mchid = ${mchid} and ${ofAppids}`
}

/** Orders of one merchant under whatever app id. Null: of any. */
export function ofIdentity(merchant: MerchantIdentity | null | undefined): RawBuilder<unknown> {
  if (merchant == null) return sql`true`
  return sql`mchid = ${merchant.mchid} and gateway = ${merchant.gateway}`
}

/** Of an order or a transfer that may be gone. */
export interface MerchantColumns {
  readonly gateway: string | null
  readonly mchid: string | null
}

export function merchantOf({ gateway, mchid }: MerchantColumns): MerchantIdentity | null {
  return gateway === null || mchid === null ? null : { gateway, mchid }
}

export interface KeyedRow extends MerchantColumns {
  readonly key: string
}

export function auditedOrderOf(row: KeyedRow): AuditedOrder {
  return { orderNo: numberOf(row.key), merchant: merchantOf(row) }
}

/**
 * Merchants as rows `(nth, gateway, mchid, appids)`, each once, counted from 1; of a claim with where it
 * begins, `from_` and the standing. The limit is for the planner, which would guess a hundred.
 */
export function givenMerchants(
  merchants: readonly DueMerchant[],
  starts: readonly ClaimStart[] = [],
): RawBuilder<unknown> {
  const records = merchants.map((merchant, nth) => ({
    gateway: merchant.gateway,
    mchid: merchant.mchid,
    appids: appidsOf(merchant),
    from: starts[nth],
  }))
  const from = standings.map((standing) => {
    const name = sql.raw(standing)
    return sql`(given->'from'->>'${name}')::timestamptz as from_${name}`
  })
  return sql`
    select nth::integer, given->>'gateway' as gateway, given->>'mchid' as mchid,
      array(select json_array_elements_text(given->'appids')) as appids, ${sql.join(from)}
    from json_array_elements(${JSON.stringify(records)}::json) with ordinality as given (given, nth)
    limit ${sql.lit(records.length)}`
}

/** Where the claim of a merchant begins in the index; absent: at the end of the standing's orders. */
export type ClaimStart = Readonly<Partial<Record<Standing, Date>>>

export function appidsOf({ appid, appids = [appid] }: DueMerchant): readonly string[] {
  return appids
}
