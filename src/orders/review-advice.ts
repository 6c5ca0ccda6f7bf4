import type { OrderEvent } from '../domain/order.ts'
import type { Reason, ReasonCode } from '../domain/reason.ts'

/** The advice to an operator about an order in review, by the cause of the review. */
export type Advice = keyof typeof englishAdvice

/**
 * A dismissed order is in no list of open reviews any more. So each advice to dismiss first says what the
 * operator must know, and where to look it up.
 */
export const englishAdvice = {
  general:
    'Preview it: credit it if the gateway says that it was paid as ordered, expire it if its trade is closed. Dismiss it only when you know that the payer is owed nothing: the merchant console has what was paid and what was refunded.',
  different:
    'It can be credited only if the gateway now says that exactly what was ordered was paid. Otherwise the payer is owed what was paid: refund it in the merchant console, or settle it with the payer by your own means. Dismiss it only when that is done.',
  credited_elsewhere:
    'That payment has credited the other order, and never credits a second one. Look it up in the merchant console to see which of the two it paid. If it paid this one, settle that with its payer. Dismiss this one only when its payer is owed nothing.',
  refunded:
    'Look up the refunded sum in the merchant console, by the transaction id. If the whole sum went back, the payer is owed nothing: dismiss it. If only a part went back, the payer is still owed the rest: refund the rest as well, or settle it by your own means, and dismiss it only then. If the refund failed or was closed, the gateway says paid again: preview it again, and credit it.',
  came_back:
    'A payment turned up after it was dismissed. Preview it: credit it if it was paid as ordered. Otherwise the payer is owed what was paid: refund it in the merchant console, or settle it with the payer by your own means. Dismiss it again only when that is done.',
} as const

export function adviceFor(reason: Reason | string | null): Advice {
  if (reason === null || typeof reason === 'string') return 'general'
  return adviceByCode[reason.code] ?? 'general'
}

/** By the cause of the review. */
const adviceByCode: Partial<Record<ReasonCode, Advice>> = {
  not_as_ordered: 'different',
  credited_to_another: 'credited_elsewhere',
  refund_started: 'refunded',
  refunded_in_whole: 'refunded',
  refund_started_after_expiry: 'refunded',
  dismissed_new_payment: 'came_back',
}

/** The number by which the merchant console finds a payment; null if the answer had none. */
export function transactionIn(event: Pick<OrderEvent, 'evidence'> | null): string | null {
  const trade = event?.evidence?.trade
  const id = isRecord(trade) ? trade.transaction_id : null
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : null
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
