import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The name of `server.api_token`, which several people and programs may share. */
export const apiTokenName = 'api_token'

/** The configured tokens, by name. */
export class Tokens {
  readonly #apiToken: string | null
  readonly #digest: Buffer

  constructor(apiToken: string | null) {
    this.#apiToken = apiToken
    this.#digest = digestOf(Buffer.from(apiToken ?? '', 'utf8'))
  }

  /** No token is configured: every request is admitted, and only this machine can send any. */
  get isOpen(): boolean {
    return this.#apiToken === null
  }

  /** The name of the token; null: there is no such token. Takes constant time: it compares digests. */
  nameOf(sent: Buffer): string | null {
    const isRight = timingSafeEqual(digestOf(sent), this.#digest)
    return isRight && this.#apiToken !== null ? apiTokenName : null
  }

  /**
   * A keyed hash of a session's key and the named token: a changed token ends the session, and the
   * token cannot be guessed from the mark without the key. Null: there is no such token.
   */
  markOf(name: string, key: string): string | null {
    if (this.#apiToken === null || name !== apiTokenName) return null
    return createHmac('sha256', key).update(this.#apiToken).digest('hex')
  }
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
