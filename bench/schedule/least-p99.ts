/** The least p99 that any list of waits can reach with a given number of calls. */

import { drawAbandoned } from './drawn-orders.ts'
import { leastP99 } from './limit.ts'
import { defaultPolicy } from './setting.ts'
import { type DrawnOrder, simulateByTheStory } from './simulate-order.ts'

/** Calls about an abandoned order, at most. */
export const callsMax = 9

/** The last two calls are the close and the query after it; each other call is a query in a run. */
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
