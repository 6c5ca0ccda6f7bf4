import { formatFen } from '../../domain/money.ts'
import type { Order } from '../../domain/order.ts'
import type { OrderStatus } from '../../domain/order-states.ts'
import type { Page } from '../../store/store.ts'
import { presentOrder } from '../../web/api/present.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import type { CommandInput } from '../program.ts'
import { readStore } from '../reader.ts'
import type { ExitCode } from '../terminal.ts'

/** The options after the program's parsers. */
interface OrdersOptions {
  readonly status?: OrderStatus
  readonly user?: string
  readonly limit: number
  readonly cursor?: string
}

/** Prints a page of orders, newest first. */
export async function listOrders(
  context: CommandContext,
  { options }: CommandInput,
): Promise<ExitCode> {
  const { status = null, user = null, limit, cursor = null } = options as unknown as OrdersOptions
  const { database } = context.config('database')
  const page = await readStore(database.url, (store) =>
    store.listOrders({ status, userId: user, limit, cursor }),
  )
  if (context.output.asJson) {
    context.output.json({
      orders: page.items.map((order) => presentOrder(order)),
      next_cursor: page.nextCursor,
    })
  } else showPage(context.output, page)
  return 0
}

function showPage(output: Output, { items, nextCursor }: Page<Order>): void {
  output.table(
    ['order_no', 'status', 'amount', 'user_id', 'created_at', 'transaction_id', 'credited_by'],
    items.map((order) => [
      order.orderNo,
      output.term('status', order.status),
      formatFen(order.amount),
      order.userId,
      order.createdAt,
      order.transactionId,
      order.creditedBy && output.term('source', order.creditedBy),
    ]),
  )
  if (nextCursor !== null) output.note(`more: --cursor ${nextCursor}`)
}
