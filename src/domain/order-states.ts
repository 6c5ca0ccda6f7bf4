/**
 *   pending ──► paid                     by a verified SUCCESS, with its transfer
 *      │  ├───► expired ──► paid         the trade cannot be paid any more; late money is still credited
 *      │  │        └──────► review
 *      └──┴───► review ──┬► paid         a person looks: paid, but not as ordered, or refunded.
 *                 ▲  │   └► expired      By an operator's word alone: credited (verified SUCCESS, as
 *                 │  ▼                   ordered), expired (verified CLOSED), or
 *               dismissed                still in review, out of the queue: another payment brings it back
 */
export type OrderStatus = 'pending' | 'paid' | 'expired' | 'review'

export const orderStatuses = ['pending', 'paid', 'expired', 'review'] as const

/** Who brought the answer that credited an order. `operator`: a person who resolved its review. */
export type Source = (typeof sources)[number]

export const sources = ['callback', 'check', 'compensation', 'operator'] as const

/** Who or what brought an event about. */
export type EventSource = Source | 'api' | 'budan'

export type OrderEventKind =
  | 'created'
  | 'adopted'
  | 'prepaid' // the gateway gave a code to scan
  | 'unplaced' // it refused to, or did not answer
  | 'answered' // an answer came, and this was decided
  | 'closing' // the gateway was asked to close the trade
  | 'corrected' // somebody changed the facts of an adopted order
  | 'abandoned' // somebody gave up an order that the gateway never accepted
  | 'resolved' // an operator had it credited or expired
  | 'dismissed' // an operator took it out of the queue
  | 'refund_noticed' // the gateway told, unasked, of a refund that was made there

export type DecisionKind = 'pay' | 'wait' | 'close' | 'expire' | 'review' | 'keep'
