/** How often an abandoned order is asked about, and how late a lost callback's payment is seen. */
import { type Figure, figure } from './figure.ts'
import type { Part, Size } from './part.ts'
import { livingBy, livingByTheStory } from './questions/life.ts'
import { leastP99 } from './questions/limit.ts'
import { allPayers, type Payers } from './questions/payers.ts'
import { defaultPolicy } from './questions/setting.ts'
import { callsOf, drawAbandoned, drawPaid, percentilesOf, waitsOf } from './questions/shop.ts'

/** Orders of each kind in each repetition. */
const sizes: Readonly<Record<Size, number>> = { full: 10_000, quick: 3000, tiny: 200 }

const callsMax = 9

const budan = livingBy(defaultPolicy)
const story = livingByTheStory(defaultPolicy)

/** No clock and no database: the same figures on every machine. */
export const questions: Part = {
  name: 'questions',
  target: 8,
  about: 'calls about an abandoned order, and how late payments are seen, of those of the story',
  async bench({ size, repetitions }) {
    const seeds = Array.from({ length: repetitions }, (_, at) => at + 1)
    const count = sizes[size]
    return [
      ...benchCalls(seeds, count),
      ...allPayers.flatMap((payers) => benchWaits(payers, { seeds, count })),
    ]
  },
}

function benchCalls(seeds: readonly number[], count: number): readonly Figure[] {
  const abandoned = seeds.map((seed) => drawAbandoned({ seed, count }))
  const unit = 'calls'
  return [
    figure('calls about an abandoned order', {
      unit,
      values: abandoned.map((fates) => callsOf(budan, fates)),
      goal: { kind: 'at most', value: callsMax },
    }),
    figure('calls about an abandoned order, by the story', {
      unit,
      values: abandoned.map((fates) => callsOf(story, fates)),
    }),
  ]
}

function benchWaits(
  payers: Payers,
  { seeds, count }: { seeds: readonly number[]; count: number },
): readonly Figure[] {
  const laps = seeds.map((seed) => {
    const fates = drawPaid(payers, { seed, count })
    const [own, theirs] = [budan, story].map((living) => percentilesOf(waitsOf(living, fates)))
    if (own === undefined || theirs === undefined) throw new Error('Cannot take percentiles')
    return { own, theirs, least: leastOf(fates) }
  })
  const told = (what: string, unit: string, values: readonly number[]) =>
    figure(`${payers.name}: ${what}`, { unit, values })
  return [
    figure(`${payers.name}: p99 until a payment is seen, of the story's`, {
      unit: 'ratio',
      values: laps.map(({ own, theirs }) => own.p99 / theirs.p99),
      goal: { kind: 'at most', value: 1 },
    }),
    told(
      "the least p99 of any schedule of so many calls, of the story's",
      'ratio',
      laps.map(({ least, theirs }) => least / theirs.p99),
    ),
    told(
      'p50',
      'min',
      laps.map(({ own }) => own.p50),
    ),
    told(
      'p99',
      'min',
      laps.map(({ own }) => own.p99),
    ),
    told(
      'p99 by the story',
      'min',
      laps.map(({ theirs }) => theirs.p99),
    ),
  ]
}

/** A close and the question after it are the last two calls; all others are a question in a run. */
const callsOfTheEnd = 2

function leastOf(fates: ReturnType<typeof drawPaid>): number {
  const [first] = drawAbandoned({ seed: 1, count: 1 })
  if (first === undefined) throw new Error('Cannot draw an order')
  const runs = story(first).calls
  const { intervalMs } = defaultPolicy
  return leastP99({ always: story, fates, intervalMs, runs, asked: callsMax - callsOfTheEnd })
}
