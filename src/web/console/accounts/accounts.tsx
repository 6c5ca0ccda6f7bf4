import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { GatewayLabel } from '../../../gateway/gateway.ts'
import type { Locale } from '../../../i18n/locale.ts'
import type { WebApp } from '../../web-app.ts'
import { readForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { ConsoleParts } from '../frame/page.ts'
import { accountPath } from '../paths.ts'
import { type Exchange, localeOf } from '../visitor.ts'
import { AccountPage, AccountsPage } from './account-page.tsx'
import { accountWords } from './words.ts'

const entriesOnPage = 50

export function addAccounts(app: WebApp, parts: ConsoleParts): void {
  app.get('/accounts', { config: { scope: 'orders:read' } }, (request, reply) =>
    answerSearch({ request, reply }, parts),
  )
  const params = z.object({ user_id: z.string() })
  app.get(
    '/accounts/:user_id',
    { schema: { params, hide: true }, config: { scope: 'orders:read' } },
    (request, reply) =>
      answerAccount({ request, reply }, { ...parts, userId: request.params.user_id }),
  )
}

/** Redirects to the account; shows it here for ids that no path can have. */
async function answerSearch(exchange: Exchange, parts: ConsoleParts): Promise<FastifyReply> {
  const { request, reply } = exchange
  const query = accountQuery(localeOf(request), parts.budan.gateway.label)
  const form = readForm(query, request.query)
  if (!form.ok) {
    const { given, faults } = form
    return sendPage(reply.code(422), <AccountsPage {...{ given, faults }} />)
  }
  const { user_id: userId } = form.value
  if (userId === undefined) return sendPage(reply, <AccountsPage />)
  const path = accountPath(userId)
  return path.startsWith('/accounts/')
    ? reply.redirect(path, 303)
    : answerAccount(exchange, { ...parts, userId })
}

function accountQuery(locale: Locale, label: GatewayLabel) {
  const { faults } = accountWords(locale, label)
  const userId = z
    .string()
    .transform((text) => text.trim())
    .refine((text) => text !== '', { error: faults.empty })
    .refine((text) => [...text].length <= 64, { error: faults.tooLong })
    .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text), { error: faults.unprintable })
  return z.object({ user_id: userId.optional() })
}

/** A user without credits has the balance 0, not a 404. */
async function answerAccount(
  { request, reply }: Exchange,
  { budan, userId }: ConsoleParts & { userId: string },
): Promise<FastifyReply> {
  const { cursor = null } = request.query as { readonly cursor?: string }
  const [balance, entries] = await Promise.all([
    budan.store.balance(userId),
    budan.store.latestEntries(userId, { limit: entriesOnPage, cursor: cursor && String(cursor) }),
  ])
  return sendPage(reply, <AccountPage {...{ balance, entries, isFirst: cursor === null }} />)
}
