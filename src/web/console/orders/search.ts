import { z } from 'zod'
import { orderNoPattern } from '../../../domain/fact-rules.ts'
import type { Order } from '../../../domain/order.ts'
import { orderStatuses } from '../../../domain/order-states.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import type { Page } from '../../../store/store.ts'
import { searchWords } from './words.ts'

/** User ids may have so many characters, and are the longest of what is searched for. */
const textMax = 64

/** No row of the store's lists is longer to read on a screen. */
export const ordersOnPage = 50

/** What the list of orders is asked for, with messages in the reader's language. */
export function ordersQuery(locale: Locale) {
  const { faults } = searchWords(locale)
  const text = z
    .string()
    .refine((value) => [...value].length <= textMax, { error: faults.tooLong })
    .refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), { error: faults.unprintable })
  return z.object({
    q: z.string().prefault('').transform(tidied).pipe(text),
    /** Exactly, for links: no blank is taken away. */
    user_id: text.optional(),
    status: z.preprocess(
      (value) => (value === '' ? undefined : value),
      z
        .enum(orderStatuses, { error: ({ input }) => faults.status(String(input).slice(0, 60)) })
        .optional(),
    ),
    cursor: z.string().optional(),
  })
}

/** Text that was copied brings the blanks, tabs and line breaks around it along. */
function tidied(text: string): string {
  return text.replaceAll(/[\t\r\n\u200b\ufeff]+/g, ' ').trim()
}

/** What a payer's voucher can show as the number of a payment. */
export const transactionIdPattern = /^[0-9A-Za-z]{8,32}$/

/** Long numbers are written with blanks inside, and in Chinese with digits as wide as its characters. */
export function numberIn(text: string): string {
  return text.normalize('NFKC').replaceAll(/\s/g, '')
}

export interface Matches {
  readonly byNumber: Order | null
  readonly byTransaction: Order | null
  /** Without regard to their status, to tell whether there is such a user. */
  readonly hasOrders: boolean
}

/** All that a text can mean. Each is one look into an index. */
export async function findMatches({ store, merchant }: Budan, text: string): Promise<Matches> {
  const number = numberIn(text)
  const transactionId = transactionIdPattern.test(number) ? number : null
  const [byNumber, byTransaction, ofUser] = await Promise.all([
    orderNoPattern.test(number) ? store.findOrder(number) : null,
    transactionId === null
      ? null
      : store.findOrderByTransaction({ gateway: merchant.gateway, transactionId }),
    store.listOrders({ status: null, userId: text, limit: 1, cursor: null }),
  ])
  return { byNumber, byTransaction, hasOrders: hasAny(ofUser) }
}

/** The one order that was meant; null where that is not certain. */
export function onlyOrderOf({ byNumber, byTransaction, hasOrders }: Matches): Order | null {
  if (hasOrders) return null
  const differ =
    byNumber !== null && byTransaction !== null && byNumber.orderNo !== byTransaction.orderNo
  return differ ? null : (byNumber ?? byTransaction)
}

export function isNothing({ byNumber, byTransaction, hasOrders }: Matches): boolean {
  return byNumber === null && byTransaction === null && !hasOrders
}

function hasAny({ items }: Page<Order>): boolean {
  return items.length > 0
}
