import type { Loop } from './clock/loop.ts'
import type { Random } from './clock/random.ts'
import type { Figures } from './figures.ts'
import { noRates, type OutageKind, type Rates, type Scenario } from './scenario.ts'

/** Which faults there are at this moment; none once they have been stopped. */
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

  /** Does this fault strike now? It is counted when it does. */
  occurs(fault: keyof Rates): boolean {
    if (!this.#random.chance(this.#rates[fault])) return false
    this.#figures.count(`fault:${fault}`)
    return true
  }

  /** Is this outage on? Counted once for everything that it hits. */
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

  /** Does what a process sent reach its goal although it died meanwhile? */
  arrivesAfterDeath(): boolean {
    return this.#random.chance(0.5)
  }

  /** One way over the network, in milliseconds. */
  latencyMs(): number {
    return this.#random.skewed(1, this.#stopped ? 40 : 400)
  }

  /** To the database, which is near. */
  nearLatencyMs(): number {
    return this.#random.skewed(0.2, this.#stopped ? 5 : 60)
  }

  stop(): void {
    this.#stopped = true
    this.#rates = noRates
  }
}
