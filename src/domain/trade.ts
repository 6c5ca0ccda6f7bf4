import type { Fen } from './money.ts'

/**
 * The state of a payment, in words that fit any gateway:
 *
 *   unpaid ──► paid ──► refunded        `paying` is unpaid with a payment under way,
 *      │                                `unlisted` is a word that we do not know: never guessed at
 *      └─────► closed                   (it can no longer be paid)
 */
export type TradeState = 'paid' | 'refunded' | 'unpaid' | 'paying' | 'closed' | 'unlisted'

/** The state of a refund. `unlisted` is a word that we do not know: never guessed at. */
export type RefundState = 'succeeded' | 'abnormal' | 'closed' | 'under_way' | 'unlisted'

/** What the gateway knows under our order number, verified to come from it. */
export interface Trade {
  readonly orderNo: string
  readonly mchid: string
  readonly appid: string
  readonly state: TradeState
  /** The gateway's own word for the state, for people: `NOTPAY`. */
  readonly reported: string
  /** The gateway's number of the payment; there is always one when `state` is `paid`. */
  readonly transactionId: string | null
  /** The order amount, not what the payer paid after coupons. Null when the gateway did not say. */
  readonly amount: Fen | null
  readonly currency: string | null
  /** Null when the gateway did not say, or what it said is no time of a payment. */
  readonly paidAt: Date | null
  /** The `attach` that the order was placed with, whole; it is never stored so. Null when it is no text. */
  readonly attach: string | null
}

/** A value of JSON. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

/** Evidence for the order's timeline. Masked: no secret, no full openid. */
export type Evidence = { readonly [key: string]: Json }

/** Why an answer is unknown. */
export type UnknownCause = (typeof unknownCauses)[number]

/** Every cause of an unknown answer. */
export const unknownCauses = [
  'timeout', // no whole answer before the deadline
  'network', // refused, reset, cut off
  'server_error', // 5xx, 202
  'throttled', // 429
  'unverified', // signature missing, wrong, stale, or by a key that we do not hold
  'unparsable', // verified, but not of the shape that belongs to the request
  'refused', // any other 4xx: the gateway refuses this request
  'unauthorized', // 401: our key, serial number or clock is wrong
  'forbidden', // 403 and its like: this merchant may not query
  'foreign', // the order belongs to another merchant than the one configured
  'quota', // not sent: no reservation in the merchant's quota in time
  'old_order_limit', // not sent: the gateway answers few queries of old orders, and others go first
] as const

/** More exactly, where several faults come to one cause and each has another remedy. A closed set. */
export type UnknownWhy =
  | 'name' // the host's name cannot be resolved
  | 'dns' // the name server is not available
  | 'closed' // no process listens at the address
  | 'unreachable' // no route leads to the address
  | 'reset' // the connection was cut
  | 'no_http' // the other side does not speak HTTP
  | 'no_tls' // the other side does not speak TLS
  | 'tls' // TLS itself failed
  | 'untrusted' // no authority that this machine trusts has signed the certificate
  | 'other_name' // the certificate is for other names
  | 'ended' // the certificate has ended or has not begun, or our clock is wrong
  | 'proxy' // the proxy itself is not available
  | 'proxy_login' // the proxy wants other credentials
  | 'proxy_refusal' // the proxy lets nothing through
  | 'page' // a web page instead of an answer
  | 'clock' // our clock is too far from the gateway's
  | 'unsigned' // an answer that must be signed is not
  | 'malformed' // a part of the signature is missing
  | 'stale' // signed too long ago, or in the future
  | 'probe' // signed wrongly on purpose, to test us
  | 'keyless' // signed by a key that we do not hold
  | 'forged' // not the signature of these bytes by that key
  | 'unlisted' // the merchant has no certificates
  | 'unopened' // the secret key opens no certificate
  | 'damaged' // a certificate is not what the list says

/**
 * What the gateway signed, word for word, with all that its signature is verified by. The gateway that made
 * it reads it again; for others it is opaque. Holds the payer's id: it is stored encrypted alone.
 */
export type SignedWords = Readonly<Record<string, string>>

/** The result of a query. */
export type Answer = TradeAnswer | AbsentAnswer | UnknownAnswer

/** A trade that was verified to come from the gateway. */
export interface TradeAnswer {
  readonly kind: 'trade'
  readonly trade: Trade
  readonly evidence: Evidence
  /** Absent: the gateway signs nothing. */
  readonly words?: SignedWords
}

/** The query was never sent, so nothing failed, and the order's schedule stays as it is. */
export function isUnsent(answer: Answer | { readonly kind: string }): answer is UnsentAnswer {
  return 'cause' in answer && (answer.cause === 'quota' || answer.cause === 'old_order_limit')
}

/** The query was never sent. */
export type UnsentAnswer = UnknownAnswer & { readonly cause: 'quota' | 'old_order_limit' }

/** "There is no such order." */
export interface AbsentAnswer {
  readonly kind: 'absent'
  /**
   * What the gateway means by it. `not_begun`: a trade begins when its payer acts, so that there is
   * none before; such an answer is verified, as it may end an order. Left out: a trade begins when its
   * order is placed, so that a placed order is known; the answer need not be authenticated, and is
   * never final by itself.
   */
  readonly meaning?: 'not_begun'
  readonly evidence: Evidence
}

/** No trade yet, as it is normal with this gateway: it says that nobody has paid, and no more. */
export function isNotBegun(answer: Answer): boolean {
  return answer.kind === 'absent' && answer.meaning === 'not_begun'
}

/** No answer: query again. Never evidence that an order is unpaid. */
export interface UnknownAnswer {
  readonly kind: 'unknown'
  readonly cause: UnknownCause
  /** Absent where the cause is exact already. */
  readonly why?: UnknownWhy
  readonly message: string
  /** Every other order would fail the same way: a key, clock or merchant number is wrong. */
  readonly systemic: boolean
  readonly evidence: Evidence
}
