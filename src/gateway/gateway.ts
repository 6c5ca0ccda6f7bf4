import type { ClockOffset } from '../domain/clocks.ts'
import type { Fen } from '../domain/money.ts'
import type { RefundNotice } from '../domain/refund.ts'
import type { Answer, Evidence, TradeAnswer, UnknownAnswer } from '../domain/trade.ts'

/** A payment gateway, as the stages see it. Its methods never throw for what the world does. */
export interface Gateway {
  /** Stored with each order, so that a second gateway can be told apart. */
  readonly name: string
  readonly mchid: string
  /** Under which orders are placed here. */
  readonly appid: string
  /** All app ids whose orders can be queried, `appid` among them: the gateway looks at the merchant. */
  readonly appids: readonly string[]

  /** What became of this order? */
  query(orderNo: string, options?: CallOptions): Promise<Answer>
  /** The same by the gateway's own number; only paid trades have one. */
  queryByTransactionId(transactionId: string, options?: CallOptions): Promise<Answer>
  /** Asks that nobody can pay this order any more. Repeatable. */
  close(orderNo: string, options?: CallOptions): Promise<Closing>
  /** Opens a trade that a payer can pay by scanning a code. Repeatable with the same facts. */
  prepay(order: PrepayOrder, options?: CallOptions): Promise<Prepay>
  /**
   * Why a notification would be rejected whatever its body is, told by its headers alone, so that
   * nobody reads the long bodies of strangers; null when the body has to be seen.
   */
  screenCallback?(headers: RawCallback['headers']): Promise<RejectedCallback | null>
  /** Verifies and opens a notification. Changes nothing. */
  openCallback(callback: RawCallback): Promise<OpenedCallback>
  /** Asks a harmless question, to tell whether keys, clock and network are right. */
  probe(options?: CallOptions): Promise<Probe>
  /** How far its clock is ahead of ours by its last answer; null: it has not told. Absent: it never tells. */
  clockOffset?(): ClockOffset | null
  /** Ends idle connections and timers. */
  stop(): Promise<void>
}

/** How long a call may take, and how it stands in the quota. */
export interface CallOptions {
  /** Ends the call early, as `unknown`. The gateway's own deadline holds in any case. */
  readonly signal?: AbortSignal
  /** When the order was placed: a gateway may answer few questions about old ones. */
  readonly orderedAt?: Date
  /**
   * Until when the question may wait for its place in the quota. Without one somebody waits for the
   * answer: then it goes before those that have one, and waits no longer than for the answer itself.
   */
  readonly patience?: AbortSignal
  /**
   * With patience: how many questions of the same run have not been put when this one is. Places in
   * the quota are reserved for as many, so that a run asks for them a few times and not for each.
   */
  readonly ahead?: number
}

/** What a trade is opened with. `amount` is in fen. */
export interface PrepayOrder {
  readonly orderNo: string
  readonly appid: string
  readonly amount: Fen
  readonly currency: string
  readonly description: string
  readonly attach: string | null
  readonly expiresAt: Date
}

/** What the gateway said to a prepay. */
export type Prepay =
  | {
      readonly kind: 'placed'
      readonly codeUrl: string
      /** How long the code works; the trade itself may be open for longer. */
      readonly codeLifeMs: number
      readonly evidence: Evidence
    }
  /** No trade came of it, and asking again with the same facts will not help. */
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly message: string
      readonly evidence: Evidence
    }
  /** A trade may or may not exist: ask again with the same facts. */
  | UnknownAnswer

/** What the gateway said to a close. */
export type Closing =
  | { readonly kind: 'closed'; readonly evidence: Evidence }
  /** Whatever the reason (paid, closed before, absent): query again and believe the query. */
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly message: string
      readonly evidence: Evidence
    }
  | UnknownAnswer

/** A callback as it came over HTTP. */
export interface RawCallback {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The bytes as they came: the signature is over these. */
  readonly body: Uint8Array
}

/** A callback that was verified and decrypted, or why it was not. */
export type OpenedCallback =
  | { readonly kind: 'opened'; readonly answer: TradeAnswer }
  /** Of a refund that was made at the gateway: noted, and no more. */
  | { readonly kind: 'refund'; readonly notice: RefundNotice }
  /** Of something else that the gateway tells on the same way, by its own word for it. No money of ours is in it. */
  | { readonly kind: 'foreign'; readonly event: string }
  | RejectedCallback

/** Nothing may change; the sender is told so with this HTTP status, and sends again. */
export interface RejectedCallback {
  readonly kind: 'rejected'
  readonly status: number
  readonly reason: string
}

/** `verified`: the answer was signed by a key that we hold; else only our own signature was tried. */
export type Probe = { readonly kind: 'ok'; readonly verified: boolean } | UnknownAnswer
