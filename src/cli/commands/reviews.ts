import { formatFen } from '../../domain/money.ts'
import type { Review } from '../../domain/order.ts'
import { eventReasonText } from '../../i18n/reasons.ts'
import type { Page } from '../../store/store.ts'
import { presentReview } from '../../web/api/present-review.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import type { CommandInput } from '../program.ts'
import { readStore } from '../reader.ts'
import type { ExitCode } from '../terminal.ts'

/** The options after the program's parsers. */
interface ReviewsOptions {
  readonly dismissed?: boolean
  readonly limit: number
  readonly cursor?: string
}

/** Prints a page of orders that wait for a person, oldest first. */
export async function listReviews(
  context: CommandContext,
  { options }: CommandInput,
): Promise<ExitCode> {
  const { dismissed = false, limit, cursor = null } = options as unknown as ReviewsOptions
  const { database } = context.config('database')
  const page = await readStore(database.url, (store) =>
    store.listReviews({ dismissed, limit, cursor }),
  )
  if (context.output.asJson) {
    context.output.json({ reviews: page.items.map(presentReview), next_cursor: page.nextCursor })
  } else showPage(context.output, page)
  return 0
}

function showPage(output: Output, { items, nextCursor }: Page<Review>): void {
  output.table(
    ['order_no', 'amount', 'user_id', 'review_since', 'reason', 'dismissed_by'],
    items.map(({ order, entered, resolved }) => [
      order.orderNo,
      formatFen(order.amount),
      order.userId,
      entered?.at ?? order.createdAt,
      entered && eventReasonText(entered, output.locale),
      order.dismissed === null ? null : (resolved?.operator ?? null),
    ]),
  )
  if (nextCursor !== null) output.note(`more: --cursor ${nextCursor}`)
}
