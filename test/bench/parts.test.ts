import { afterAll, describe, expect, it } from 'vitest'
import { Closing } from '../../bench/closing.ts'
import { stores } from '../../bench/part.ts'
import { parts } from '../../bench/parts.ts'
import { stageOn } from '../../bench/stage.ts'
import { withoutRedis } from '../support/redis.ts'

const closing = new Closing()
const stage = stageOn({ size: 'tiny', repetitions: 1, stores, closing })
const lacking = withoutRedis()
const measurable = parts.filter(({ needsRedis = false }) => !(needsRedis && lacking))

afterAll(() => closing.close())

/** No assertion is on a time, because a test machine may be slow. */
describe('npm run bench', () => {
  it.each(measurable)('measures "$name" at the smallest size', async ({ bench }) => {
    const figures = await bench(stage)
    expect(figures.filter(({ goal }) => goal !== null).length).toBeGreaterThan(0)
    for (const { name, values } of figures) {
      expect(values.length, name).toBeGreaterThan(0)
      for (const value of values) {
        expect(Number.isFinite(value), name).toBe(true)
        expect(value, name).toBeGreaterThan(0)
      }
    }
  })
})
