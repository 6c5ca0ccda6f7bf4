import { formatFen } from '../../domain/money.ts'
import type { Order, OrderEvent } from '../../domain/order.ts'
import { eventReasonText } from '../../i18n/reasons.ts'
import { allEvents, eventsMax } from '../../store/all-events.ts'
import { findOrder } from '../../store/find-order.ts'
import { presentOrder, presentOrderEvent } from '../../web/api/shapes/present.ts'
import type { Command } from '../context.ts'
import { merchantIdGiven, namesIn, withStore } from '../reader.ts'
import type { Output } from '../terminal/output.ts'
import { orderNotFound } from '../with-service.ts'

export const showOrder: Command = async (context, given) => {
  const [orderNo = ''] = given.args
  const merchant = merchantIdGiven(context, given)
  const { output } = context
  const { order, events } = await withStore(context, async (store) => {
    const found = await findOrder(store, { orderNo, merchant })
    if (found === null) throw orderNotFound(orderNo)
    return { order: found, ...(await allEvents(store, found.key)) }
  })
  if (output.asJson) {
    output.json({ ...presentOrder(order, namesIn(context)), events: events.map(presentOrderEvent) })
    return 0
  }
  showFacts(output, order)
  output.line('')
  showTimeline(output, events)
  if (events.length >= eventsMax) output.note(`Only the first ${eventsMax} events are shown.`)
  return 0
}

function showFacts(output: Output, order: Order): void {
  output.facts([
    ['order_no', order.orderNo],
    ['status', output.term('status', order.status)],
    ['mchid', order.mchid],
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
        [source, whoCaused(event)].filter(Boolean).join(' '),
        event.tradeState,
        event.decision && output.term('decision', event.decision),
        event.toStatus && output.term('status', event.toStatus),
        eventReasonText(event, output.locale),
      ]
    }),
  )
}

/** The operator, with the name of the token or local user where that is another. */
function whoCaused({ operator, actor }: OrderEvent): string | null {
  const name = actor?.name ?? null
  if (operator === null || name === null || operator === name) return operator ?? name
  return `${operator} (${name})`
}
