import { type MerchantIdentity, merchantName } from '../../domain/merchant.ts'
import { formatFen } from '../../domain/money.ts'
import type { Order, Review } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import { eventReasonText } from '../../i18n/reasons.ts'
import type { Page, PageRequest, Store } from '../../store/store.ts'
import { presentOrder } from '../../web/api/present.ts'
import { presentReview } from '../../web/api/present-review.ts'
import type { ColumnKey } from '../columns.ts'
import type { Command, CommandContext } from '../context.ts'
import type { Cell, Output } from '../output.ts'
import { merchantIdGiven, namesIn, readStore } from '../reader.ts'

/** Orders, newest first. */
export const listOrders = listCommand<Order>({
  name: 'orders',
  read: (store, { status = null, user = null, dismissed: _, ...page }) =>
    store.listOrders({ status, userId: user, ...page }),
  present: (order, context) => presentOrder(order, namesIn(context)),
  columns: [
    ...(['order_no', 'status', 'amount', 'user_id'] as const),
    ...(['created_at', 'transaction_id', 'credited_by'] as const),
  ],
  whose: (order) => order,
  row: (order, output) => [
    order.orderNo,
    output.term('status', order.status),
    formatFen(order.amount),
    order.userId,
    order.createdAt,
    order.transactionId,
    order.creditedBy && output.term('source', order.creditedBy),
  ],
})

/** Orders that wait for a person, oldest first. */
export const listReviews = listCommand<Review>({
  name: 'reviews',
  read: (store, { dismissed = false, limit, cursor, merchant }) =>
    store.listReviews({ dismissed, limit, cursor, merchant }),
  present: (review, context) => presentReview(review, namesIn(context)),
  columns: ['order_no', 'amount', 'user_id', 'review_since', 'reason', 'dismissed_by'],
  whose: ({ order }) => order,
  row: ({ order, entered, resolved }, output) => [
    order.orderNo,
    formatFen(order.amount),
    order.userId,
    entered?.at ?? order.createdAt,
    entered && eventReasonText(entered, output.locale),
    order.dismissed === null ? null : (resolved?.operator ?? null),
  ],
})

/** The options of both, after the program's parsers. */
interface ListOptions extends PageRequest {
  readonly status?: OrderStatus
  readonly user?: string
  readonly dismissed?: boolean
  readonly merchant: MerchantIdentity | null
}

interface List<T> {
  readonly name: string
  readonly read: (store: Store, options: ListOptions) => Promise<Page<T>>
  readonly present: (item: T, context: CommandContext) => object
  readonly columns: readonly ColumnKey[]
  readonly whose: (item: T) => MerchantIdentity
  readonly row: (item: T, output: Output) => readonly Cell[]
}

/** Prints one page of a list, with a column for the merchant where there are several. */
function listCommand<T>({ name, read, present, columns, whose, row }: List<T>): Command {
  return async (context, given) => {
    const { output } = context
    const { status, user, dismissed, limit, cursor = null } = given.options
    const merchant = merchantIdGiven(context, given)
    const options = { status, user, dismissed, limit, cursor, merchant } as ListOptions
    const { items, nextCursor } = await readStore(context, (store) => read(store, options))
    if (output.asJson) {
      output.json({ [name]: items.map((item) => present(item, context)), next_cursor: nextCursor })
      return 0
    }
    const { merchants } = namesIn(context)
    const named = <Each>(cells: readonly Each[], merchant: Each) =>
      merchants.length > 1 ? [...cells.slice(0, 1), merchant, ...cells.slice(1)] : cells
    output.table(
      named<ColumnKey>(columns, 'merchant'),
      items.map((item) => named(row(item, output), merchantName(merchants, whose(item)))),
    )
    if (nextCursor !== null) output.note(`more: --cursor ${nextCursor}`)
    return 0
  }
}
