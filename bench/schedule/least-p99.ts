/** The limit of so many calls: what the best list of waits could reach. */

import { drawAbandoned } from './drawn-orders.ts'
import { leastP99 } from './limit.ts'
import { defaultPolicy } from './setting.ts'
import { type DrawnOrder, simulateByTheStory } from './simulate-order.ts'

/** About an abandoned order. */
export const callsMax = 9

/** A close and the question after it are the last two calls; all others are a question in a run. */
const callsOfTheEnd = 2

const story = simulateByTheStory(defaultPolicy)

/** In minutes. All drawnOrders are paid. */
export function leastOf(drawnOrders: readonly DrawnOrder[]): number {
  const [abandoned] = drawAbandoned({ seed: 1, count: 1 })
  if (abandoned === undefined) throw new Error('Cannot draw an order')
  const runs = story(abandoned).calls
  const { intervalMs } = defaultPolicy
  return leastP99({
    always: story,
    drawnOrders,
    intervalMs,
    runs,
    queryCount: callsMax - callsOfTheEnd,
  })
}
