import { inVirtualTime, type VirtualClock, virtualise } from './virtual.ts'

/** A world of one seed, on a clock of its own. */
export interface VirtualWorld<T> {
  readonly clock: VirtualClock
  run(): Promise<T>
  /** Called with each unhandled rejection: it would have ended the process. */
  caught(error: unknown): void
}

/**
 * Runs worlds one after another in this process. Until `end()`, the process has the functions of
 * `virtualise()`. Only code of the world that runs gets its virtual clock; other code gets real time.
 */
export class VirtualRunner {
  #world: VirtualWorld<unknown> | null = null
  readonly #restore: () => void
  readonly #onRejection = (error: unknown) => this.#world?.caught(error)

  constructor() {
    this.#restore = virtualise()
    process.on('unhandledRejection', this.#onRejection)
  }

  async run<T>(world: VirtualWorld<T>): Promise<T> {
    this.#world = world
    try {
      return await inVirtualTime(world.clock, () => world.run())
    } finally {
      this.#world = null
    }
  }

  /** Restores the functions of the process. */
  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#restore()
  }
}
