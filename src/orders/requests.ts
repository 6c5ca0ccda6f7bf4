import type { Fen } from '../domain/money.ts'
import type { Actor } from '../domain/order.ts'
import type { ResolutionRequest } from '../settle/resolution.ts'

/**
 * The order to place. Texts have one line, without control characters, and bounds count characters (code
 * points). `placeOrder` throws a `TypeError` that names each wrong member, before anything is stored.
 */
export interface PlaceRequest {
  /**
   * Whose account is credited: your own name for it, 1 to 64 characters, none of them invisible, no
   * blank at its ends and no two in a row, in Unicode's composed form (NFC).
   */
  readonly userId: string
  /** In fen, the hundredth of a yuan: 1n to 2^53 − 1, as a bigint. */
  readonly amount: Fen
  /** Shown to the payer: 1 to 127 characters, no emoji (characters of 4 bytes). */
  readonly description: string
  /** Returned by the gateway with the payment: up to 128 characters, no emoji. Null or absent: none. */
  readonly attach?: string | null
  /**
   * 1 to 128 visible ASCII characters. The same key is always the same order: with other facts
   * `placeOrder` answers `conflict`.
   */
  readonly idempotencyKey: string
  /** The app id that it is placed under, one of the merchant's. Null or absent: `wechat.appId`. */
  readonly appid?: string | null
  /** Who caused it, for the order's timeline. Null or absent: nobody is named. */
  readonly actor?: Actor | null
}

/** Who gives an order up, and why: both are kept in its timeline. A `TypeError` names each wrong member. */
export interface AbandonRequest {
  /** The reason, for later readers of the timeline: 1 to 500 characters on one line. */
  readonly reason: string
  /** Who is responsible for it. */
  readonly actor: Actor
}

/**
 * The facts of an order that another system placed. `adoptOrder` throws a `TypeError` that names each
 * wrong member, before anything is stored. Bounds count characters (code points).
 */
export interface AdoptRequest {
  /** The merchant's number of the trade at the gateway: 6 to 32 of `0-9 A-Z a-z _ - | *`. */
  readonly orderNo: string
  /**
   * Whose account is credited: your own name for it, 1 to 64 characters, none of them invisible, no
   * blank at its ends and no two in a row, in Unicode's composed form (NFC).
   */
  readonly userId: string
  /** In fen, 1n to 2^53 − 1, as a bigint. A trade about another sum goes to review. */
  readonly amount: Fen
  /** For people here: up to 127 characters, no emoji (characters of 4 bytes). Null or absent: empty. */
  readonly description?: string | null
  /** When it was placed. Null or absent: now. */
  readonly createdAt?: Date | null
  /**
   * When it can no longer be paid: after `createdAt`, and at most 15 days from now, or the answer is
   * `end_too_far`. Null or absent: not known; budan then never closes its trade.
   */
  readonly expiresAt?: Date | null
  /**
   * The app id that it was placed under, one of the merchant's. Null or absent: the merchant's only app
   * id; if there are several, the answer is `app_id_required`.
   */
  readonly appid?: string | null
  /** Who caused it, for the order's timeline. Null or absent: nobody is named. */
  readonly actor?: Actor | null
}

/**
 * The facts of an adopted order to change, at least one; a fact that is left out stays. `correctOrder`
 * throws a `TypeError` that names each wrong member, before anything is stored. The limits are those of
 * `AdoptRequest`.
 */
export interface CorrectRequest {
  /** Whose account is credited, instead of the former one. */
  readonly userId?: string | null
  /** In fen, 1n to 2^53 − 1, as a bigint. */
  readonly amount?: Fen | null
  /** At most 15 days from now, or the answer is `end_too_far`. Null: not known; absent: it stays. */
  readonly expiresAt?: Date | null
  /** One of the merchant's, or the answer is `app_id_unknown`. */
  readonly appid?: string | null
  /** The reason, for later readers of the timeline: 1 to 500 characters on one line. */
  readonly reason: string
  /** Who is responsible for it, for the timeline. */
  readonly actor: Actor
}

/** The second step, by an operator who gives a name and a reason. */
export interface ReviewRequest
  extends Pick<ResolutionRequest, 'action' | 'name' | 'reason' | 'actor'> {
  /** The `seen` of the preview. */
  readonly seen: string
}

/** A run that is made now. */
export interface RunWanted {
  readonly dryRun: boolean
  readonly actor?: Actor | null
}
