import { type ConfiguredMerchant, isOf } from '../domain/merchant.ts'
import type { Running } from './scan.ts'

/** Orders of a merchant that is not configured are claimed by no run here: an operator has to know. */
export async function reportForeign(
  { store, emit }: Running,
  configured: readonly ConfiguredMerchant[],
): Promise<void> {
  for (const { count, ...merchant } of await store.openOrders()) {
    const isOurs = configured.some((own) => isOf(own, merchant))
    if (!isOurs) emit({ type: 'orders_foreign', merchant, count })
  }
}
