import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door } from '../../domain/event.ts'
import { Refusal, type TokenCheck } from '../errors.ts'
import type { Access } from './access.ts'
import { letIn } from './actor.ts'
import { refuseOtherSites } from './other-sites.ts'
import type { Caller } from './tokens.ts'

/**
 * Admits only requests with `Authorization: Bearer <token>`. Without a configured token it admits all
 * requests of this machine, except those that a page of another site caused.
 */
export function requireToken(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', tokenCheck(access))
  if (!access.tokens.isOpen) return
  app.addHook('onRequest', async (request) =>
    refuseOtherSites(request, { isOpen: true, isPage: false }),
  )
}

/** The same check where there is no route: without the token, nobody can list the routes. */
export function tokenCheck(access: Access): TokenCheck {
  return async (request, reply) => {
    if (access.tokens.isOpen) return
    const caller = callerByToken(request, access)
    if (caller === null) await refuseToken(access, { request, reply, door: 'api' })
    else letIn(request, caller)
  }
}

/** Whose Bearer token it is; null: there is none, or a wrong one. Throws 401 for one that has expired. */
export function callerByToken({ headers }: FastifyRequest, { tokens }: Access): Caller | null {
  const sent = bearerToken(headers.authorization)
  const found = sent === null ? null : tokens.find(sent)
  if (found !== 'expired') return found
  // The caller has a whole token: that is no guess.
  const message = 'Authorization: the token has expired'
  throw new Refusal(401, { code: 'unauthorized', message })
}

/** 401: delayed after a wrong token, or never sent. A missing token is not a guess. */
export async function refuseToken(
  access: Access,
  { request, reply, door }: { request: FastifyRequest; reply: FastifyReply; door: Door },
): Promise<void> {
  const isSent = bearerToken(request.headers.authorization) !== null
  if (isSent) await access.refuse(request, reply, door)
  if (reply.sent) return
  reply.header('www-authenticate', 'Bearer')
  const message = `Authorization: ${isSent ? 'the token is wrong' : 'a Bearer token is needed'}`
  throw new Refusal(401, { code: 'unauthorized', message })
}

function bearerToken(header: string | undefined): Buffer | null {
  const match = /^Bearer +(\S.*)$/i.exec(header ?? '')
  // Node decodes header bytes as Latin-1, one character per byte.
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'latin1')
}
