/**
 * Measures how often an abandoned order is queried, and how late a payment with a lost callback is
 * seen.
 */
import { type Figure, figure } from '../figure.ts'
import type { Part, Size } from '../part.ts'
import { callsOf, drawAbandoned, drawPaid, percentilesOf, waitsOf } from './drawn-orders.ts'
import { callsMax, leastOf } from './least-p99.ts'
import { allPayers, type Payers } from './payers.ts'
import { defaultPolicy } from './setting.ts'
import { simulateBy, simulateByTheStory } from './simulate-order.ts'

/** Orders of each kind in each repetition. */
const sizes: Readonly<Record<Size, number>> = { full: 10_000, quick: 3000, tiny: 200 }

const budan = simulateBy(defaultPolicy)
const story = simulateByTheStory(defaultPolicy)

/** Needs no clock and no database, so the figures are the same on every machine. */
export const schedule: Part = {
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
      values: abandoned.map((drawnOrders) => callsOf(budan, drawnOrders)),
      goal: { kind: 'at most', value: callsMax },
    }),
    figure('calls about an abandoned order, by the story', {
      unit,
      values: abandoned.map((drawnOrders) => callsOf(story, drawnOrders)),
    }),
  ]
}

/**
 * Nine calls are enough for payers who pay soon. For the others there is no goal, only the lower
 * bound.
 */
function benchWaits(
  payers: Payers,
  { seeds, count }: { seeds: readonly number[]; count: number },
): readonly Figure[] {
  const laps = seeds.map((seed) => {
    const drawnOrders = drawPaid(payers, { seed, count })
    const [own, theirs] = [budan, story].map((simulate) =>
      percentilesOf(waitsOf(simulate, drawnOrders)),
    )
    if (own === undefined || theirs === undefined) throw new Error('Cannot take percentiles')
    return { own, theirs, least: leastOf(drawnOrders) }
  })
  const plain = (what: string, measured: Pick<Figure, 'unit' | 'values'>) =>
    figure(`${payers.name}: ${what}`, measured)
  return [
    figure(`${payers.name}: p99 until a payment is seen, of the story's`, {
      unit: 'ratio',
      values: laps.map(({ own, theirs }) => own.p99 / theirs.p99),
      goal: payers.soon ? { kind: 'at most', value: 1 } : null,
    }),
    plain("the least p99 of any schedule of so many calls, of the story's", {
      unit: 'ratio',
      values: laps.map(({ least, theirs }) => least / theirs.p99),
    }),
    plain('p50', { unit: 'min', values: laps.map(({ own }) => own.p50) }),
    plain('p99', { unit: 'min', values: laps.map(({ own }) => own.p99) }),
    plain('p99 by the story', { unit: 'min', values: laps.map(({ theirs }) => theirs.p99) }),
  ]
}
