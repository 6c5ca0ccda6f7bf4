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

/** Whose order it is; only that merchant can ask about it. */
export interface Merchant {
  readonly gateway: string
  readonly mchid: string
  readonly appid: string
}

/** Who caused something, and from where. */
export interface Actor {
  /** Of the token that let them in; `anonymous` where none is configured. */
  readonly name: string
  /** Network address that the request came from; null for a command on this machine. */
  readonly address: string | null
}

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
 * Whether the gateway has shown that it knows the order's number. Runs claim the three apart, so that
 * numbers that nobody placed hold up no order that somebody may have paid.
 *
 *   new ──► known     it gave a code, or answered with a trade
 *    └────► unknown   it was queried, and has only ever said "no such order"; a trade makes it known
 */
export type Standing = 'known' | 'new' | 'unknown'

export const standings = ['known', 'new', 'unknown'] as const

/** A recharge order. */
export interface Order extends OrderFacts {
  readonly codeUrl: string | null
  /** When the code stops working at the gateway, which may be before the order ends. */
  readonly codeExpiresAt: Date | null
  readonly standing: Standing
  readonly status: OrderStatus
  /** Grows by one with each change of state; each number has its event. */
  readonly stateSeq: number
  readonly createdAt: Date
  /** Since when budan knows of it: it was placed or adopted then. How late it is counts from here. */
  readonly knownAt: Date
  /** When it cannot be paid any more. Null: not known, and then budan never closes its trade. */
  readonly expiresAt: Date | null
  /** Until when an order without a known end is queried on schedule; null where the end is known. */
  readonly watchedUntil: Date | null
  /** When it is asked about next; only pending orders are. */
  readonly nextCheckAt: Date
  /** Answers so far that moved it along `compensation_recheck_mins`. */
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
  /** The payment that was known then, by `paymentOf`; null: none. */
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
  /** So long after its creation, rounded up to whole seconds, as the gateway keeps ends. */
  | { readonly kind: 'after'; readonly ttlMs: number }
  /** Not known: it is watched for so long. */
  | { readonly kind: 'unknown'; readonly watchMs: number }

/** One line of an order's timeline: what was seen, what was decided, and why. Never changed; what changed nothing may be pruned. */
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
  /** The gateway's own word, e.g. NOTPAY. Null when it said nothing of a trade. */
  readonly tradeState: string | null
  readonly decision: DecisionKind | null
  /** In English; a person's own words where a person caused it. */
  readonly reason: string | null
  /** What `reason` is the sentence of; null for a person's words, and for rows of before there were codes. */
  readonly codedReason: Reason | null
  /** Somebody has to look at this. */
  readonly alarm: boolean
  readonly evidence: Evidence | null
  readonly runId: string | null
  readonly node: string | null
  /** The person behind it; `reason` is then in that person's words where the event is a resolution. */
  readonly operator: string | null
  /** Who or what program caused it, and from where; null where budan did so by itself. */
  readonly actor: Actor | null
}

/** An event that is about to be written; the store gives it its id and time. */
export type NewOrderEvent = Omit<
  OrderEvent,
  'id' | 'at' | 'stateSeq' | 'toStatus' | 'operator' | 'actor' | 'reason' | 'codedReason'
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

/** What the timeline says of a review. */
export interface ReviewTrail {
  /** The newest event; it changes with all that changes the order. */
  readonly seen: OrderEvent
  /** What brought it into review last, or back to the queue. */
  readonly entered: OrderEvent | null
  /** The last resolution by an operator. */
  readonly resolved: OrderEvent | null
}
