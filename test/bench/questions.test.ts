import { describe, expect, it } from 'vitest'
import { livingBy, livingByTheStory } from '../../bench/questions/life.ts'
import { leastP99 } from '../../bench/questions/limit.ts'
import { allPayers } from '../../bench/questions/payers.ts'
import { defaultPolicy, defaultSetting, policyOf } from '../../bench/questions/setting.ts'
import {
  callsOf,
  drawAbandoned,
  drawPaid,
  percentilesOf,
  waitsOf,
} from '../../bench/questions/shop.ts'
import { minuteMs } from '../../src/schedule.ts'
import { liveForReal } from './real-service.ts'

const dayMs = 24 * 60 * minuteMs
const createdAt = Date.UTC(2026, 0, 24, 12, 1)

describe('livingBy()', () => {
  it.each([
    { name: 'as budan comes', setting: defaultSetting },
    { name: 'with other waits and slots', setting: { intervalMins: 1, recheckMins: [9, 20] } },
  ])(
    'tells of three hundred orders what the real stages do, $name',
    async ({ setting }) => {
      const policy = policyOf(setting)
      const fates = [...drawAbandoned({ seed: 7, count: 50 }), ...paidOfAllKinds(7)]
        // Spread over a day, so that no run is full.
        .map((fate, at, all) => moved(fate, Math.floor((at * dayMs) / all.length)))
      const lives = await liveForReal(fates, { policy, batchSize: 50, concurrency: 5 })
      const living = livingBy(policy)
      lives.forEach((life, at) => {
        const { paidAt } = fates[at] ?? { paidAt: null }
        const told = living({ createdAt: life.createdAt, paidAt })
        expect(life.status).toBe(paidAt === null ? 'expired' : 'paid')
        expect(life.calls).toBe(told.calls)
        if (told.seenAt === null) return expect(life.seenAt).toBeNull()
        const runMs = (life.seenAt ?? 0) - told.seenAt
        expect(runMs).toBeGreaterThan(0)
        expect(runMs).toBeLessThan(10_000)
      })
    },
    60_000,
  )
})

function paidOfAllKinds(seed: number) {
  return allPayers.flatMap((payers) => drawPaid(payers, { seed, count: 42 }))
}

function moved<T extends { createdAt: number; paidAt: number | null }>(fate: T, ms: number): T {
  const { paidAt } = fate
  return { ...fate, createdAt: fate.createdAt + ms, paidAt: paidAt === null ? null : paidAt + ms }
}
