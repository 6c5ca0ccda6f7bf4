import { type RawBuilder, sql } from 'kysely'
import type { DueMerchant } from '../../domain/merchant.ts'

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

/** Merchants as rows `(nth, gateway, mchid, appids)`, each once, counted from 1. */
export function givenMerchants(merchants: readonly DueMerchant[]): RawBuilder<unknown> {
  const records = merchants.map((merchant) => ({
    gateway: merchant.gateway,
    mchid: merchant.mchid,
    appids: appidsOf(merchant),
  }))
  return sql`
    select nth::integer, given->>'gateway' as gateway, given->>'mchid' as mchid,
      array(select json_array_elements_text(given->'appids')) as appids
    from json_array_elements(${JSON.stringify(records)}::json) with ordinality as given (given, nth)`
}

export function appidsOf({ appid, appids = [appid] }: DueMerchant): readonly string[] {
  return appids
}
