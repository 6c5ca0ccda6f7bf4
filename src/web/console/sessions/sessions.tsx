import { z } from 'zod'
import type { Store } from '../../../store/store.ts'
import type { Access } from '../../access/access.ts'
import { sessionIdPattern } from '../../api/sessions.ts'
import type { WebApp } from '../../web-app.ts'
import { type Flash, sendFlash, takeFlash } from '../frame/flash.ts'
import { parsedForm } from '../frame/forms.ts'
import { sendPage } from '../frame/layout.tsx'
import type { Sessions } from '../login/session.ts'
import { cookieNames } from '../visitor.ts'
import { SessionsPage, sessionsPath } from './sessions-page.tsx'

export interface SessionsParts {
  readonly store: Pick<Store, 'listSessions' | 'endSessions'>
  readonly sessions: Sessions
  readonly access: Access
}

const pageSize = 50

const listQuery = z.object({ cursor: z.string().optional() })

const endForm = z.union([
  z.object({ id: z.string().regex(sessionIdPattern) }).transform(({ id }) => ({ id })),
  z.object({ token_name: z.string().min(1).max(200) }).transform((given) => ({
    tokenName: given.token_name,
  })),
])

/** Who is logged in, for an administrator, who can end each session. */
export function addSessions(app: WebApp, { store, sessions, access }: SessionsParts): void {
  app.get(sessionsPath, { config: { scope: 'admin' } }, async (request, reply) => {
    const { cursor = null } = parsedForm(listQuery, request.query)
    const { items, nextCursor } = await store.listSessions({ limit: pageSize, cursor })
    const ownId = sessions.idOf(request.cookies[cookieNames.session])
    const rows = items.map((session) => ({
      ...session,
      state: access.tokens.stateOf(session.tokenName),
      caller: access.tokens.named(session.tokenName),
      isOwn: session.id === ownId,
    }))
    const endedCount = readEnded(takeFlash(request, reply))
    const page = { sessions: { items: rows, nextCursor }, endedCount }
    return sendPage(reply, <SessionsPage {...page} isFirst={cursor === null} />)
  })

  app.post(sessionsPath, { config: { scope: 'admin' } }, async (request, reply) => {
    const ended = await store.endSessions(parsedForm(endForm, request.body))
    access.sessionsEnded(request, ended)
    sendFlash({ request, reply }, { kind: endedKind, count: ended.length })
    return reply.redirect(sessionsPath, 303)
  })
}

const endedKind = 'sessions_ended'

/** Null: there is none. */
function readEnded(flash: Flash | null): number | null {
  if (flash?.kind !== endedKind) return null
  return z.int().min(0).safeParse(flash.count).data ?? null
}
