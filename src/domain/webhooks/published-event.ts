import type { MerchantIdentity } from '../merchant.ts'

/** What budan publishes. Types do not change their meaning; new ones, and new members of `data`, may come. */
export const publishedTypes = [
  'order.paid', // credited: once for an order, for ever
  'order.expired',
  'order.review_opened', // or opened again
  'order.review_closed',
  'order.refunded', // the gateway said that money goes back
  'exception.opened',
  'exception.closed',
  'bill.compared',
] as const

/** One of `publishedTypes`: `order.paid`, … */
export type PublishedType = (typeof publishedTypes)[number]

/** A list, separated by commas. Null: one of them is no type. */
export function publishedTypesIn(text: string): readonly PublishedType[] | null {
  const types = text.split(',').map((each) => each.trim())
  const known = types.flatMap((each) => publishedTypes.filter((type) => type === each))
  return known.length === types.length ? known : null
}

/** What a list of types must be, for the message that it is none. */
export const publishedTypesRule = `must be a list, separated by commas, of ${publishedTypes.join(', ')}`

/** An event as others get it: complete in itself, whatever they got before. */
export interface PublishedEvent {
  /** The same for each delivery of it: `evt_` and 32 hexadecimal digits. */
  readonly id: string
  readonly type: PublishedType
  /** When it happened. */
  readonly timestamp: Date
  /** As JSON: times are texts, amounts integer fen. */
  readonly data: Readonly<Record<string, unknown>>
}

/** As it is stored, with the merchant whose name in the configuration `data` gets when it is read. */
export interface StoredEvent extends PublishedEvent, MerchantIdentity {
  /** Each event has the positions of all before it below its own, for ever. */
  readonly position: bigint
  /** Where the feed goes on behind it. */
  readonly cursor: string
}
