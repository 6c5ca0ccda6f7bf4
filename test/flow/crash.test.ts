import { describe, expect, it } from 'vitest'
import { crashingStore, crashPoints } from '../support/breakable-store.ts'
import { freshStore } from '../support/stores.ts'
import { openWorld } from '../support/world.ts'

describe('fault 6: the process dies while it credits', () => {
  const kinds = ['pglite', 'postgres'] as const
  const cases = kinds.flatMap((kind) => crashPoints.map((point) => [point, kind] as const))

  it.each(cases)('%s: the order is credited once by the next run (%s)', async (point, kind) => {
    let minutes = 0
    const clock = () => new Date(Date.UTC(2026, 0, 24, 7) + minutes * 60_000)
    const store = await freshStore(kind, { clock })
    const world = await openWorld({ store: crashingStore(store, point) })
    try {
      await world.adopt('ORDER-1')
      world.control.pay('ORDER-1', { callback: false })
      minutes = 6
      await world.advanceMins(6)
      const first = await world.budan.run({ dryRun: false })
      expect(first.results).toMatchObject([{ outcome: 'error', reason: `crashed ${point}` }])

      minutes = 12 // the lease has run out: nobody had to clean up
      await world.advanceMins(6)
      await world.budan.run({ dryRun: false })
      expect((await world.order('ORDER-1')).status).toBe('paid')
      expect(await world.balance('u1')).toBe(100n)
      expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
    } finally {
      await world.close()
    }
  })
})
