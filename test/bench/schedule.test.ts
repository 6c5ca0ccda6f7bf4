import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { percentile } from '../../bench/figure.ts'
import { drawCurve } from '../../bench/schedule/curve.ts'
import { curvePlot } from '../../bench/schedule/curve-plot.ts'
import { curveTable, ratioTable } from '../../bench/schedule/curve-table.ts'
import { callsOf, drawAbandoned, drawPaid } from '../../bench/schedule/drawn-orders.ts'
import { leastP99 } from '../../bench/schedule/limit.ts'
import { allPayers } from '../../bench/schedule/payers.ts'
import { defaultPolicy, defaultSetting, policyOf } from '../../bench/schedule/setting.ts'
import {
  type DrawnOrder,
  simulateBy,
  simulateByTheStory,
} from '../../bench/schedule/simulate-order.ts'
import { minuteMs } from '../../src/text/time-units.ts'
import { runRealService } from './real-service.ts'

const dayMs = 24 * 60 * minuteMs

describe('simulateBy()', () => {
  it.each([
    { name: 'as budan comes', setting: defaultSetting },
    { name: 'with other waits and more runs', setting: { intervalMins: 1, recheckMins: [9, 20] } },
  ])(
    'gives the results of the real stages for three hundred orders, $name',
    async ({ setting }) => {
      const policy = policyOf(setting)
      const drawnOrders = overADay([...drawAbandoned({ seed: 7, count: 50 }), ...paidOfAllKinds(7)])
      const results = await runRealService(drawnOrders, { policy, batchSize: 50, concurrency: 5 })
      const simulate = simulateBy(policy)
      for (const [at, { paidAt }] of drawnOrders.entries()) {
        const real = results[at]
        const simulated = simulate({ createdAt: real?.createdAt ?? 0, paidAt })
        const status = paidAt === null ? 'expired' : 'paid'
        expect(real, String(at)).toMatchObject({ status, calls: simulated.calls })
        const afterMs = (real?.seenAt ?? 0) - (simulated.seenAt ?? 0)
        // The difference is the time that a run takes, or zero if neither saw a payment.
        expect(afterMs).toBeLessThan(10_000)
        expect(afterMs > 0).toBe(paidAt !== null)
      }
    },
    60_000,
  )

  it('queries an abandoned order nine times, where the story queries it 24 times', () => {
    const drawnOrders = drawAbandoned({ seed: 1, count: 500 })
    expect(callsOf(simulateBy(defaultPolicy), drawnOrders)).toBe(9)
    expect(callsOf(simulateByTheStory(defaultPolicy), drawnOrders)).toBe(24)
  })
})

describe('leastP99()', () => {
  it.each(allPayers)('is what trying every choice of runs finds, for "$name"', (payers) => {
    const policy = policyOf({ intervalMins: 20, recheckMins: [20] })
    const always = simulateByTheStory(policy)
    const drawnOrders = drawPaid(payers, { seed: 3, count: 400 })
    // The number of the story's queries about one order, with slots of 20 minutes.
    const runs = 7
    const least = Math.min(
      ...choicesOf(runs, { queryCount: 4 }).map((choice) =>
        p99Of(choice, { always, drawnOrders, policy }),
      ),
    )
    const { intervalMs } = policy
    expect(leastP99({ always, drawnOrders, intervalMs, runs, queryCount: 4 })).toBeCloseTo(least, 2)
  })
})

describe('docs/schedule.md', () => {
  const page = readFileSync(new URL('../../docs/schedule.md', import.meta.url), 'utf8')
  const plot = readFileSync(new URL('../../docs/images/schedule.svg', import.meta.url), 'utf8')

  it('shows the tables and the plot that the code computes', () => {
    const curve = drawCurve()
    expect(page).toContain(curveTable(curve))
    expect(page).toContain(ratioTable(curve))
    expect(plot).toBe(curvePlot(curve))
  })

  it('says which payers are assumed, and which waits are the default', () => {
    for (const { name, about } of allPayers) expect(page).toContain(`| ${name} | ${about} |`)
    const { recheckMins } = defaultSetting
    expect(page).toContain(`compensation_recheck_mins: [${recheckMins.join(', ')}]`)
  })
})

function paidOfAllKinds(seed: number): readonly DrawnOrder[] {
  return allPayers.flatMap((payers) => drawPaid(payers, { seed, count: 36 }))
}

/** Spreads the orders over a day, so that no run is full. */
function overADay(drawnOrders: readonly DrawnOrder[]): readonly DrawnOrder[] {
  return drawnOrders.map(({ createdAt, paidAt }, at) => {
    const ms = Math.floor((at * dayMs) / drawnOrders.length)
    return { createdAt: createdAt + ms, paidAt: paidAt === null ? null : paidAt + ms }
  })
}

/** Each choice lists the runs that query; the first and the last run always do. */
function choicesOf(
  runs: number,
  { queryCount }: { queryCount: number },
): readonly (readonly number[])[] {
  return Array.from({ length: 2 ** runs }, (_, bits) =>
    Array.from({ length: runs }, (_, run) => run).filter((run) => bits & (1 << run)),
  ).filter(
    (choice) => choice.length === queryCount && choice[0] === 0 && choice.at(-1) === runs - 1,
  )
}

function p99Of(
  choice: readonly number[],
  {
    always,
    drawnOrders,
    policy,
  }: {
    always: ReturnType<typeof simulateBy>
    drawnOrders: readonly DrawnOrder[]
    policy: { intervalMs: number }
  },
): number {
  const waits = drawnOrders.map((drawn) => {
    const { calls, seenAt } = always(drawn)
    const run = choice.find((one) => one >= calls - 1) ?? 0
    return (seenAt ?? 0) + (run - calls + 1) * policy.intervalMs - (drawn.paidAt ?? 0)
  })
  return percentile(waits, 0.99) / minuteMs
}
