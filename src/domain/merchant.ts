import type { Merchant } from './order.ts'

/**
 * The merchant that this process is configured for. Its own orders are placed under `appid`; orders
 * that other systems placed may be under any of `appids`, which holds `appid` too.
 */
export interface ConfiguredMerchant extends Merchant {
  readonly appids: readonly string[]
}

/** Whose orders: under the one app id, or under all of `appids` where those are given. */
export type DueMerchant = Merchant & Partial<Pick<ConfiguredMerchant, 'appids'>>

/** Whether the order is one that this merchant can query and credit: its whole identity fits. */
export function isOf(merchant: Omit<ConfiguredMerchant, 'appid'>, order: Merchant): boolean {
  return isSameMerchant(merchant, order) && merchant.appids.includes(order.appid)
}

/** The gateway is queried by merchant number and order number, whatever the app id. */
export function isSameMerchant(
  one: Pick<Merchant, 'gateway' | 'mchid'>,
  other: Pick<Merchant, 'gateway' | 'mchid'>,
): boolean {
  return one.gateway === other.gateway && one.mchid === other.mchid
}

/** How the identity of an order differs from the one that is wanted; null: they are the same. */
export function identityDifference(order: Merchant, wanted: Merchant): string | null {
  if (isSameMerchant(order, wanted) && order.appid === wanted.appid) return null
  return `app id "${order.appid}" of merchant ${order.mchid} (${order.gateway}), not app id "${wanted.appid}" of merchant ${wanted.mchid} (${wanted.gateway})`
}
