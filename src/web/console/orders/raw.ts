import { z } from 'zod'
import { allEvents } from '../../../store/all-events.ts'
import { presentOrder, presentOrderEvent } from '../../api/shapes/present.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import type { ConsoleParts } from '../frame/page.ts'
import { whichIn } from '../merchants/named-order.tsx'

/** An order with its events as JSON, in the shape of `budan order --json`. */
export function addRaw(app: WebApp, { budan }: ConsoleParts): void {
  const params = z.object({ order_no: z.string() })
  app.get(
    '/orders/:order_no.json',
    { schema: { params, hide: true }, config: { scope: 'orders:read' } },
    async (request, reply) => {
      const order = await ofOrder(request.params.order_no, (orderNo) =>
        budan.findOrder(orderNo, whichIn(request)),
      )
      const { events, nextCursor } = await allEvents(budan.store, order.key)
      const raw = {
        ...presentOrder(order, budan),
        events: events.map(presentOrderEvent),
        next_cursor: nextCursor,
      }
      return reply.type('application/json; charset=utf-8').send(`${JSON.stringify(raw, null, 2)}\n`)
    },
  )
}
