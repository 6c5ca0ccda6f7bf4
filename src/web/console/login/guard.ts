import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../../access/access.ts'
import { letIn } from '../../access/actor.ts'
import { callerByToken, refuseToken } from '../../access/token.ts'
import type { Caller } from '../../access/tokens.ts'
import { wantsPage } from '../frame/error-page.tsx'
import { cookieNames } from '../visitor.ts'
import type { Sessions } from './session.ts'

/** How a request was authenticated. `open`: no token is configured, and only this machine can connect. */
export type Entry = 'open' | 'token' | 'session' | 'refused'

export interface GuardParts {
  /** Null where no API token is configured. */
  readonly sessions: Sessions | null
  readonly access: Access
}

/** Authenticates requests to the console: by the API token as a Bearer token, or by a session. */
export class Guard {
  readonly #parts: GuardParts
  readonly #entries = new WeakMap<FastifyRequest, Entry>()

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** Throws `StoreError` where a session would decide and the database is away: nothing was done then. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Entry> {
    const entry = await this.#entryOf(request, reply)
    this.#entries.set(request, entry)
    return entry
  }

  /** Null: the request was not examined yet. */
  entryOf(request: FastifyRequest): Entry | null {
    return this.#entries.get(request) ?? null
  }

  /** Whether the session still holds: a stream must end with it. */
  async isStillIn(request: FastifyRequest): Promise<boolean> {
    if (this.entryOf(request) !== 'session') return true
    const { sessions } = this.#parts
    return (await sessions?.find(request.cookies[cookieNames.session])) !== null
  }

  async #entryOf(request: FastifyRequest, reply: FastifyReply): Promise<Entry> {
    const { sessions, access } = this.#parts
    if (sessions === null) return 'open'
    // This needs no database, so a program is admitted while it is away.
    const byToken = callerByToken(request, access)
    const byCookie = byToken === null ? await this.#callerByCookie(request, sessions) : null
    const caller = byToken ?? byCookie
    if (caller !== null) letIn(request, caller)
    if (caller !== null) return byToken === null ? 'session' : 'token'
    // Other schemes, such as Basic, are for a proxy in front.
    if (!/^Bearer\b/i.test(request.headers.authorization ?? '')) return 'refused'
    await refuseToken(access, { request, reply, door: 'console' })
    return 'refused'
  }

  /** A program without a cookie has no session: the database is not queried. */
  async #callerByCookie(request: FastifyRequest, sessions: Sessions): Promise<Caller | null> {
    const cookie = request.cookies[cookieNames.session]
    return cookie === undefined && !wantsPage(request) ? null : sessions.find(cookie)
  }
}
