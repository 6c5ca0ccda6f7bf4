import { z } from 'zod'
import type { OrderEvent } from '../../../domain/order.ts'
import type { Store } from '../../../store/store.ts'
import { presentOrder, presentOrderEvent } from '../../api/present.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import type { ConsoleParts } from '../page.ts'

/** More than an order normally has; the API returns all of them, page by page. */
const eventsMax = 5000
const pageSize = 200

/** An order with its events as JSON, in the shape of `budan order --json`. */
export function addRaw(app: WebApp, { budan }: ConsoleParts): void {
  const params = z.object({ order_no: z.string() })
  app.get('/orders/:order_no.json', { schema: { params, hide: true } }, async (request, reply) => {
    const order = await ofOrder(request.params.order_no, budan.store.findOrder)
    const { events, nextCursor } = await readEvents(budan.store, order.orderNo)
    const raw = {
      ...presentOrder(order),
      events: events.map(presentOrderEvent),
      next_cursor: nextCursor,
    }
    return reply.type('application/json; charset=utf-8').send(`${JSON.stringify(raw, null, 2)}\n`)
  })
}

async function readEvents(
  store: Store,
  orderNo: string,
): Promise<{ events: readonly OrderEvent[]; nextCursor: string | null }> {
  const events: OrderEvent[] = []
  let cursor: string | null = null
  do {
    const page = await store.listOrderEvents(orderNo, { limit: pageSize, cursor })
    events.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && events.length < eventsMax)
  return { events, nextCursor: cursor }
}
