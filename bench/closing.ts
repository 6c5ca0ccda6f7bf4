/** Closes everything that the bench started, in reverse order, however the bench ends. */
export class Closing {
  readonly #closers: (() => Promise<unknown>)[] = []

  /** Registers `close` for `thing`, and returns `thing`. */
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
