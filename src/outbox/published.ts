import { type MerchantIdentity, merchantName } from '../domain/merchant.ts'
import type { PublishedEvent, StoredEvent } from '../domain/webhooks/published-event.ts'

/** As others get it: its merchant has the name that the configuration gives it now. */
export function published(
  { id, type, timestamp, gateway, mchid, data }: Omit<StoredEvent, 'cursor' | 'position'>,
  merchants: readonly (MerchantIdentity & { readonly name: string })[],
): PublishedEvent {
  const merchant = merchantName(merchants, { gateway, mchid })
  return { id, type, timestamp, data: { merchant, ...data } }
}
