import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Figures } from './figures.ts'
import { noRates, type OutageKind, type Rates, type Scenario } from './scenario.ts'

/** Decides which faults occur, and which outages are active. After `stop()` there are none. */
export class FaultSchedule {
  readonly #loop: Loop
  readonly #random: Random
  readonly #figures: Figures
  readonly #scenario: Scenario
  #rates: Rates
  #stopped = false

  constructor(parts: { loop: Loop; random: Random; figures: Figures; scenario: Scenario }) {
    this.#loop = parts.loop
    this.#random = parts.random
    this.#figures = parts.figures
    this.#scenario = parts.scenario
    this.#rates = parts.scenario.rates
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Draws whether this fault occurs now, and counts it if so. */
  occurs(fault: keyof Rates): boolean {
    if (!this.#random.chance(this.#rates[fault])) return false
    this.#figures.count(`fault:${fault}`)
    return true
  }

  /** Whether this outage is active now. Counts each call that it affects. */
  isActive(kind: OutageKind): boolean {
    if (this.#stopped) return false
    const sinceMs = this.#loop.now - this.#loop.startedAt
    const on = this.#scenario.outages.some(
      (outage) => outage.kind === kind && outage.fromMs <= sinceMs && sinceMs < outage.toMs,
    )
    if (on) this.#figures.count(`fault:${kind}`)
    return on
  }

  losesCallback(): boolean {
    const loss = this.#stopped
      ? this.#scenario.callbacksHeal
        ? 0
        : 1
      : this.#scenario.callbackLoss
    if (!this.#random.chance(loss)) return false
    this.#figures.count('fault:callbackLost')
    return true
  }

  /** Draws whether a message still arrives although its sender has died. */
  arrivesAfterDeath(): boolean {
    return this.#random.chance(0.5)
  }

  /** The latency of one way over the network. */
  latencyMs(): number {
    return this.#random.skewed(1, this.#stopped ? 40 : 400)
  }

  /** The latency of one way to the database, in the same data centre. */
  nearLatencyMs(): number {
    return this.#random.skewed(0.2, this.#stopped ? 5 : 60)
  }

  stop(): void {
    this.#stopped = true
    this.#rates = noRates
  }
}
