import { createHash, randomBytes } from 'node:crypto'
import { within } from '../../../deadline.ts'
import { StoreError } from '../../../store/errors.ts'
import { sessionIdOf } from '../../../store/session-id.ts'
import type { Store } from '../../../store/store.ts'
import type { Caller, Tokens } from '../../access/tokens.ts'

/** A working day: a browser that is left open over night needs a new login. */
export const sessionHoursDefault = 12

/** An audit of the embedded database may block it for some seconds; a page waits no longer. */
const patienceMs = 5_000

export interface SessionParts {
  readonly store: Pick<Store, 'openSession' | 'findSession' | 'endSession'>
  readonly tokens: Tokens
  readonly hours: number
}

/**
 * Sessions of the console are rows of the database, so that a logout holds on every node and after a
 * restart. The cookie is a random key. A changed API token ends all of them. Each method throws
 * `StoreError` while the database is away.
 */
export class Sessions {
  readonly #parts: SessionParts

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get lifeS(): number {
    return this.#parts.hours * 3600
  }

  /** The cookie of a new session for the named token. */
  async open(tokenName: string, address: string): Promise<string> {
    const { store, tokens } = this.#parts
    const key = randomBytes(32).toString('base64url')
    const tokenMark = tokens.markOf(tokenName, key)
    if (tokenMark === null) throw new TypeError(`No token is named "${tokenName}"`)
    const session = { keyHash: hashOf(key), tokenName, tokenMark, address }
    await inTime(store.openSession({ ...session, lifeMs: this.lifeS * 1000 }))
    return key
  }

  /**
   * Whose session it is, by its token as it is now. Null: there is no such session, it is over, or the
   * token has changed, has expired or is gone.
   */
  async find(cookie: string | undefined): Promise<Caller | null> {
    const { store, tokens } = this.#parts
    const key = keyIn(cookie)
    // Also without a key, to find out whether a login is possible now.
    const session = await inTime(store.findSession(hashOf(key)))
    if (session === null) return null
    const isSame = tokens.markOf(session.tokenName, key) === session.tokenMark
    return isSame ? tokens.named(session.tokenName) : null
  }

  /** The id of the session in `listSessions`; whether it still holds is not looked up. */
  idOf(cookie: string | undefined): string {
    return sessionIdOf(hashOf(keyIn(cookie)))
  }

  /** Ends the session on all nodes. Returns the name of its token; null: there was none. */
  async end(cookie: string | undefined): Promise<string | null> {
    return inTime(this.#parts.store.endSession(hashOf(keyIn(cookie))))
  }
}

/** Empty for any other text than a key: no session has an empty one. */
function keyIn(cookie: string | undefined): string {
  return /^[\w-]{43}$/.test(cookie ?? '') ? (cookie ?? '') : ''
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A silent database counts as away: somebody waits for the page. */
function inTime<T>(lookUp: Promise<T>): Promise<T> {
  return within(
    patienceMs,
    lookUp,
    () => new StoreError('Cannot look up a session: the database is silent'),
  )
}
