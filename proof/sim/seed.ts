import { type VirtualClock, virtualise } from './clock/virtual.ts'
import { type SeedOptions, type SeedResult, Simulation } from './simulation.ts'

/** Runs seeds one after another in this process. Until `end()`, it replaces the clock of the process. */
export class SeedRunner {
  #clock: VirtualClock | null = null
  #simulation: Simulation | null = null
  readonly #restore: () => void
  readonly #onRejection = (error: unknown) => this.#simulation?.caught(error)

  constructor() {
    this.#restore = virtualise(() => this.#clock)
    process.on('unhandledRejection', this.#onRejection)
  }

  async run(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
    const simulation = new Simulation(seed, options)
    this.#simulation = simulation
    this.#clock = simulation.clock
    try {
      return await simulation.run()
    } finally {
      this.#clock = null
      this.#simulation = null
    }
  }

  /** Restores the clock of the process. */
  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#restore()
  }
}
