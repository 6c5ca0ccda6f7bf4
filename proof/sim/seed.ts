import { type VirtualClock, virtualise } from './clock/virtual.ts'
import { type SeedOptions, type SeedResult, Simulation } from './simulation.ts'

/** Runs seeds one after another in this process, whose clock it takes over meanwhile. */
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

  /** The process has its own clock back. */
  end(): void {
    process.off('unhandledRejection', this.#onRejection)
    this.#restore()
  }
}
