import type { MerchantIdentity } from './merchant.ts'

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

export type PublishedType = (typeof publishedTypes)[number]

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
