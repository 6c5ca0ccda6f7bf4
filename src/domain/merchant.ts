import type { Merchant } from './order.ts'

/**
 * The merchant that this process is configured for. Its own orders are placed under `appid`; orders
 * that other systems placed may be under any of `appids`, which holds `appid` too.
 */
export interface ConfiguredMerchant extends Merchant {
  readonly appids: readonly string[]
}

/** What makes a merchant another than the others. */
export type MerchantIdentity = Pick<Merchant, 'gateway' | 'mchid'>

/** Whose orders: under the one app id, or under all of `appids` where those are given. */
export type DueMerchant = Merchant & Partial<Pick<ConfiguredMerchant, 'appids'>>

/** Whether the order is one that this merchant can query and credit: its whole identity fits. */
export function isOf(merchant: Omit<ConfiguredMerchant, 'appid'>, order: Merchant): boolean {
  return isSameMerchant(merchant, order) && merchant.appids.includes(order.appid)
}

/** The gateway is queried by merchant number and order number, whatever the app id. */
export function isSameMerchant(one: MerchantIdentity, other: MerchantIdentity): boolean {
  return one.gateway === other.gateway && one.mchid === other.mchid
}

/** Without anything else of the order. */
export function merchantIdentity({ gateway, mchid }: MerchantIdentity): MerchantIdentity {
  return { gateway, mchid }
}

/** What the configuration calls the merchant; null: it is not configured, or not known. */
export function nameAmong(
  merchants: readonly (MerchantIdentity & { readonly name: string })[],
  merchant: MerchantIdentity | null,
): string | null {
  if (merchant === null) return null
  return merchants.find((each) => isSameMerchant(each, merchant))?.name ?? null
}

/** The same for people: one without a name is `wechatpay/1900000001`. */
export function merchantName(
  merchants: readonly (MerchantIdentity & { readonly name: string })[],
  merchant: MerchantIdentity,
): string {
  return nameAmong(merchants, merchant) ?? `${merchant.gateway}/${merchant.mchid}`
}

/** How the identity of an order differs from the one that is wanted; null: they are the same. */
export function identityDifference(order: Merchant, wanted: Merchant): string | null {
  if (isSameMerchant(order, wanted) && order.appid === wanted.appid) return null
  return `app id "${order.appid}" of merchant ${order.mchid} (${order.gateway}), not app id "${wanted.appid}" of merchant ${wanted.mchid} (${wanted.gateway})`
}
