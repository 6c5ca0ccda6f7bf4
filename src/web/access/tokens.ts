import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The name of `server.api_token`, whoever it was given to. */
export const apiTokenName = 'api_token'

/** What people and programs are let in by. */
export class Tokens {
  readonly #apiToken: string | null
  readonly #digest: Buffer

  constructor(apiToken: string | null) {
    this.#apiToken = apiToken
    this.#digest = digestOf(Buffer.from(apiToken ?? '', 'utf8'))
  }

  /** No token is configured: whoever reaches budan is let in, and that is this machine alone. */
  get isOpen(): boolean {
    return this.#apiToken === null
  }

  /** Whose it is; null: nobody's. Takes as long whatever was sent: digests have one length. */
  nameOf(sent: Buffer): string | null {
    const isRight = timingSafeEqual(digestOf(sent), this.#digest)
    return isRight && this.#apiToken !== null ? apiTokenName : null
  }

  /**
   * Of a session's key and the token of that name together, so that another token ends the session,
   * and the token cannot be guessed from the mark without the key. Null: there is no such token.
   */
  markOf(name: string, key: string): string | null {
    if (this.#apiToken === null || name !== apiTokenName) return null
    return createHmac('sha256', key).update(this.#apiToken).digest('hex')
  }
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
