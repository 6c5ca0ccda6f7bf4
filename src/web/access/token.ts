import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door } from '../../domain/event.ts'
import { Refusal, type TokenCheck } from '../errors.ts'
import type { Access } from './access.ts'
import { letIn } from './actor.ts'
import { refuseOtherSites } from './other-sites.ts'

/**
 * Lets only requests with `Authorization: Bearer <token>` through. When there is no token, all of this
 * machine's: but not what a page of another site has a browser here send.
 */
export function requireToken(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', tokenCheck(access))
  if (!access.tokens.isOpen) return
  app.addHook('onRequest', async (request) =>
    refuseOtherSites(request, { isOpen: true, isPage: false }),
  )
}

/** The same check for where no route is: whoever may not ask is not told what there is. */
export function tokenCheck(access: Access): TokenCheck {
  return async (request, reply) => {
    if (access.tokens.isOpen) return
    const name = nameByToken(request, access)
    if (name === null) await refuseToken(access, { request, reply, door: 'api' })
    else letIn(request, name)
  }
}

/** Whose Bearer token the request has; null: none, or a wrong one. */
export function nameByToken({ headers }: FastifyRequest, { tokens }: Access): string | null {
  const sent = bearerToken(headers.authorization)
  return sent === null ? null : tokens.nameOf(sent)
}

/** 401: late after a wrong token, if at all. One that was not sent is no guess. */
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
  // Node hands header bytes over as Latin-1, one character a byte.
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'latin1')
}
