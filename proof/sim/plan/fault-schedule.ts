import type { Loop } from '../clock/loop.ts'
import type { Random } from '../clock/random.ts'
import type { Figures } from '../figures.ts'
import type { LastingFault } from '../merchants/merchant.ts'
import { noRates, type Outage, type OutageKind, type Rates } from '../merchants/rates.ts'
import type { Scenario } from './scenario.ts'

export interface FaultScheduleParts {
  readonly loop: Loop
  readonly random: Random
  readonly figures: Figures
  readonly scenario: Pick<Scenario, 'callbackLoss' | 'callbacksHeal'>
  readonly rates: Rates
  readonly outages: readonly Outage[]
  readonly lasting: LastingFault | null
}

/**
 * Decides which faults of the nodes and the database, or of one gateway, occur, and which outages are
 * active. After `stop()` there are none but the lasting one, which `cure()` ends.
 */
export class FaultSchedule {
  readonly #loop: Loop
  readonly #random: Random
  readonly #figures: Figures
  readonly #scenario: FaultScheduleParts['scenario']
  readonly #outages: readonly Outage[]
  #lasting: LastingFault | null
  #rates: Rates
  #stopped = false

  constructor(parts: FaultScheduleParts) {
    this.#loop = parts.loop
    this.#random = parts.random
    this.#figures = parts.figures
    this.#scenario = parts.scenario
    this.#rates = parts.rates
    this.#outages = parts.outages
    this.#lasting = parts.lasting
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
    if (this.#stopped) return this.#lasts(kind)
    const sinceMs = this.#loop.now - this.#loop.startedAt
    const on = this.#outages.some(
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

  cure(): void {
    this.#lasting = null
  }

  #lasts(kind: OutageKind): boolean {
    if (this.#lasting !== kind) return false
    this.#figures.count('fault:lasting')
    return true
  }
}
