import { readFile } from 'node:fs/promises'
import { inMemory } from '../../src/store/embedded/pglite.ts'
import { pgliteImage } from '../../test/support/image.ts'
import { VirtualRunner } from '../sim/clock/runner.ts'
import { type OutboxOptions, type OutboxResult, OutboxSimulation } from './simulation.ts'

/**
 * Runs seeds one after another in this process, each on a database of its own. Until `end()`, functions
 * of the process are replaced; see `VirtualRunner`.
 */
export class OutboxRunner {
  readonly #runner = new VirtualRunner()
  #image: Promise<Buffer> | null = null

  async run(seed: number, options: OutboxOptions = {}): Promise<OutboxResult> {
    this.#image ??= pgliteImage().then((path) => readFile(path))
    const pglite = await inMemory(new Blob([new Uint8Array(await this.#image)]))
    try {
      return await this.#runner.run(new OutboxSimulation(seed, pglite, options))
    } finally {
      await pglite.close()
    }
  }

  /** Restores the functions of the process. */
  end(): void {
    this.#runner.end()
  }
}
