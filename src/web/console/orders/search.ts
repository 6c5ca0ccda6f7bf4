import { z } from 'zod'
import { orderNoPattern } from '../../../domain/fact-rules.ts'
import type { Order } from '../../../domain/order.ts'
import { orderStatuses } from '../../../domain/order-states.ts'
import type { GatewayLabel } from '../../../gateway/gateway.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import type { Page } from '../../../store/store.ts'
import { searchWords } from './words.ts'

/** The limit of user ids, the longest of the searched texts. */
const textMax = 64

/** About what a screen shows without much scrolling. */
export const ordersOnPage = 50

/** The query of the list of orders, with messages in the reader's language. */
export function ordersQuery(locale: Locale, label: GatewayLabel) {
  const { faults } = searchWords(locale, label)
  const text = z
    .string()
    .refine((value) => [...value].length <= textMax, { error: faults.tooLong })
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), { error: faults.unprintable })
  return z.object({
    q: z.string().prefault('').transform(tidied).pipe(text),
    /** Exact, for links: no space is removed. */
    user_id: text.optional(),
    status: z.preprocess(
      (value) => (value === '' ? undefined : value),
      z
        .enum(orderStatuses, { error: ({ input }) => faults.status(String(input).slice(0, 60)) })
        .optional(),
    ),
    merchant: z
      .string()
      .optional()
      .transform((name) => name || undefined),
    cursor: z.string().optional(),
  })
}

/** Copied text includes the spaces, tabs and line breaks around it. */
function tidied(text: string): string {
  return text.replaceAll(/[\t\r\n\u200b\ufeff]+/g, ' ').trim()
}

/** The transaction ids that a payer's voucher can show. */
export const transactionIdPattern = /^[0-9A-Za-z]{8,32}$/

/** People write long numbers with spaces inside, and in Chinese with full-width digits. */
export function numberIn(text: string): string {
  return text.normalize('NFKC').replaceAll(/\s/g, '')
}

export interface Matches {
  /** Several merchants may have the number. */
  readonly byNumber: readonly Order[]
  readonly byTransaction: Order | null
  /** With any status: whether there is such a user. */
  readonly hasOrders: boolean
}

/** All that a text can match. Each is one index lookup. */
export async function findMatches({ store, merchant }: Budan, text: string): Promise<Matches> {
  const number = numberIn(text)
  const transactionId = transactionIdPattern.test(number) ? number : null
  const [byNumber, byTransaction, ofUser] = await Promise.all([
    orderNoPattern.test(number) ? store.findOrders(number) : [],
    transactionId === null
      ? null
      : store.findOrderByTransaction({ gateway: merchant.gateway, transactionId }),
    store.listOrders({ status: null, userId: text, limit: 1, cursor: null }),
  ])
  return { byNumber, byTransaction, hasOrders: hasAny(ofUser) }
}

/** The order, where there is exactly one match; else null. */
export function onlyOrderOf({ byNumber, byTransaction, hasOrders }: Matches): Order | null {
  if (hasOrders) return null
  const found = new Map(
    [...byNumber, byTransaction].flatMap((each) => (each ? [[each.key, each]] : [])),
  )
  const [only = null] = found.values()
  return found.size > 1 ? null : only
}

export function isNothing({ byNumber, byTransaction, hasOrders }: Matches): boolean {
  return byNumber.length === 0 && byTransaction === null && !hasOrders
}

function hasAny({ items }: Page<Order>): boolean {
  return items.length > 0
}
