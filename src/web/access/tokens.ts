import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ServerConfig, TokenConfig } from '../../config/config.ts'
import type { Clock } from '../../domain/clock.ts'
import { type Scope, scopesOfRole } from '../../domain/scope.ts'

/** The name of `server.api_token`, which several people and programs may share. */
export const apiTokenName = 'api_token'

/** Who sent a request, by the token. */
export interface Caller {
  /** The name of the token. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** Null: it has scopes of its own. */
  readonly role: TokenConfig['role']
}

export const tokenStates = ['valid', 'token_expired', 'token_gone'] as const
/** `token_gone`: none of that name is configured. */
export type TokenState = (typeof tokenStates)[number]

type TokenSettings = Pick<ServerConfig, 'apiToken' | 'tokens'>

export interface TokensOptions {
  readonly server: TokenSettings
  readonly hasAdoptPrefixes: boolean
  readonly clock: Clock
}

interface Known extends Caller {
  /** SHA-256 of the token. */
  readonly digest: Buffer
  /** What the mark of a session is made from. */
  readonly secret: string | Buffer
  readonly expiresAt: Date | null
}

/** The configured tokens. They can be replaced while requests are served. */
export class Tokens {
  readonly #hasAdoptPrefixes: boolean
  readonly #clock: Clock
  /** Of this process: the time of a look-up by a hash with it says nothing about a token. */
  readonly #key = randomBytes(32)
  #byHash: ReadonlyMap<string, Known> = new Map()
  #byName: ReadonlyMap<string, Known> = new Map()

  constructor({ server, hasAdoptPrefixes, clock }: TokensOptions) {
    this.#hasAdoptPrefixes = hasAdoptPrefixes
    this.#clock = clock
    this.replace(server)
  }

  /** From the next request on. */
  replace(server: TokenSettings): void {
    const known = [...apiTokenIn(server), ...(server.tokens ?? []).map((one) => this.#known(one))]
    this.#byHash = new Map(known.map((each) => [this.#hashOf(each.digest), each]))
    this.#byName = new Map(known.map((each) => [each.name, each]))
  }

  /** No token is configured: every request is admitted, and only this machine can send any. */
  get isOpen(): boolean {
    return this.#byName.size === 0
  }

  /**
   * Whose token it is. Null: there is no such token. `expired`: it is one that has expired. The time that
   * it takes does not depend on which token it is, nor on how much of one was guessed.
   */
  find(sent: Buffer): Caller | 'expired' | null {
    const digest = digestOf(sent)
    const known = this.#byHash.get(this.#hashOf(digest))
    if (known === undefined || !timingSafeEqual(digest, known.digest)) return null
    return this.#isExpired(known) ? 'expired' : known
  }

  /** Null: there is no token of that name, or it has expired. */
  named(name: string): Caller | null {
    const known = this.#byName.get(name)
    return known === undefined || this.#isExpired(known) ? null : known
  }

  /** What a session of that token is worth now. */
  stateOf(name: string): TokenState {
    const known = this.#byName.get(name)
    if (known === undefined) return 'token_gone'
    return this.#isExpired(known) ? 'token_expired' : 'valid'
  }

  /**
   * A keyed hash of a session's key and the named token: a changed token ends the session, and the
   * token cannot be guessed from the mark without the key. Null: there is no such token.
   */
  markOf(name: string, key: string): string | null {
    const known = this.#byName.get(name)
    if (known === undefined) return null
    return createHmac('sha256', key).update(known.secret).digest('hex')
  }

  #known({ name, sha256, role, scopes, expiresAt }: TokenConfig): Known {
    const held =
      role === null
        ? (scopes ?? [])
        : scopesOfRole(role, { hasAdoptPrefixes: this.#hasAdoptPrefixes })
    const digest = Buffer.from(sha256, 'hex')
    return { name, role, scopes: new Set(held), digest, secret: digest, expiresAt }
  }

  #isExpired({ expiresAt }: Known): boolean {
    return expiresAt !== null && this.#clock() >= expiresAt
  }

  #hashOf(digest: Buffer): string {
    return createHmac('sha256', this.#key).update(digest).digest('base64')
  }
}

/** All rights. Its sessions are marked by the token itself, as by versions that knew no other. */
function apiTokenIn({ apiToken }: TokenSettings): readonly Known[] {
  if (apiToken === null) return []
  const digest = digestOf(Buffer.from(apiToken, 'utf8'))
  const all = { scopes: new Set(['admin'] as const), role: 'admin' } as const
  return [{ ...all, name: apiTokenName, digest, secret: apiToken, expiresAt: null }]
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
