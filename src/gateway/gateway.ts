import type { ClockOffset } from '../domain/clocks.ts'
import type { ConfiguredMerchant } from '../domain/merchant.ts'
import type { Fen } from '../domain/money.ts'
import type { RefundNotice } from '../domain/refund.ts'
import type { Answer, Evidence, TradeAnswer, UnknownAnswer } from '../domain/trade.ts'

/**
 * A payment gateway. Its methods never throw for what the world does. What it says is neutral:
 * amounts are fen, states those of `Trade`, and an absent answer carries what absence means here.
 */
export interface Gateway extends GatewayFacts {
  readonly mchid: string
  /** Under which orders are placed here. */
  readonly appid: string
  /** All app ids whose orders can be queried, `appid` among them: the gateway looks at the merchant. */
  readonly appids: readonly string[]

  /** Queries one order by its number. */
  query(orderNo: string, options?: CallOptions): Promise<Answer>
  /** The same by the gateway's own number of a payment. Left out: it answers no such query. */
  queryByTransactionId?(transactionId: string, options?: CallOptions): Promise<Answer>
  /**
   * Closes the trade, so that nobody can pay it any more. Repeatable. Where no trade has begun yet,
   * none may begin after the close, or after the end that `prepay` was called with.
   */
  close(orderNo: string, options?: CallOptions): Promise<Closing>
  /** Opens a trade, or whatever leads a payer to one. Repeatable with the same facts. */
  prepay(order: PrepayOrder, options?: CallOptions): Promise<Prepay>
  /** Verifies and opens a callback. Changes nothing. */
  openCallback(callback: RawCallback): Promise<OpenedCallback>
  /**
   * Why a callback would be rejected whatever its body is, by its headers alone, so that the long
   * bodies of strangers are not read; null when the body has to be read.
   */
  screenCallback?(headers: RawCallback['headers']): Promise<RejectedCallback | null>
  /** Sends a harmless query, to find out whether keys, clock and network are right. */
  probe(options?: CallOptions): Promise<Probe>
  /** How far its clock is ahead of ours by its last answer; null: not known yet. Left out: its answers carry no time. */
  clockOffset?(): ClockOffset | null
  /** Ends idle connections and timers. */
  stop(): Promise<void>
}

/** What pages, routes and commands need to know of a gateway. */
export interface GatewayFacts {
  /** Stored with each order. It is also the path of its callbacks: `/v1/callbacks/{name}`. */
  readonly name: string
  readonly label: GatewayLabel
  /** The HTTP answer that makes the gateway send a callback again, or no more. */
  callbackReply(end: CallbackEnd): CallbackReply
  /** Whether a request looks like one of its callbacks, by its headers. Left out: they do not show it. */
  isLikeCallback?(headers: RawCallback['headers']): boolean
}

/** What people call the gateway, by language. English stands in for the languages that it lacks. */
export interface GatewayLabel {
  readonly en: string
  readonly [locale: string]: string
}

/** How long a call may take, and its turn in the rate limit. */
export interface CallOptions {
  /** Ends the call early, as `unknown`. The gateway's own deadline holds in any case. */
  readonly signal?: AbortSignal
  /** When the order was placed: a gateway may answer few queries about old ones. */
  readonly orderedAt?: Date
  /**
   * Until when the query may wait for its reservation. Without it, a person waits for the answer: the
   * query goes before those that have one, and waits no longer than for the answer itself.
   */
  readonly patience?: AbortSignal
  /**
   * With patience: how many queries of the same run come after this one. Reservations are made for
   * all of them together, so that a run makes a few requests for them and not one each.
   */
  readonly ahead?: number
}

/** What a trade is opened with. */
export interface PrepayOrder {
  readonly orderNo: string
  readonly appid: string
  readonly amount: Fen
  readonly currency: string
  readonly description: string
  readonly attach: string | null
  /** The gateway takes no payment after it, whenever the trade begins. */
  readonly expiresAt: Date
}

/** What a payer can pay by. */
export type PaymentMeans = {
  readonly kind: 'qr'
  /** The text of the code. */
  readonly codeUrl: string
  /** How long the code works; the trade itself may be open for longer. */
  readonly lifeMs: number
}

/** What the gateway answered to a prepay. */
export type Prepay =
  | { readonly kind: 'placed'; readonly payment: PaymentMeans; readonly evidence: Evidence }
  /** There is no trade, and repeating with the same facts will not help. */
  | RefusedCall
  /** A trade may or may not exist: repeat with the same facts. */
  | UnknownAnswer

/** What the gateway answered to a close. */
export type Closing =
  | { readonly kind: 'closed'; readonly evidence: Evidence }
  /** Whatever the reason (paid, closed before, absent): query again and believe the query. */
  | RefusedCall
  | UnknownAnswer

interface RefusedCall {
  readonly kind: 'refused'
  /** The gateway's own. */
  readonly code: string
  readonly message: string
  readonly evidence: Evidence
}

/** A callback as it came over HTTP. */
export interface RawCallback {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The bytes as they came: the signature is over these. */
  readonly body: Uint8Array
}

/** A callback that was verified and opened, or why it was not. */
export type OpenedCallback =
  | { readonly kind: 'opened'; readonly answer: TradeAnswer }
  /** Of a refund that was made at the gateway: recorded, and no more. */
  | { readonly kind: 'refund'; readonly notice: RefundNotice }
  /** Of something else that the gateway sends to the same URL, by its own word for it. It moves no money of ours. */
  | { readonly kind: 'foreign'; readonly event: string }
  | RejectedCallback

/** Nothing may change, and the gateway has to send the callback again. `status` is an HTTP status of 400 to 599. */
export interface RejectedCallback {
  readonly kind: 'rejected'
  readonly status: number
  readonly reason: string
}

/** How a callback ended: committed, or nothing changed and it has to be sent again. */
export type CallbackEnd = { readonly kind: 'accepted' } | RejectedCallback

/** An HTTP answer. */
export interface CallbackReply {
  readonly status: number
  /** Null: there is no body. */
  readonly contentType: string | null
  readonly body: string
}

/** `verified`: the answer was signed by a key that we hold; else only our own signature was tried. */
export type Probe = { readonly kind: 'ok'; readonly verified: boolean } | UnknownAnswer

/** Whose orders a gateway can be queried about. */
export function merchantOf({
  name,
  mchid,
  appid,
  appids,
}: Pick<Gateway, 'name' | 'mchid' | 'appid' | 'appids'>): ConfiguredMerchant {
  return { gateway: name, mchid, appid, appids }
}
