import { z } from 'zod'
import { unreachable } from '../../../../domain/assert.ts'
import type { Locale } from '../../../../i18n/locale.ts'
import { reasonText } from '../../../../i18n/reasons.ts'
import type { Traced } from '../../../../orders/trace.ts'
import type { WebApp } from '../../../web-app.ts'
import { sendFlash } from '../../frame/flash.ts'
import { readForm } from '../../frame/forms.ts'
import { sendPage } from '../../frame/layout.tsx'
import type { ConsoleParts } from '../../frame/page.ts'
import { addressOf, orderPath } from '../../paths.ts'
import { localeOf } from '../../visitor.ts'
import { OrdersPage } from '../orders-page.tsx'
import { numberIn, transactionIdPattern } from '../search.ts'
import { searchWords } from '../words.ts'
import { type TracedNews, tracedKind, tracePath } from './trace-parts.tsx'

/** Queries the gateway for the order of a payment, and redirects to it; it settles nothing. */
export function addTrace(app: WebApp, { budan }: ConsoleParts): void {
  app.post(tracePath, { config: { scope: 'orders:check' } }, async (request, reply) => {
    const locale = localeOf(request)
    const { faults } = searchWords(locale, budan.gateway.label)
    const transaction = z
      .string({ error: faults.transactionId })
      .transform(numberIn)
      .refine((id) => transactionIdPattern.test(id), { error: faults.transactionId })
    const form = readForm(z.object({ transaction_id: transaction }), request.body)
    if (!form.ok) {
      const search = { q: form.given.transaction_id ?? '' }
      const wrong = { q: form.faults.transaction_id ?? '' }
      return sendPage(reply.code(422), <OrdersPage {...{ search, faults: wrong }} />)
    }
    const transactionId = form.value.transaction_id
    const traced = await budan.traceTransaction(transactionId)
    const news = newsOf(traced, { transactionId, locale })
    sendFlash({ request, reply }, { kind: tracedKind, ...news })
    const order = traced.kind === 'found' ? traced.order : null
    const path = order && orderPath(addressOf(budan.merchants, { ...order, merchant: order }))
    return reply.redirect(path ?? `/orders?q=${transactionId}`, 303)
  })
}

function newsOf(
  traced: Traced,
  { transactionId, locale }: { transactionId: string; locale: Locale },
): TracedNews {
  switch (traced.kind) {
    case 'found': {
      const { orderNo, order, tradeState } = traced
      return order === null
        ? { what: 'not_ours', orderNo }
        : { what: 'ours', transactionId, tradeState: tradeState ?? '' }
    }
    // The page offers no such form.
    case 'not_offered':
    case 'absent':
      return { what: 'absent' }
    case 'unanswered':
      return { what: 'unanswered', reason: reasonText(traced.codedReason, locale) }
    default:
      return unreachable(traced)
  }
}
