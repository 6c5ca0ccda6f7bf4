/** The limit of so many calls: what the best list of waits could reach. */
import { type Fate, livingByTheStory } from './life.ts'
import { leastP99 } from './limit.ts'
import { defaultPolicy } from './setting.ts'
import { drawAbandoned } from './shop.ts'

/** About an abandoned order. */
export const callsMax = 9

/** A close and the question after it are the last two calls; all others are a question in a run. */
const callsOfTheEnd = 2

const story = livingByTheStory(defaultPolicy)

/** In minutes. All fates are paid. */
export function leastOf(fates: readonly Fate[]): number {
  const [abandoned] = drawAbandoned({ seed: 1, count: 1 })
  if (abandoned === undefined) throw new Error('Cannot draw an order')
  const runs = story(abandoned).calls
  const { intervalMs } = defaultPolicy
  return leastP99({ always: story, fates, intervalMs, runs, asked: callsMax - callsOfTheEnd })
}
