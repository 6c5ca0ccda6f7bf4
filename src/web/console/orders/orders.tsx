import type { FastifyReply } from 'fastify'
import type { WebApp } from '../../web-app.ts'
import { takeFlash } from '../frame/flash.ts'
import { readForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { merchantOfList } from '../merchants/named-order.tsx'
import { addressOf, orderPath } from '../paths.ts'
import { type Exchange, localeOf } from '../visitor.ts'
import { addCheck } from './check.tsx'
import { addOrder } from './order.tsx'
import { type OrderSearch, OrdersPage } from './orders-page.tsx'
import { addRaw } from './raw.ts'
import { findMatches, isNothing, onlyOrderOf, ordersOnPage, ordersQuery } from './search.ts'
import { addTrace } from './trace/trace.tsx'
import { readTraced } from './trace/trace-parts.tsx'

/** "I paid and have no credit": find the order, see its result, check it now. */
export function addOrders(app: WebApp, parts: ConsoleParts): void {
  app.get('/orders', { config: { scope: 'orders:read' } }, (request, reply) =>
    answerList({ request, reply }, parts),
  )
  addTrace(app, parts)
  addRaw(app, parts)
  addOrder(app, parts)
  addCheck(app, parts)
}

/** A search is a link; a text that matches one order redirects to it. */
async function answerList(
  { request, reply }: Exchange,
  { budan }: ConsoleParts,
): Promise<FastifyReply> {
  const form = readForm(ordersQuery(localeOf(request), budan.gateway.label), request.query)
  if (!form.ok) {
    const page = <OrdersPage {...{ search: form.given, faults: form.faults }} />
    return sendPage(reply.code(422), page)
  }
  const { status, cursor, user_id, q: text } = form.value
  const merchant = merchantOfList(request, budan)
  const matches = text === '' ? null : await findMatches(budan, text)
  const only = matches && onlyOrderOf(matches)
  if (only) {
    const address = addressOf(budan.merchants, { ...only, merchant: only })
    return reply.redirect(orderPath(address), 303)
  }

  const userId = user_id ?? (text === '' ? null : text)
  const list =
    matches !== null && isNothing(matches)
      ? null
      : await budan.store.listOrders({
          ...{ status: status ?? null, userId, limit: ordersOnPage, cursor: cursor ?? null },
          merchant,
        })
  const search: OrderSearch = { ...form.given, q: text, merchant: form.value.merchant }
  const traced = readTraced(takeFlash(request, reply))
  return sendPage(reply, <OrdersPage {...{ search, matches, list, traced }} />)
}
