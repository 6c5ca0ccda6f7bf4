import { z } from 'zod'
import { reasonText } from '../../../i18n/reasons.ts'
import { actorOf } from '../../access/actor.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import { sendFlash } from '../flash.ts'
import { addressIn, orderOrChoice, whichIn } from '../merchants/named-order.tsx'
import type { ConsoleParts } from '../page.ts'
import { orderPath } from '../paths.ts'
import { localeOf } from '../visitor.ts'
import { type CheckedNews, checkedKind } from './checked-notice.tsx'
import { isAbsence } from './verdict.tsx'

/** The same check as the API's; the order's page shows its result. */
export function addCheck(app: WebApp, { budan }: ConsoleParts): void {
  const params = z.object({ order_no: z.string() })
  const path = '/orders/:order_no/check'
  app.post(
    path,
    { schema: { params, hide: true }, config: { scope: 'orders:check' } },
    async (request, reply) => {
      const orderNo = request.params.order_no
      const choosing = { section: 'orders', path: orderPath } as const
      const found = await orderOrChoice({ request, reply, orderNo }, { budan, choosing })
      if (found === null) return reply
      const address = addressIn(request, { order: found, ...budan })
      const by = { actor: actorOf(request), ...whichIn(request) }
      const report = await ofOrder(orderNo, () => budan.checkOrder(orderNo, by))
      const { tradeState, decision, codedReason, order } = report
      const news: CheckedNews = {
        ...{ ...address, tradeState, decision, status: order.status },
        ...{ reason: reasonText(codedReason, localeOf(request)), isAbsent: isAbsence(report) },
      }
      sendFlash({ request, reply }, { kind: checkedKind, ...news })
      return reply.redirect(orderPath(address), 303)
    },
  )
}
