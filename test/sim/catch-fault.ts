import { Random } from '../../proof/sim/clock/random.ts'
import { drawScenario, type Scenario } from '../../proof/sim/plan/scenario.ts'
import type { SeedRunner } from '../../proof/sim/seed.ts'
import type { SeedOptions } from '../../proof/sim/simulation.ts'
import type { Store, Tx } from '../../src/store/store.ts'

export interface Search {
  readonly runner: SeedRunner
  readonly within: number
  /** Only seeds with such a scenario. */
  readonly only?: (scenario: Scenario) => boolean
}

/** Runs seeds until one fails. The first seed is fixed, so that a failing test fails again. */
export async function catchFault(
  planted: SeedOptions,
  { runner, within, only = () => true }: Search,
) {
  for (let seed = 1; seed <= within; seed += 1) {
    if (!only(drawScenario(new Random(seed, 1)))) continue
    const { failure } = await runner.run(seed, planted)
    if (failure !== null) return failure
  }
  return null
}

/**
 * Changes the statements of each transaction. `waitAsClaimed` does nothing, so that every answer is
 * settled in a transaction.
 */
export function withTx(store: Store, change: (tx: Tx) => Partial<Tx>): Store {
  return {
    ...store,
    waitAsClaimed: async () => new Set(),
    transaction: (work) => store.transaction((tx) => work(overlay(tx, change(tx)))),
  }
}

/** The statements are methods of a class: each must be bound to `tx` when others are replaced. */
function overlay(tx: Tx, changed: Partial<Tx>): Tx {
  return new Proxy(tx, {
    get: (target, name) => {
      const step = Reflect.get(changed, name) ?? Reflect.get(target, name)
      return typeof step === 'function' ? step.bind(target) : step
    },
  })
}
