import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { OrderEvent, OrderKey } from '../../../domain/order.ts'
import type { Budan } from '../../../service.ts'
import type { Page } from '../../../store/store.ts'
import type { WebApp } from '../../web-app.ts'
import { takeFlash } from '../frame/flash.ts'
import { readForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { orderOrChoice } from '../merchants/named-order.tsx'
import type { Exchange } from '../visitor.ts'
import { readChecked } from './checked-notice.tsx'
import { OrderPage } from './order-page.tsx'
import { type Direction, directions } from './timeline.tsx'
import { readTraced } from './trace/trace-parts.tsx'

/** Most orders have about ten events; one that was queried for days has hundreds. */
const eventsOnPage = 100

/** People do not type this query, so it gets no error message: another direction means the default. */
const viewQuery = z.object({
  order: z.enum(directions).catch('newest'),
  cursor: z.string().optional(),
})

export function addOrder(app: WebApp, parts: ConsoleParts): void {
  app.get('/orders/:order_no', { config: { scope: 'orders:read' } }, (request, reply) =>
    answerOrder({ request, reply }, parts),
  )
}

async function answerOrder(
  { request, reply }: Exchange,
  { budan, clock }: ConsoleParts,
): Promise<FastifyReply> {
  const found = await orderOrChoice({ request, reply }, { budan, section: 'orders' })
  if (found === null) return reply
  const { order, address } = found
  const form = readForm(viewQuery, request.query)
  const { order: direction, cursor = null } = form.ok ? form.value : { order: 'newest' as const }
  const [ledger, page] = await Promise.all([
    budan.store.ledgerOf(order.key),
    readTimeline(budan, { key: order.key, direction, cursor }),
  ])
  const isNewest = direction === 'newest' && cursor === null
  const { items: latest } = isNewest
    ? page
    : await readTimeline(budan, { key: order.key, direction: 'newest', cursor: null })
  const { merchants, policy, isScheduled } = budan
  const flash = takeFlash(request, reply)
  return sendPage(
    reply,
    <OrderPage
      {...{ address, ledger, page, direction }}
      verdict={{ order, latest, merchants, policy, isScheduled, now: clock() }}
      isFirst={cursor === null}
      checked={readChecked(flash, address)}
      traced={readTraced(flash)}
    />,
  )
}

function readTimeline(
  { store }: Budan,
  view: { key: OrderKey; direction: Direction; cursor: string | null },
): Promise<Page<OrderEvent>> {
  const page = { limit: eventsOnPage, cursor: view.cursor }
  return view.direction === 'newest'
    ? store.latestOrderEvents(view.key, page)
    : store.listOrderEvents(view.key, page)
}
