import { merchantName } from '../../domain/merchant.ts'
import { formatFen } from '../../domain/money.ts'
import type { Order, Review } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import { eventReasonText } from '../../i18n/reasons.ts'
import { presentOrder } from '../../web/api/shapes/present.ts'
import { presentReview } from '../../web/api/shapes/present-review.ts'
import type { Command, CommandContext, CommandInput } from '../context.ts'
import { merchantIdGiven, namesIn, withStore } from '../reader.ts'
import type { ColumnKey } from '../terminal/columns.ts'
import type { Cell } from '../terminal/output.ts'
import type { ExitCode } from '../terminal/terminal.ts'

/** Orders, newest first. */
export const listOrders: Command = async (context, given) => {
  const { output } = context
  const { status = null, user: userId = null, page } = optionsOf(context, given)
  const names = namesIn(context)
  return printPage<Order>(context, {
    name: 'orders',
    ...(await withStore(context, (store) => store.listOrders({ status, userId, ...page }))),
    present: (order) => presentOrder(order, names),
    columns: [
      ...(['order_no', 'merchant', 'status', 'amount', 'user_id'] as const),
      ...(['created_at', 'transaction_id', 'credited_by'] as const),
    ],
    row: (order) => [
      order.orderNo,
      merchantName(names.merchants, order),
      output.term('status', order.status),
      formatFen(order.amount),
      order.userId,
      order.createdAt,
      order.transactionId,
      order.creditedBy && output.term('source', order.creditedBy),
    ],
  })
}

/** Orders that wait for a person, oldest first. */
export const listReviews: Command = async (context, given) => {
  const { output } = context
  const { dismissed = false, page } = optionsOf(context, given)
  const names = namesIn(context)
  return printPage<Review>(context, {
    name: 'reviews',
    ...(await withStore(context, (store) => store.listReviews({ dismissed, ...page }))),
    present: (review) => presentReview(review, names),
    columns: [
      ...(['order_no', 'merchant', 'amount', 'user_id'] as const),
      ...(['review_since', 'reason', 'dismissed_by'] as const),
    ],
    row: ({ order, entered, resolved }) => [
      order.orderNo,
      merchantName(names.merchants, order),
      formatFen(order.amount),
      order.userId,
      entered?.at ?? order.createdAt,
      entered && eventReasonText(entered, output.locale),
      order.dismissed === null ? null : (resolved?.operator ?? null),
    ],
  })
}

/** After the program's parsers. */
interface ListOptions {
  readonly status?: OrderStatus
  readonly user?: string
  readonly dismissed?: boolean
  readonly limit: number
  readonly cursor?: string
}

function optionsOf(context: CommandContext, given: CommandInput) {
  const { limit, cursor = null, ...others } = given.options as unknown as ListOptions
  return { ...others, page: { limit, cursor, merchant: merchantIdGiven(context, given) } }
}

interface PrintedPage<T> {
  /** Of the list in JSON. */
  readonly name: string
  readonly items: readonly T[]
  readonly nextCursor: string | null
  readonly present: (item: T) => object
  /** Where one merchant is configured, the column `merchant` is left out. */
  readonly columns: readonly ColumnKey[]
  readonly row: (item: T) => readonly Cell[]
  /** In JSON behind the list. */
  readonly beside?: object
  /** Below the table. */
  readonly note?: string
}

/** Prints one page of a list. */
export function printPage<T>(context: CommandContext, page: PrintedPage<T>): ExitCode {
  const { output } = context
  const { name, items, nextCursor, present, columns, row, beside, note } = page
  if (output.asJson) {
    output.json({ [name]: items.map(present), next_cursor: nextCursor, ...beside })
    return 0
  }
  const isOne = columns.includes('merchant') && namesIn(context).merchants.length < 2
  const isShown = (_: unknown, at: number) => !isOne || columns[at] !== 'merchant'
  output.table(
    columns.filter(isShown),
    items.map((item) => row(item).filter(isShown)),
  )
  if (note !== undefined) output.note(note)
  if (nextCursor !== null) output.note(`more: --cursor ${nextCursor}`)
  return 0
}
