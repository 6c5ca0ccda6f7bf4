/** What the bench has started, ended in the opposite order, however the bench ends. */
export class Closing {
  readonly #closers: (() => Promise<unknown>)[] = []

  /** Remembers how to end `thing`, and gives it back. */
  add<T>(thing: T, close: (thing: T) => Promise<unknown>): T {
    this.#closers.push(() => close(thing))
    return thing
  }

  async close(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      await close().catch((error: unknown) => console.error(`Cannot end a part: ${String(error)}`))
    }
  }
}
