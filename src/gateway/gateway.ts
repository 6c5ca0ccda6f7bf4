import type { KeyObject } from 'node:crypto'
import type { ConfiguredMerchant } from '../domain/merchant.ts'
import type { Fen } from '../domain/money.ts'
import type { RefundNotice } from '../domain/refund.ts'
import type { ClockOffset } from '../domain/runs/clocks.ts'
import type {
  Answer,
  Evidence,
  SignedWords,
  Trade,
  TradeAnswer,
  UnknownAnswer,
  UnknownCause,
  UnknownWhy,
} from '../domain/trade.ts'

/**
 * A payment gateway. Its methods never throw because of the network or the gateway. Their results are
 * neutral: amounts are in fen, states are those of `Trade`, and an absent answer says what absence means here.
 */
export interface Gateway extends GatewayFacts {
  readonly mchid: string
  /** Orders are placed under this app id. */
  readonly appid: string
  /** All app ids whose orders can be queried, including `appid`: the gateway checks only the merchant. */
  readonly appids: readonly string[]

  /** Queries one order by its number. */
  query(orderNo: string, options?: CallOptions): Promise<Answer>
  /** Queries by the gateway's own number of a payment. Absent: the gateway has no such query. */
  queryByTransactionId?(transactionId: string, options?: CallOptions): Promise<Answer>
  /**
   * Closes the trade, so that nobody can pay it any more. Repeatable. If no trade has begun yet, none
   * may begin after the close, or after the `expiresAt` that `prepay` was called with.
   */
  close(orderNo: string, options?: CallOptions): Promise<Closing>
  /** Opens a trade, or returns the means by which a payer opens one. Repeatable with the same facts. */
  prepay(order: PrepayOrder, options?: CallOptions): Promise<Prepay>
  /** Verifies and decrypts a callback. Changes nothing. */
  openCallback(callback: RawCallback): Promise<OpenedCallback>
  /**
   * Checks the headers of a callback before its body is read, so that long bodies from strangers are
   * not read. Returns why it is rejected whatever its body is; null: the body has to be read.
   */
  screenCallback?(headers: RawCallback['headers']): Promise<RejectedCallback | null>
  /** Sends a harmless query, to find out whether keys, clock and network are right. */
  probe(options?: CallOptions): Promise<Probe>
  /** How far its clock is ahead of ours, by its last answer; null: not known yet. Absent: its answers carry no time. */
  clockOffset?(): ClockOffset | null
  /** Ends idle connections and timers. */
  stop(): Promise<void>
}

/** What pages, routes and commands need to know about a gateway. */
export interface GatewayFacts {
  /** Stored with each order. It is also the path of its callbacks: `/v1/callbacks/{name}`. */
  readonly name: string
  readonly label: GatewayLabel
  /** The HTTP answer that makes the gateway send a callback again, or stop sending it. */
  callbackReply(end: CallbackEnd): CallbackReply
  /** Whether a request looks like a callback of this gateway, by its headers. Absent: the headers do not show it. */
  isLikeCallback?(headers: RawCallback['headers']): boolean
  /** What operators are shown instead of words that fit any gateway. */
  readonly causeWords?: CauseWords
  /** Verifies and reads what it signed before, from what is stored. Absent: it signs nothing. */
  readWords?(words: SignedWords, known?: KnownKeys): Trade | null
}

/** Verifies and reads what the gateway of a name signed before; null: that gateway signs nothing. */
export type WordReaders = (gateway: string) => ((words: SignedWords) => Trade | null) | null

/** What is configured now, to compare with what was stored. It may have been renewed since. */
export interface KnownKeys {
  /** Secrets that open callbacks. */
  readonly opening?: readonly Buffer[]
  /** Public keys of the gateway by their ids. */
  readonly signing?: ReadonlyMap<string, KeyObject>
}

/** Why answers are of no use, in English sentences: what is wrong, and what to check. No secrets. */
export type CauseWords = Readonly<Partial<Record<UnknownCause | UnknownWhy, string>>>

/** The name of the gateway for people, by language. A language that is missing uses the English name. */
export interface GatewayLabel {
  readonly en: string
  readonly [locale: string]: string
}

/** How long a call may take, and its priority in the rate limiter. */
export interface CallOptions {
  /** Ends the call early, as `unknown`. The gateway's own deadline holds in any case. */
  readonly signal?: AbortSignal
  /** When the order was placed: a gateway may limit queries about old orders. */
  readonly orderedAt?: Date
  /**
   * Aborts when the query must no longer wait for its reservation. Without it, a person waits for the
   * answer: the query goes before those that have one, and waits at most `timeoutMs`.
   */
  readonly patience?: AbortSignal
  /**
   * With patience: how many queries of the same run follow. Reservations are made for all of them
   * together, so that a run sends the rate limiter a few requests and not one for each query.
   */
  readonly ahead?: number
}

/** The facts that a trade is opened with. */
export interface PrepayOrder {
  readonly orderNo: string
  readonly appid: string
  readonly amount: Fen
  readonly currency: string
  readonly description: string
  readonly attach: string | null
  /** The gateway accepts no payment after it, whenever the trade begins. */
  readonly expiresAt: Date
}

/** How a payer can pay. */
export type PaymentMeans = {
  readonly kind: 'qr'
  /** The text in the QR code. */
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
  /** Paid, closed before, or absent: query again, and use that answer. */
  | RefusedCall
  | UnknownAnswer

interface RefusedCall {
  readonly kind: 'refused'
  /** The gateway's own error code. */
  readonly code: string
  readonly message: string
  readonly evidence: Evidence
}

/** A callback as it arrived over HTTP. */
export interface RawCallback {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The unchanged bytes: the signature covers them. */
  readonly body: Uint8Array
}

/** A callback that was verified and decrypted, or why it was not. */
export type OpenedCallback =
  | { readonly kind: 'opened'; readonly answer: TradeAnswer }
  /** A refund that was made at the gateway. It is recorded; nothing else happens. */
  | { readonly kind: 'refund'; readonly notice: RefundNotice }
  /** Another event that the gateway sends to the same URL, named as the gateway names it. It moves no money of ours. */
  | { readonly kind: 'foreign'; readonly event: string }
  | RejectedCallback

/** Nothing was changed, and the gateway has to send the callback again. `status` is an HTTP status from 400 to 599. */
export interface RejectedCallback {
  readonly kind: 'rejected'
  readonly status: number
  readonly reason: string
}

/** How a callback ended: committed; or nothing was changed, and it has to be sent again. */
export type CallbackEnd = { readonly kind: 'accepted' } | RejectedCallback

/** An HTTP answer. */
export interface CallbackReply {
  readonly status: number
  /** Null: no body. */
  readonly contentType: string | null
  readonly body: string
}

/** `verified`: the answer was signed by a key that we hold. False: only our own signature was tested. */
export type Probe = { readonly kind: 'ok'; readonly verified: boolean } | UnknownAnswer

/** The merchant whose orders a gateway can be queried about. */
export function merchantOf({
  name,
  mchid,
  appid,
  appids,
}: Pick<Gateway, 'name' | 'mchid' | 'appid' | 'appids'>): ConfiguredMerchant {
  return { gateway: name, mchid, appid, appids }
}
