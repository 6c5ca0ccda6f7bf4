import type { Loop } from '../sim/clock/loop.ts'
import type { Random } from '../sim/clock/random.ts'
import type { Trace } from '../sim/clock/trace.ts'
import type { Verdict } from '../sim/failure.ts'
import type { Figures } from '../sim/figures.ts'
import type { Fault, OutboxScenario, Span } from './scenario.ts'

interface WorldParts {
  readonly scenario: OutboxScenario
  readonly loop: Loop
  readonly random: Random
  readonly trace: Trace
  readonly verdict: Verdict
  readonly figures: Figures
}

/** The longest look of a process: while an endpoint is away for days, each look costs statements. */
const paceMax = 1_200

/** After this time without anything new, processes begin to slow down. */
const briskMs = 1_000

/** What all parts of a simulated world share: its time, its chance, and its faults. */
export class World {
  readonly scenario: OutboxScenario
  readonly loop: Loop
  readonly random: Random
  readonly trace: Trace
  readonly verdict: Verdict
  readonly figures: Figures
  #hasFaults = true
  #touchedAt: number

  constructor(parts: WorldParts) {
    this.scenario = parts.scenario
    this.loop = parts.loop
    this.random = parts.random
    this.trace = parts.trace
    this.verdict = parts.verdict
    this.figures = parts.figures
    this.#touchedAt = parts.loop.now
  }

  get hasFaults(): boolean {
    return this.#hasFaults
  }

  stopFaults(): void {
    this.#hasFaults = false
    this.touch()
  }

  /** Something new happens. */
  touch(): void {
    this.#touchedAt = this.loop.now
  }

  /**
   * How many times longer the timers of processes are. They look each second, by statements that are really
   * executed: where nothing happens for days, they look less and less.
   */
  get pace(): number {
    return Math.min(paceMax, Math.max(1, (this.loop.now - this.#touchedAt) / briskMs))
  }

  occurs(fault: Fault): boolean {
    if (!this.#hasFaults || !this.random.chance(this.scenario.rates[fault])) return false
    this.figures.count(`fault:${fault}`)
    return true
  }

  isWithin(span: Span | null): boolean {
    if (span === null || !this.#hasFaults) return false
    const ms = this.loop.now - this.loop.startedAt
    return ms >= span.fromMs && ms < span.untilMs
  }

  latencyMs(): number {
    return this.random.skewed(0.2, 40)
  }

  /** At the side of the world: also while all processes are dead. */
  after(ms: number, label: string, fire: () => void): void {
    this.loop.after(ms, { owner: null, label, fire })
  }

  log(text: () => string): void {
    this.trace.log(this.loop.now, text)
  }
}
