import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../clock.ts'

/** Who has logged in, and until when. */
export interface Session {
  readonly id: string
  readonly endsAt: Date
}

/** A working day: a browser that is left open over night asks again. */
export const sessionMs = 12 * 3_600_000

/**
 * Sessions of the console, kept by the browser in a signed cookie, so that every node knows those of
 * every other and a page can be had while the database is away. Another API token ends them all.
 */
export class Sessions {
  readonly #key: Buffer
  readonly #clock: Clock
  /** Logged out before their end, by id; of this process. */
  readonly #ended = new Map<string, Date>()

  constructor(apiToken: string, clock: Clock) {
    this.#key = createHmac('sha256', apiToken).update('budan console session').digest()
    this.#clock = clock
  }

  /** The cookie of a new session. */
  open(): string {
    const id = randomBytes(16).toString('base64url')
    const endsAt = String(+this.#clock() + sessionMs)
    return `${id}.${endsAt}.${this.#sign(id, endsAt)}`
  }

  /** Null for what is none of ours, has ended, or was logged out. */
  read(cookie: string | undefined): Session | null {
    const [, id, endsAt, sign] = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/.exec(cookie ?? '') ?? []
    if (id === undefined || endsAt === undefined || sign === undefined) return null
    if (!timingSafeEqual(Buffer.from(sign), Buffer.from(this.#sign(id, endsAt)))) return null
    if (Number(endsAt) <= +this.#clock() || this.#ended.has(id)) return null
    return { id, endsAt: new Date(Number(endsAt)) }
  }

  end({ id, endsAt }: Session): void {
    const now = this.#clock()
    for (const [each, until] of this.#ended) if (until <= now) this.#ended.delete(each)
    this.#ended.set(id, endsAt)
  }

  #sign(id: string, endsAt: string): string {
    return createHmac('sha256', this.#key).update(`${id}.${endsAt}`).digest('base64url')
  }
}
