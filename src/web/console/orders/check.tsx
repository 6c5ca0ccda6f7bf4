import { reasonText } from '../../../i18n/reasons.ts'
import { actorOf } from '../../access/actor.ts'
import { ofOrder } from '../../found-order.ts'
import type { WebApp } from '../../web-app.ts'
import { sendFlash } from '../frame/flash.ts'
import type { ConsoleParts } from '../frame/page.ts'
import { orderOrChoice, whichIn } from '../merchants/named-order.tsx'
import { orderPath } from '../paths.ts'
import { localeOf } from '../visitor.ts'
import { type CheckedNews, checkedKind } from './checked-notice.tsx'
import { isAbsence } from './verdict.tsx'

/** The same check as the API's; the order's page shows its result. */
export function addCheck(app: WebApp, { budan }: ConsoleParts): void {
  const config = { scope: 'orders:check' } as const
  app.post('/orders/:order_no/check', { config }, async (request, reply) => {
    const found = await orderOrChoice({ request, reply }, { budan, section: 'orders' })
    if (found === null) return reply
    const { address } = found
    const { orderNo } = address
    const by = { actor: actorOf(request), ...whichIn(request) }
    const report = await ofOrder(orderNo, () => budan.checkOrder(orderNo, by))
    const { tradeState, decision, codedReason, order } = report
    const news: CheckedNews = {
      ...{ ...address, tradeState, decision, status: order.status },
      ...{ reason: reasonText(codedReason, localeOf(request)), isAbsent: isAbsence(report) },
    }
    sendFlash({ request, reply }, { kind: checkedKind, ...news })
    return reply.redirect(orderPath(address), 303)
  })
}
