import { type MerchantIdentity, merchantName } from '../../domain/merchant.ts'
import type { Budan } from '../../service.ts'

/** Paths of pages that other pages link to. Foreign texts are percent-encoded in them. */

/** How paths name an order. */
export interface OrderAddress {
  readonly orderNo: string
  /** Null: the only one. */
  readonly merchant: string | null
}

/** With the merchant where several are configured: another order may have the same number. */
export function addressOf(
  merchants: Budan['merchants'],
  { orderNo, merchant }: { readonly orderNo: string; readonly merchant: MerchantIdentity | null },
): OrderAddress {
  const isNamed = merchants.length > 1 && merchant !== null
  return { orderNo, merchant: isNamed ? merchantName(merchants, merchant) : null }
}

/** `part`: what follows the number, `/check` or `.json`. */
export function orderPath({ orderNo, merchant }: OrderAddress, part = ''): string {
  return withQuery(`/orders/${encodeURIComponent(orderNo)}${part}`, { merchant })
}

export function reviewPath({ orderNo, merchant }: OrderAddress): string {
  return withQuery(`/reviews/${encodeURIComponent(orderNo)}`, { merchant })
}

export function exceptionPath(id: string): string {
  return `/exceptions/${encodeURIComponent(id)}`
}

/** Adds to the query that the path may have. What is null or undefined is left out. */
export function withQuery(
  path: string,
  added: Readonly<Record<string, string | null | undefined>>,
): string {
  const given = Object.entries(added).filter((entry): entry is [string, string] => entry[1] != null)
  if (given.length === 0) return path
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(given)}`
}

export function ordersOfUserPath(userId: string): string {
  return `/orders?user_id=${encodeURIComponent(userId)}`
}

/** Browsers remove dot segments from paths, even encoded ones, but not from a query. */
export function accountPath(userId: string): string {
  const encoded = encodeURIComponent(userId)
  return userId === '.' || userId === '..' ? `/accounts?user_id=${encoded}` : `/accounts/${encoded}`
}
