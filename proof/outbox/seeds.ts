import { readFile } from 'node:fs/promises'
import { inMemory } from '../../src/store/embedded/pglite.ts'
import { pgliteImage } from '../../test/support/image.ts'
import { type VirtualClock, virtualise } from '../sim/clock/virtual.ts'
import { type OutboxOptions, type OutboxResult, OutboxSimulation } from './simulation.ts'

/**
 * Runs seeds one after another in this process, each on a database of its own. Until `end()`, it replaces the
 * clock of the process.
 */
export class OutboxRunner {
  #clock: VirtualClock | null = null
  #simulation: OutboxSimulation | null = null
  #image: Promise<Buffer> | null = null
  readonly #restore: () => void
  readonly #onRejection = (error: unknown) => this.#simulation?.caught(error)

  constructor() {
    this.#restore = virtualise(() => this.#clock)
    process.on('unhandledRejection', this.#onRejection)
  }

  async run(seed: number, options: OutboxOptions = {}): Promise<OutboxResult> {
    this.#image ??= pgliteImage().then((path) => readFile(path))
    const pglite = await inMemory(new Blob([new Uint8Array(await this.#image)]))
    const simulation = new OutboxSimulation(seed, pglite, options)
    this.#simulation = simulation
    this.#clock = simulation.clock
    try {
      return await simulation.run()
    } finally {
      this.#clock = null
      this.#simulation = null
      await pglite.close()
    }
  }

  /** Restores the clock of the process. */
  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#restore()
  }
}
