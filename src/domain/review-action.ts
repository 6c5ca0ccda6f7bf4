/**
 * What an operator may ask for an order in review:
 *
 *   credit    only for a verified, paid trade that equals the order in every fact
 *   expire    only when the gateway says closed; an unpaid trade is closed first, and asked about again
 *   dismiss   for when nothing is owed to the payer, which only the operator can know: it leaves the
 *             queue, and comes back for a payment not known yet
 */
export type ReviewAction = (typeof reviewActions)[number]

export const reviewActions = ['credit', 'expire', 'dismiss'] as const
