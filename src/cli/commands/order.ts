import { formatFen } from '../../domain/money.ts'
import type { Order, OrderEvent } from '../../domain/order.ts'
import { eventReasonText } from '../../i18n/reasons.ts'
import type { Store } from '../../store/store.ts'
import { presentOrder, presentOrderEvent } from '../../web/api/present.ts'
import type { CommandContext } from '../context.ts'
import type { Output } from '../output.ts'
import type { CommandInput } from '../program.ts'
import { readStore } from '../reader.ts'
import type { ExitCode } from '../terminal.ts'
import { orderNotFound } from '../with-service.ts'

// An order that is queried hourly for 7 days has about 400 events. More than this many events are
// written by a fault in a loop, and printing them all would only hide it.
const eventsMax = 5000
const pageSize = 200

export async function showOrder(
  context: CommandContext,
  { args }: CommandInput,
): Promise<ExitCode> {
  const [orderNo = ''] = args
  const { output } = context
  const { database } = context.config('database')
  const { order, events } = await readStore(database.url, async (store) => ({
    order: await store.findOrder(orderNo),
    events: await timeline(store, orderNo),
  }))
  if (order === null) throw orderNotFound(orderNo)
  if (output.asJson) {
    output.json({ ...presentOrder(order), events: events.map(presentOrderEvent) })
    return 0
  }
  showFacts(output, order)
  output.line('')
  showTimeline(output, events)
  if (events.length >= eventsMax) output.note(`Only the first ${eventsMax} events are shown.`)
  return 0
}

async function timeline(store: Store, orderNo: string): Promise<readonly OrderEvent[]> {
  const events: OrderEvent[] = []
  let cursor: string | null = null
  do {
    const page = await store.listOrderEvents(orderNo, { limit: pageSize, cursor })
    events.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && events.length < eventsMax)
  return events
}

function showFacts(output: Output, order: Order): void {
  output.facts([
    ['order_no', order.orderNo],
    ['status', output.term('status', order.status)],
    ['user_id', order.userId],
    ['amount', `${formatFen(order.amount)} ${order.currency}`],
    ['description', order.description],
    ['created_at', order.createdAt],
    ['expires_at', order.expiresAt ?? output.say('not known')],
    ['next_check_at', order.status === 'pending' ? order.nextCheckAt : null],
    ['transaction_id', order.transactionId],
    ['paid_at', order.paidAt],
    ['credited_at', order.creditedAt],
    ['credited_by', order.creditedBy && output.term('source', order.creditedBy)],
    ['dismissed_at', order.dismissed?.at ?? null],
  ])
}

function showTimeline(output: Output, events: readonly OrderEvent[]): void {
  output.table(
    ['at', 'event', 'source', 'trade_state', 'decision', 'status', 'reason'],
    events.map((event) => {
      const kind = output.term('event', event.kind)
      const source = output.term('source', event.source).text
      return [
        event.at,
        event.alarm ? { text: `${kind.text} (!)`, tone: 'red' } : kind,
        event.operator === null ? source : `${source} ${event.operator}`,
        event.tradeState,
        event.decision && output.term('decision', event.decision),
        event.toStatus && output.term('status', event.toStatus),
        eventReasonText(event, output.locale),
      ]
    }),
  )
}
