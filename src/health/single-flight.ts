import { within } from '../deadline.ts'

/** The result of a read: a value, an error, or nothing in time. */
export type Timely<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' }

/** The value, where there was one in time. */
export function valueIn<T>(result: Timely<T>): T | null {
  return result.kind === 'answered' ? result.value : null
}

/**
 * A read of the database that a viewer waits for, for a limited time. It runs once at a time: callers
 * that come meanwhile get its result, so that many viewers of a database that hangs cost it no more
 * than one.
 */
export class SingleFlight<T> {
  readonly #read: () => Promise<T>
  readonly #patienceMs: number
  #underWay: Promise<Timely<T>> | null = null

  constructor(read: () => Promise<T>, { patienceMs }: { patienceMs: number }) {
    this.#read = read
    this.#patienceMs = patienceMs
  }

  /** Never rejects. */
  async result(): Promise<Timely<T>> {
    this.#underWay ??= resultOf(this.#read).finally(() => {
      this.#underWay = null
    })
    return within(this.#patienceMs, this.#underWay).catch(() => ({ kind: 'late' }))
  }
}

async function resultOf<T>(read: () => Promise<T>): Promise<Timely<T>> {
  try {
    return { kind: 'answered', value: await read() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
