import type { Scanning } from './pass.ts'
import type { StartedPass } from './scan.ts'

/**
 * The passes of the clock's runs that go on. A merchant has one at a time, or a few while its backlog is
 * worked off: queries that wait for a slow gateway must not pile up, and hold up nobody else.
 */
export class PassesUnderWay {
  readonly #counts = new Map<Scanning, number>()
  readonly #passes = new Set<Promise<unknown>>()
  readonly #runs = new Set<Promise<unknown>>()

  track({ scanning, ended }: StartedPass): void {
    this.#counts.set(scanning, this.#countOf(scanning) + 1)
    const tracked = ended.then(() => {
      this.#counts.set(scanning, this.#countOf(scanning) - 1)
      this.#passes.delete(tracked)
    })
    this.#passes.add(tracked)
  }

  /** `run` never rejects. */
  trackRun(run: Promise<unknown>): void {
    const tracked = run.then(() => void this.#runs.delete(tracked))
    this.#runs.add(tracked)
  }

  /** Those that have fewer passes under way. */
  free<T extends Scanning>(all: readonly T[], passesMax = 1): readonly T[] {
    return all.filter((each) => this.#countOf(each) < passesMax)
  }

  /** At least one; waits where all have a pass under way. */
  async someFree<T extends Scanning>(all: readonly T[]): Promise<readonly T[]> {
    for (;;) {
      const free = this.free(all)
      if (free.length > 0) return free
      await Promise.race(this.#passes)
    }
  }

  /** Resolves when all passes have ended, and their runs are recorded. */
  async ended(): Promise<void> {
    while (this.#runs.size > 0) await Promise.allSettled([...this.#runs])
  }

  #countOf(scanning: Scanning): number {
    return this.#counts.get(scanning) ?? 0
  }
}
