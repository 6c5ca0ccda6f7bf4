import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { percentile } from '../../bench/figure.ts'
import { drawCurve } from '../../bench/questions/curve.ts'
import { curvePlot } from '../../bench/questions/curve-plot.ts'
import { curveTable, ratioTable } from '../../bench/questions/curve-table.ts'
import { type Fate, livingBy, livingByTheStory } from '../../bench/questions/life.ts'
import { leastP99 } from '../../bench/questions/limit.ts'
import { allPayers } from '../../bench/questions/payers.ts'
import { defaultPolicy, defaultSetting, policyOf } from '../../bench/questions/setting.ts'
import { callsOf, drawAbandoned, drawPaid } from '../../bench/questions/shop.ts'
import { minuteMs } from '../../src/text/time-units.ts'
import { liveForReal } from './real-service.ts'

const dayMs = 24 * 60 * minuteMs

describe('livingBy()', () => {
  it.each([
    { name: 'as budan comes', setting: defaultSetting },
    { name: 'with other waits and more runs', setting: { intervalMins: 1, recheckMins: [9, 20] } },
  ])(
    'tells of three hundred orders what the real stages do, $name',
    async ({ setting }) => {
      const policy = policyOf(setting)
      const fates = overADay([...drawAbandoned({ seed: 7, count: 50 }), ...paidOfAllKinds(7)])
      const lives = await liveForReal(fates, { policy, batchSize: 50, concurrency: 5 })
      const living = livingBy(policy)
      for (const [at, { paidAt }] of fates.entries()) {
        const real = lives[at]
        const told = living({ createdAt: real?.createdAt ?? 0, paidAt })
        const status = paidAt === null ? 'expired' : 'paid'
        expect(real, String(at)).toMatchObject({ status, calls: told.calls })
        const afterMs = (real?.seenAt ?? 0) - (told.seenAt ?? 0)
        // What a run takes; or neither saw a payment.
        expect(afterMs).toBeLessThan(10_000)
        expect(afterMs > 0).toBe(paidAt !== null)
      }
    },
    60_000,
  )

  it('asks about an abandoned order nine times, where the story asks 24 times', () => {
    const fates = drawAbandoned({ seed: 1, count: 500 })
    expect(callsOf(livingBy(defaultPolicy), fates)).toBe(9)
    expect(callsOf(livingByTheStory(defaultPolicy), fates)).toBe(24)
  })
})

describe('leastP99()', () => {
  it.each(allPayers)('is what trying every choice of runs finds, for "$name"', (payers) => {
    const policy = policyOf({ intervalMins: 20, recheckMins: [20] })
    const always = livingByTheStory(policy)
    const fates = drawPaid(payers, { seed: 3, count: 400 })
    // As many as the story asks about an order, by slots of 20 minutes.
    const runs = 7
    const least = Math.min(
      ...choicesOf(runs, { asked: 4 }).map((choice) => p99Of(choice, { always, fates, policy })),
    )
    const { intervalMs } = policy
    expect(leastP99({ always, fates, intervalMs, runs, asked: 4 })).toBeCloseTo(least, 2)
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

function paidOfAllKinds(seed: number): readonly Fate[] {
  return allPayers.flatMap((payers) => drawPaid(payers, { seed, count: 36 }))
}

/** So that no run is full. */
function overADay(fates: readonly Fate[]): readonly Fate[] {
  return fates.map(({ createdAt, paidAt }, at) => {
    const ms = Math.floor((at * dayMs) / fates.length)
    return { createdAt: createdAt + ms, paidAt: paidAt === null ? null : paidAt + ms }
  })
}

/** Each as the runs that ask; the first and the last always do. */
function choicesOf(runs: number, { asked }: { asked: number }): readonly (readonly number[])[] {
  return Array.from({ length: 2 ** runs }, (_, bits) =>
    Array.from({ length: runs }, (_, run) => run).filter((run) => bits & (1 << run)),
  ).filter((choice) => choice.length === asked && choice[0] === 0 && choice.at(-1) === runs - 1)
}

function p99Of(
  choice: readonly number[],
  {
    always,
    fates,
    policy,
  }: {
    always: ReturnType<typeof livingBy>
    fates: readonly Fate[]
    policy: { intervalMs: number }
  },
): number {
  const waits = fates.map((fate) => {
    const { calls, seenAt } = always(fate)
    const run = choice.find((one) => one >= calls - 1) ?? 0
    return (seenAt ?? 0) + (run - calls + 1) * policy.intervalMs - (fate.paidAt ?? 0)
  })
  return percentile(waits, 0.99) / minuteMs
}
