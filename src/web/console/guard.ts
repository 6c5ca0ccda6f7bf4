import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Access } from '../access/access.ts'
import { letIn } from '../access/actor.ts'
import { nameByToken, refuseToken } from '../access/token.ts'
import { wantsPage } from './error-page.tsx'
import type { Sessions } from './session.ts'
import { cookieNames } from './visitor.ts'

/** How a request is let in. `open`: no token is configured, so everybody on this machine is. */
export type Entry = 'open' | 'token' | 'session' | 'refused'

export interface GuardParts {
  /** Null where no API token is configured. */
  readonly sessions: Sessions | null
  readonly access: Access
}

/** Lets requests to the console in: by the API token as a Bearer token, or by a session. */
export class Guard {
  readonly #parts: GuardParts
  readonly #entries = new WeakMap<FastifyRequest, Entry>()

  constructor(parts: GuardParts) {
    this.#parts = parts
  }

  /** Throws `StoreError` where only the database could tell, and is away: nothing was done then. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Entry> {
    const entry = await this.#entryOf(request, reply)
    this.#entries.set(request, entry)
    return entry
  }

  /** Null: it has not come so far. */
  entryOf(request: FastifyRequest): Entry | null {
    return this.#entries.get(request) ?? null
  }

  /** Whether who was let in still is: an answer that goes on must end with the session. */
  async isStillIn(request: FastifyRequest): Promise<boolean> {
    if (this.entryOf(request) !== 'session') return true
    const { sessions } = this.#parts
    return (await sessions?.find(request.cookies[cookieNames.session])) !== null
  }

  async #entryOf(request: FastifyRequest, reply: FastifyReply): Promise<Entry> {
    const { sessions, access } = this.#parts
    if (sessions === null) return 'open'
    // Needs no database, so a program is let in without one.
    const byToken = nameByToken(request, access)
    const byCookie = byToken === null ? await this.#nameByCookie(request, sessions) : null
    const name = byToken ?? byCookie
    if (name !== null) letIn(request, name)
    if (name !== null) return byToken === null ? 'session' : 'token'
    // What a proxy in front asks for, such as Basic, is not meant for us.
    if (!/^Bearer\b/i.test(request.headers.authorization ?? '')) return 'refused'
    await refuseToken(access, { request, reply, door: 'console' })
    return 'refused'
  }

  /** A program without a cookie has no session, and need not hear whether there could be one. */
  async #nameByCookie(request: FastifyRequest, sessions: Sessions): Promise<string | null> {
    const cookie = request.cookies[cookieNames.session]
    return cookie === undefined && !wantsPage(request) ? null : sessions.find(cookie)
  }
}
