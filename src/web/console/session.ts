import { createHash, randomBytes } from 'node:crypto'
import { within } from '../../deadline.ts'
import { StoreError } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import type { Tokens } from '../access/tokens.ts'

/** A working day: a browser that is left open over night asks again. */
export const sessionHoursDefault = 12

/** An audit of the embedded database may hold it for some seconds; nobody waits longer for a page. */
const patienceMs = 5_000

export interface SessionParts {
  readonly store: Pick<Store, 'openSession' | 'findSession' | 'endSession'>
  readonly tokens: Tokens
  readonly hours: number
}

/**
 * Sessions of the console: rows of the database, so that a logout holds on every node and after a
 * restart. The cookie is a random key, from which nothing can be guessed. Another API token ends them
 * all. Each method throws `StoreError` while the database is away.
 */
export class Sessions {
  readonly #parts: SessionParts

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get lifeS(): number {
    return this.#parts.hours * 3600
  }

  /** The cookie of a new session, for who entered the token of that name. */
  async open(tokenName: string, address: string): Promise<string> {
    const { store, tokens } = this.#parts
    const key = randomBytes(32).toString('base64url')
    const tokenMark = tokens.markOf(tokenName, key)
    if (tokenMark === null) throw new TypeError(`No token is named "${tokenName}"`)
    const session = { keyHash: hashOf(key), tokenName, tokenMark, address }
    await inTime(store.openSession({ ...session, lifeMs: this.lifeS * 1000 }))
    return key
  }

  /** Whose session it is. Null for what is none of ours, is over, or was entered with another token. */
  async find(cookie: string | undefined): Promise<string | null> {
    const { store, tokens } = this.#parts
    const key = keyIn(cookie)
    // Asked without a key, too: whether a login is possible now.
    const session = await inTime(store.findSession(hashOf(key)))
    if (session === null) return null
    return tokens.markOf(session.tokenName, key) === session.tokenMark ? session.tokenName : null
  }

  /** On all nodes. Whose it was; null: there was none. */
  async end(cookie: string | undefined): Promise<string | null> {
    return inTime(this.#parts.store.endSession(hashOf(keyIn(cookie))))
  }
}

/** Empty for what is no key of ours: no session has that one. */
function keyIn(cookie: string | undefined): string {
  return /^[\w-]{43}$/.test(cookie ?? '') ? (cookie ?? '') : ''
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A database that is silent is away, to somebody who waits for a page. */
function inTime<T>(lookUp: Promise<T>): Promise<T> {
  return within(
    patienceMs,
    lookUp,
    () => new StoreError('Cannot look up a session: the database is silent'),
  )
}
