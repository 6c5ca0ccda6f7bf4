import { type MerchantIdentity, merchantName } from '../domain/merchant.ts'
import type { PublishedEvent, StoredEvent } from '../domain/published-event.ts'

/** As others get it: its merchant has the name that the configuration gives it now. */
export function published(
  { id, type, timestamp, data, ...merchant }: Omit<StoredEvent, 'cursor' | 'position'>,
  merchants: readonly (MerchantIdentity & { readonly name: string })[],
): PublishedEvent {
  const { order_no, ...rest } = data
  const name = merchantName(merchants, merchant)
  const of = order_no === undefined ? { merchant: name } : { order_no, merchant: name }
  return { id, type, timestamp, data: { ...of, ...rest } }
}
