import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TokenCheck } from '../errors.ts'
import type { Session, Sessions } from './session.ts'
import { cookieNames } from './visitor.ts'

/** How a request is let in. `open`: no token is configured, so everybody on this machine is. */
export type Entry =
  | { readonly kind: 'open' | 'token' | 'refused' }
  | { readonly kind: 'session'; readonly session: Session }

export interface GuardParts {
  /** Null where no API token is configured. */
  readonly sessions: Sessions | null
  readonly checkToken: TokenCheck
}

/** By a session of the console, or by the API token as a Bearer token. */
export async function entryOf(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { sessions, checkToken }: GuardParts,
): Promise<Entry> {
  if (sessions === null) return { kind: 'open' }
  const session = sessions.read(request.cookies[cookieNames.session])
  if (session !== null) return { kind: 'session', session }
  // What a proxy in front asks for, such as Basic, is not meant for us.
  if (!/^Bearer\b/i.test(request.headers.authorization ?? '')) return { kind: 'refused' }
  await checkToken(request, reply)
  return { kind: 'token' }
}
