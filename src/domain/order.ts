import type { Fen } from './money.ts'
import type {
  DecisionKind,
  EventSource,
  OrderEventKind,
  OrderStatus,
  Source,
} from './order-states.ts'
import type { Reason } from './reason.ts'
import type { Evidence } from './trade.ts'

/** Whose order it is; only that merchant can query it. */
export interface Merchant {
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
}

/** Who caused a change, and from where. */
export interface Actor {
  /** The name of the token; `anonymous` where none is configured. */
  readonly name: string
  /** The network address of the request; null for a command on this machine. */
  readonly address: string | null
}

/**
 * What an order is found by in this database. Order numbers are unique for one merchant alone, so a key
 * is not a number, though it may look like one: only the store makes keys, from the rows that it reads.
 */
export type OrderKey = string & { readonly [orderKeyMark]: true }

declare const orderKeyMark: unique symbol

/** What never changes of an order: what was ordered, by whom, and of which merchant. */
export interface OrderFacts extends Merchant {
  readonly orderNo: string
  readonly userId: string
  readonly amount: Fen
  readonly currency: string
  readonly description: string
  readonly attach: string | null
  readonly adopted: boolean
}

/**
 * Whether the gateway knows the order's number. Runs claim the three kinds separately, so that numbers
 * that were never placed do not delay orders that may be paid.
 *
 *   new ──► known     the gateway gave a code, or answered with a trade
 *    └────► unknown   every answer was "no such order"; a trade makes it known
 */
export type Standing = 'known' | 'new' | 'unknown'

export const standings = ['known', 'new', 'unknown'] as const

/** A recharge order. */
export interface Order extends OrderFacts {
  readonly key: OrderKey
  readonly codeUrl: string | null
  /** When the code stops working at the gateway, which may be before the order ends. */
  readonly codeExpiresAt: Date | null
  readonly standing: Standing
  readonly status: OrderStatus
  /** Grows by one with each change of state; each number has one order event. */
  readonly stateSeq: number
  readonly createdAt: Date
  /** When it was placed or adopted here. How late it is counts from here. */
  readonly knownAt: Date
  /** When it can no longer be paid. Null: not known, and then budan never closes its trade. */
  readonly expiresAt: Date | null
  /** Until when an order without a known end is queried on schedule; null where the end is known. */
  readonly watchedUntil: Date | null
  /** When it is queried next, while it is pending. */
  readonly nextCheckAt: Date
  /** How many answers moved it along `compensation_recheck_mins`. */
  readonly checks: number
  /** Absent answers in a row, and when the first of them came. */
  readonly absentCount: number
  readonly absentSince: Date | null
  /** Set when paid, from the trade that paid it. */
  readonly transactionId: string | null
  readonly paidAt: Date | null
  readonly creditedAt: Date | null
  readonly creditedBy: Source | null
  /** An operator took it out of the review queue. Only orders in review have one. */
  readonly dismissed: Dismissal | null
}

export interface Dismissal {
  readonly at: Date
  /** The payment that was known then, from `paymentOf`; null: none. */
  readonly payment: string | null
}

/** An order as it is placed or adopted. */
export interface NewOrder extends OrderFacts {
  readonly idempotencyKey: string | null
  /** Null: the database's now. */
  readonly createdAt: Date | null
  readonly end: OrderEnd
}

/** When an order ends, as it is stored. */
export type OrderEnd =
  | { readonly kind: 'at'; readonly at: Date }
  /** This time after its creation, rounded up to whole seconds, as the gateway stores ends. */
  | { readonly kind: 'after'; readonly ttlMs: number }
  /** Not known: it is watched for this time. */
  | { readonly kind: 'unknown'; readonly watchMs: number }

/** One entry of an order's timeline: the evidence, the decision and its reason. Never changed; entries that changed no state may be pruned. */
export interface OrderEvent {
  /** Grows; a decimal string. */
  readonly id: string
  readonly orderNo: string
  readonly at: Date
  readonly kind: OrderEventKind
  readonly source: EventSource
  /** The state that this event gave the order, and its number; null where the state stayed. */
  readonly toStatus: OrderStatus | null
  readonly stateSeq: number | null
  /** The gateway's own word, e.g. NOTPAY. Null where the answer was no trade. */
  readonly tradeState: string | null
  readonly decision: DecisionKind | null
  /** In English; a person's own words where a person caused it. */
  readonly reason: string | null
  /** What `reason` is the sentence of; null for a person's words, and for rows of before there were codes. */
  readonly codedReason: Reason | null
  /** An operator has to look at this. */
  readonly alarm: boolean
  readonly evidence: Evidence | null
  readonly runId: string | null
  readonly node: string | null
  /** The person who caused it. Where the event is a resolution, `reason` is in that person's words. */
  readonly operator: string | null
  /** Who or which program caused it, and from where; null where budan did. */
  readonly actor: Actor | null
}

/** An event that is about to be written, with or for an order; the store gives it its id and time. */
export type NewOrderEvent = Omit<
  OrderEvent,
  | 'id'
  | 'orderNo'
  | 'at'
  | 'stateSeq'
  | 'toStatus'
  | 'operator'
  | 'actor'
  | 'reason'
  | 'codedReason'
> & {
  /** A text: in a person's own words. */
  readonly reason: Reason | string | null
  readonly operator?: string | null
  readonly actor?: Actor | null
}

/** An order and its review, if it ever came to one. */
export interface Review extends ReviewTrail {
  readonly order: Order
}

/** The timeline's entries about a review. */
export interface ReviewTrail {
  /** The newest event. Every change of the order adds one. */
  readonly seen: OrderEvent
  /** The event that last put it into review, or back into the queue. */
  readonly entered: OrderEvent | null
  /** The last resolution by an operator. */
  readonly resolved: OrderEvent | null
}
