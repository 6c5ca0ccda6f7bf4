import { type Era, virtualise } from './clock/virtual.ts'
import { type SeedEnd, type SeedOptions, Simulation } from './simulation.ts'

/** Runs seeds one after another in this process, whose clock it takes over meanwhile. */
export class SeedRunner {
  #era: Era | null = null
  #simulation: Simulation | null = null
  readonly #restore: () => void
  readonly #onRejection = (error: unknown) => this.#simulation?.caught(error)

  constructor() {
    this.#restore = virtualise(() => this.#era)
    process.on('unhandledRejection', this.#onRejection)
  }

  async run(seed: number, options: SeedOptions = {}): Promise<SeedEnd> {
    const simulation = new Simulation(seed, options)
    this.#simulation = simulation
    this.#era = simulation.era
    try {
      return await simulation.run()
    } finally {
      this.#era = null
      this.#simulation = null
    }
  }

  /** The process has its own clock back. */
  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#restore()
  }
}
