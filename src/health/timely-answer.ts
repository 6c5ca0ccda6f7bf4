import { within } from '../deadline.ts'

/** What came of a question: an answer, an error, or nothing in time. */
export type Said<T> =
  | { readonly kind: 'said'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' }

/** The value, where there was one in time. */
export function valueIn<T>(said: Said<T>): T | null {
  return said.kind === 'said' ? said.value : null
}

/**
 * A question to the database that somebody who looks on waits for, for a limited time. It is put once
 * at a time: whoever asks while it is under way gets its answer, so that many who look at a database
 * that hangs, again and again, are no more to it than one.
 */
export class Question<T> {
  readonly #ask: () => Promise<T>
  readonly #patienceMs: number
  #underWay: Promise<Said<T>> | null = null

  constructor(ask: () => Promise<T>, { patienceMs }: { patienceMs: number }) {
    this.#ask = ask
    this.#patienceMs = patienceMs
  }

  /** Never rejects. */
  async answer(): Promise<Said<T>> {
    this.#underWay ??= saidBy(this.#ask).finally(() => {
      this.#underWay = null
    })
    return within(this.#patienceMs, this.#underWay).catch(() => ({ kind: 'late' }))
  }
}

async function saidBy<T>(ask: () => Promise<T>): Promise<Said<T>> {
  try {
    return { kind: 'said', value: await ask() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
