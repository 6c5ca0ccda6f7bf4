/**
 * The trade-off between the number of queries and the time until a payment is seen, for
 * docs/schedule.md.
 */

import {
  callsOf,
  drawAbandoned,
  drawPaid,
  percentilesOf,
  type Waits,
  waitsOf,
} from './drawn-orders.ts'
import { leastOf } from './least-p99.ts'
import { allPayers } from './payers.ts'
import { defaultPolicy, defaultSetting, policyOf, type Setting } from './setting.ts'
import { type Simulate, simulateBy, simulateByTheStory } from './simulate-order.ts'

export interface Point {
  /** Null for the story's algorithm, which has no setting. */
  readonly setting: Setting | null
  readonly calls: number
  /** One for each kind of payers, in the order of `allPayers`. */
  readonly waits: readonly Waits[]
}

/** Settings that repeat one wait, from the fewest queries to the most. */
const evenWaits = [60, 30, 20, 15, 10, 5]

const unevenWaits: readonly (readonly number[])[] = [
  [10, 10, 15, 20, 30, 60],
  [10, 10, 10, 15, 20, 60],
]

/** Settings with more frequent runs than by default. */
const oftenWaits: readonly (readonly number[])[] = [
  defaultSetting.recheckMins,
  [9, 9, 9, 9, 9, 75],
  [10],
]
const oftenMins = 1

/** Every point uses the same orders. */
const draw = { seed: 1, count: 5000 }

export interface Curve {
  readonly even: readonly Point[]
  readonly standard: Point
  readonly others: readonly Point[]
  readonly story: Point
  /** The least p99 that a list with nine calls can reach, for each kind of payers. */
  readonly least: readonly number[]
}

export function drawCurve(): Curve {
  const paid = allPayers.map((payers) => drawPaid(payers, draw))
  const abandoned = drawAbandoned(draw)
  const pointOf = (setting: Setting | null, simulate: Simulate): Point => ({
    ...{ setting, calls: callsOf(simulate, abandoned) },
    waits: paid.map((drawnOrders) => percentilesOf(waitsOf(simulate, drawnOrders))),
  })
  const ownPoint = (setting: Setting) => pointOf(setting, simulateBy(policyOf(setting)))
  const { intervalMins } = defaultSetting
  return {
    even: evenWaits.map((mins) => ownPoint({ intervalMins, recheckMins: [mins] })),
    standard: ownPoint(defaultSetting),
    others: [
      ...unevenWaits.map((recheckMins) => ownPoint({ intervalMins, recheckMins })),
      ...oftenWaits.map((recheckMins) => ownPoint({ intervalMins: oftenMins, recheckMins })),
    ],
    story: pointOf(null, simulateByTheStory(defaultPolicy)),
    least: paid.map(leastOf),
  }
}
