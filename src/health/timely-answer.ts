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
    const deadline = new Deadline(this.#patienceMs)
    try {
      return await Promise.race([this.#underWay, deadline.passed])
    } finally {
      deadline.clear()
    }
  }
}

async function saidBy<T>(ask: () => Promise<T>): Promise<Said<T>> {
  try {
    return { kind: 'said', value: await ask() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

/**
 * Passes one turn of the event loop after its time: where this process was busy for longer than that,
 * an answer that has come meanwhile is read first, and is not late.
 */
class Deadline {
  readonly passed: Promise<{ readonly kind: 'late' }>
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.passed = new Promise((resolve) => {
      this.#timer = setTimeout(() => setImmediate(() => resolve({ kind: 'late' })), ms)
    })
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
