import { VirtualRunner } from './clock/runner.ts'
import { type SeedOptions, type SeedResult, Simulation } from './simulation.ts'

/**
 * Runs seeds one after another in this process. Until `end()`, functions of the process are replaced; see
 * `VirtualRunner`.
 */
export class SeedRunner {
  readonly #runner = new VirtualRunner()

  run(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
    return this.#runner.run(new Simulation(seed, options))
  }

  /** Restores the functions of the process. */
  end(): void {
    this.#runner.end()
  }
}
