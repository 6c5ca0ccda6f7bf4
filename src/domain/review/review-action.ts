/**
 * What an operator may request for an order in review:
 *
 *   credit    only for a verified, paid trade that equals the order in every fact
 *   expire    only when the gateway says closed; an unpaid trade is closed first, and queried again
 *   dismiss   where nothing is owed to the payer, which only the operator can know: it leaves the queue,
 *             and a payment that is not known yet reopens it
 */
export type ReviewAction = (typeof reviewActions)[number]

export const reviewActions = ['credit', 'expire', 'dismiss'] as const
