import { z } from 'zod'
import { actorOf } from '../../access/actor.ts'
import { orderNotFound } from '../../api/orders.ts'
import { orderNoPattern } from '../../schema.ts'
import type { WebApp } from '../../web-app.ts'
import { sendFlash } from '../flash.ts'
import type { ConsoleParts } from '../page.ts'
import { orderPath } from '../paths.ts'
import { type CheckedNews, checkedKind } from './checked-notice.tsx'

/** The same check as the API's; its result is told on the order's page. */
export function addCheck(app: WebApp, { budan }: ConsoleParts): void {
  const params = z.object({ order_no: z.string() })
  const path = '/orders/:order_no/check'
  app.post(path, { schema: { params, hide: true } }, async (request, reply) => {
    const orderNo = request.params.order_no
    const report = orderNoPattern.test(orderNo)
      ? await budan.checkOrder(orderNo, { actor: actorOf(request) })
      : null
    if (report === null) throw orderNotFound(orderNo)
    const { tradeState, decision, reason, order } = report
    const news: CheckedNews = { orderNo, tradeState, decision, reason, status: order.status }
    sendFlash({ request, reply }, { kind: checkedKind, ...news })
    return reply.redirect(orderPath(orderNo), 303)
  })
}
