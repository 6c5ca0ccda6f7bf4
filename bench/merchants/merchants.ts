/** Measures what many merchants in one service cost, and claims in a large table of their orders. */
import type { Figure } from '../figure.ts'
import type { Part, Size } from '../part.ts'
import { benchClaims } from './claims.ts'
import { benchCost } from './cost.ts'
import { benchMemory } from './memory.ts'
import { benchTick } from './tick.ts'

export interface Amount {
  /** Of the run whose cost is compared. */
  readonly merchants: number
  /** Of each of them. */
  readonly orders: number
  /** Most of whom have nothing to do. */
  readonly manyMerchants: number
  /** Merchants of them that have due orders. */
  readonly busy: number
  /** How often runs are made. A tick of many merchants takes its time, and the bench waits for the next. */
  readonly intervalSeconds: number
  readonly claims: { readonly merchants: number; readonly small: number; readonly large: number }
}

const sizes: Readonly<Record<Size, Amount>> = {
  full: {
    ...{ merchants: 20, orders: 50, manyMerchants: 1000, busy: 10, intervalSeconds: 5 },
    claims: { merchants: 100, small: 300_000, large: 10_000_000 },
  },
  quick: {
    ...{ merchants: 20, orders: 50, manyMerchants: 1000, busy: 10, intervalSeconds: 5 },
    claims: { merchants: 100, small: 300_000, large: 600_000 },
  },
  tiny: {
    ...{ merchants: 2, orders: 3, manyMerchants: 20, busy: 3, intervalSeconds: 1 },
    claims: { merchants: 3, small: 600, large: 1200 },
  },
}

export const merchants: Part = {
  name: 'merchants',
  target: 16,
  about: 'what many merchants in one service cost',
  async bench(stage) {
    const amount = sizes[stage.size]
    const figures: Figure[] = []
    for (const measure of [benchCost, benchTick, benchMemory]) {
      figures.push(...(await measure(stage, amount)))
    }
    return figures
  },
}

export const merchantClaims: Part = {
  name: 'merchant-claims',
  target: 17,
  about: 'claims of many merchants as their table grows',
  bench: (stage) => benchClaims(stage, sizes[stage.size]),
}
