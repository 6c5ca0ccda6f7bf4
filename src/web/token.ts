import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Refusal, type TokenCheck } from './errors.ts'
import { refuseOtherSites } from './other-sites.ts'

/**
 * Lets only requests with `Authorization: Bearer <token>` through. When there is no token, all of this
 * machine's: but not what a page of another site has a browser here send.
 */
export function requireToken(app: FastifyInstance, token: string | null): void {
  app.addHook('onRequest', tokenCheck(token))
  if (token !== null) return
  app.addHook('onRequest', async (request) => refuseOtherSites(request, { isOpen: true }))
}

/** The same check for where no route is: whoever may not ask is not told what there is. */
export function tokenCheck(token: string | null): TokenCheck {
  const isToken = token === null ? null : sameAs(token)
  return async (request, reply) => {
    if (isToken === null) return
    const sent = bearerToken(request.headers.authorization)
    if (sent !== null && isToken(sent)) return
    reply.header('www-authenticate', 'Bearer')
    const message = `Authorization: ${sent === null ? 'a Bearer token is needed' : 'the token is wrong'}`
    throw new Refusal(401, { code: 'unauthorized', message })
  }
}

/** Digests have one length, so that the comparison takes as long whatever was sent. */
export function sameAs(token: string): (sent: Buffer) => boolean {
  const wanted = digest(Buffer.from(token, 'utf8'))
  return (sent) => timingSafeEqual(digest(sent), wanted)
}

function bearerToken(header: string | undefined): Buffer | null {
  const match = /^Bearer +(\S.*)$/i.exec(header ?? '')
  // Node hands header bytes over as Latin-1, one character a byte.
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'latin1')
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
