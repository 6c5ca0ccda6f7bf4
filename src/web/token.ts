import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Refusal } from './errors.ts'

/** Lets only requests with `Authorization: Bearer <token>` through; all when there is no token. */
export function requireToken(app: FastifyInstance, token: string | null): void {
  if (token === null) return
  // Digests have one length, so that the comparison takes as long whatever was sent.
  const wanted = digest(Buffer.from(token, 'utf8'))
  app.addHook('onRequest', async (request, reply) => {
    const sent = bearerToken(request.headers.authorization)
    if (sent !== null && timingSafeEqual(digest(sent), wanted)) return
    reply.header('www-authenticate', 'Bearer')
    const message = `Authorization: ${sent === null ? 'a Bearer token is needed' : 'the token is wrong'}`
    throw new Refusal(401, { code: 'unauthorized', message })
  })
}

function bearerToken(header: string | undefined): Buffer | null {
  const match = /^Bearer +(\S.*)$/i.exec(header ?? '')
  // Node hands header bytes over as Latin-1, one character a byte.
  return match?.[1] === undefined ? null : Buffer.from(match[1], 'latin1')
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
