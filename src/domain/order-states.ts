/**
 *   pending ──► paid                     by a verified SUCCESS, with its transfer
 *      │  ├───► expired ──► paid         the trade cannot be paid any more; late money is still credited
 *      │  │        └──────► review
 *      └──┴───► review ──┬► paid         paid, but not as ordered, or refunded. Only an operator ends a
 *                 ▲  │   └► expired      review: credited (verified SUCCESS, as ordered), expired
 *                 │  ▼                   (verified CLOSED), or dismissed:
 *               dismissed                still in review, out of the queue; another payment reopens it
 */
export type OrderStatus = (typeof orderStatuses)[number]

export const orderStatuses = ['pending', 'paid', 'expired', 'review'] as const

/** Where the answer came from that credited an order. `operator`: a person who resolved its review. */
export type Source = (typeof sources)[number]

export const sources = ['callback', 'check', 'compensation', 'operator'] as const

/** What caused an order event. */
export type EventSource = (typeof eventSources)[number]

export const eventSources = [...sources, 'api', 'budan'] as const

export type OrderEventKind = (typeof orderEventKinds)[number]

export const orderEventKinds = [
  'created',
  'adopted',
  'prepaid', // the gateway gave a code to scan
  'unplaced', // the gateway refused the prepay, or did not answer
  'answered', // an answer, and the decision on it
  'closing', // a close was sent to the gateway
  'corrected', // the facts of an adopted order were corrected
  'abandoned', // an order was given up that the gateway never accepted
  'resolved', // an operator had it credited or expired
  'dismissed', // an operator took it out of the queue
  'second_needed', // an operator requested what needs a second person
  'refund_noticed', // the gateway's callback about a refund that was made there
] as const

export type DecisionKind = (typeof decisionKinds)[number]

export const decisionKinds = ['pay', 'wait', 'close', 'expire', 'review', 'keep'] as const
