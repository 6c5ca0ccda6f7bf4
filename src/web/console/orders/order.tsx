import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { OrderEvent, OrderKey } from '../../../domain/order.ts'
import type { Budan } from '../../../service.ts'
import type { Page } from '../../../store/store.ts'
import type { WebApp } from '../../web-app.ts'
import { takeFlash } from '../flash.ts'
import { readForm } from '../forms.ts'
import { sendPage } from '../layout.tsx'
import { addressIn, orderOrChoice } from '../merchants/named-order.tsx'
import type { ConsoleParts } from '../page.ts'
import { orderPath } from '../paths.ts'
import { readChecked } from './checked-notice.tsx'
import { OrderPage } from './order-page.tsx'
import { type Direction, directions } from './timeline.tsx'
import { readTraced } from './trace-parts.tsx'

/** Most orders have about ten events; one that was queried for days has hundreds. */
const eventsOnPage = 100

/** People do not type this query, so it gets no error message: another direction means the default. */
const viewQuery = z.object({
  order: z.enum(directions).catch('newest'),
  cursor: z.string().optional(),
})

export function addOrder(app: WebApp, parts: ConsoleParts): void {
  const params = z.object({ order_no: z.string() })
  app.get(
    '/orders/:order_no',
    { schema: { params, hide: true }, config: { scope: 'orders:read' } },
    async (request, reply) =>
      answerOrder({ request, reply }, { ...parts, orderNo: request.params.order_no }),
  )
}

async function answerOrder(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { budan, clock, orderNo }: ConsoleParts & { orderNo: string },
): Promise<FastifyReply> {
  const choosing = { section: 'orders', path: orderPath } as const
  const order = await orderOrChoice({ request, reply, orderNo }, { budan, choosing })
  if (order === null) return reply
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
  const address = addressIn(request, { order, merchants })
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
