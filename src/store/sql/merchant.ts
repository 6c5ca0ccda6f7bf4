import { type RawBuilder, sql } from 'kysely'
import type { DueMerchant } from '../store.ts'

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

export function appidsOf({ appid, appids = [appid] }: DueMerchant): readonly string[] {
  return appids
}
