import { z } from 'zod'
import { roles, scopes } from '../../domain/scope.ts'
import type { ListedSession, Store } from '../../store/store.ts'
import type { Access } from '../access/access.ts'
import { type Tokens, tokenStates } from '../access/tokens.ts'
import { notFound } from '../errors.ts'
import { presenterOf } from '../presenter.ts'
import {
  documented,
  fault,
  guarded,
  named,
  pageAnswers,
  pageOf,
  pageQuery,
  time,
} from '../schema.ts'
import type { WebApp } from '../web-app.ts'

export interface SessionRouteParts {
  readonly store: Pick<Store, 'listSessions' | 'endSessions'>
  readonly access: Access
}

const sessionShape = named('Session', {
  id: documented(z.string(), 'Names the session. It opens nothing.'),
  name: documented(z.string(), 'Of the token that was entered.'),
  state: documented(
    z.enum(tokenStates),
    'Of the token now: of one that has expired or is gone from the configuration, a session opens nothing. A token that was replaced under its name is not recognized here; its sessions open nothing either.',
  ),
  role: documented(
    z.enum(roles).nullable(),
    'Of the token now; null: it has scopes of its own, or is not valid.',
  ),
  scopes: documented(z.array(z.enum(scopes)), 'Of the token now.'),
  address: documented(z.string().nullable(), 'Where it was opened from.'),
  created_at: time,
  expires_at: time,
})

const sessionPageShape = pageOf('SessionPage', { sessions: z.array(sessionShape) })

/** Who is logged in to the console. */
export function addSessionRoutes(app: WebApp, { store, access }: SessionRouteParts): void {
  app.get(
    '/v1/sessions',
    guarded('admin', {
      operationId: 'listSessions',
      tags: ['sessions'],
      summary: 'Logins to the console, newest first',
      querystring: pageQuery,
      answers: pageAnswers(sessionPageShape),
    }),
    async ({ query: { limit, cursor = null } }) => {
      const page = await store.listSessions({ limit, cursor })
      return {
        sessions: page.items.map((session) => presentSession(session, access.tokens)),
        next_cursor: page.nextCursor,
      }
    },
  )

  app.delete(
    '/v1/sessions/:id',
    guarded('admin', {
      operationId: 'endSession',
      tags: ['sessions'],
      summary: 'End a login to the console, on all nodes',
      params: z.object({ id: z.string() }),
      answers: {
        204: documented(z.undefined(), 'It has ended.'),
        404: [fault, '`session_not_found`: there is none, or it has ended.'],
      },
    }),
    async (request, reply) => {
      const { id } = request.params
      const ended = sessionIdPattern.test(id) ? await store.endSessions({ id }) : []
      if (ended.length === 0) throw notFound('session', id)
      access.sessionsEnded(request, ended)
      return reply.code(204).send()
    },
  )
}

export const sessionIdPattern = /^[0-9a-f]{32}$/

const sessionJson = presenterOf(sessionShape)

function presentSession(session: ListedSession, tokens: Tokens): z.output<typeof sessionShape> {
  const { tokenName: name } = session
  const { role = null, scopes = [] } = tokens.named(name) ?? {}
  return sessionJson({ ...session, name, state: tokens.stateOf(name), role, scopes: [...scopes] })
}
