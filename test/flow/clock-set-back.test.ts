import { describe, expect, it } from 'vitest'
import { DatabaseWatch } from '../../src/health/database-state.ts'
import { readinessOf } from '../../src/health/readiness.ts'
import { Breaker } from '../../src/job/breaker.ts'
import { runOfMerchant } from '../contract/store-fixtures.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

/** Fault 15: the database's clock was a month ahead, and has been set right. */

const world = useWorlds()
const monthMs = 30 * 24 * 3_600_000

/** A service whose clock has been going for an hour. */
const examined = {
  merchants: [
    {
      ...{ name: 'default', breaker: new Breaker(() => undefined) },
      clocks: { skews: [], disagreement: null },
    },
  ],
  policy: {
    ...{ intervalMs: 300_000, thresholdMs: 300_000, recheckMs: [300_000], runDeadlineMs: 300_000 },
    ...{ leaseMs: 330_000, absenceSpreadMs: 300_000, orderTtlMs: 7_200_000 },
  },
  enabled: true,
  runningMs: 3_600_000,
  engine: { state: 'local', detail: 'local', jobs: null } as const,
}

describe.each(['pglite', 'postgres'] as const)('a clock set back, on %s', (kind) => {
  it('keeps no order from being queried, and no slot from its run', async () => {
    let aheadMs = monthMs
    const opened: { now?: () => Date } = {}
    const store = await freshStore(kind, {
      clock: () => new Date(+(opened.now?.() ?? new Date(Date.UTC(2026, 0, 24, 7))) + aheadMs),
    })
    const here = await world({ store })
    opened.now = here.now
    const facts = { userId: 'u1', amount: 100n, description: '' }
    const adopt = async (orderNo: string) => {
      here.control.putOrder({ out_trade_no: orderNo, total: 100 })
      // Without an end, so that it does not seem to be past it then.
      await here.budan.adoptOrder({ orderNo, ...facts, createdAt: null, expiresAt: null })
    }
    await adopt('QUERIED-THEN')
    await here.advanceMins(6)
    expect((await here.budan.run({ dryRun: false })).run.outcomes.waiting).toBe(1)
    await adopt('CREATED-THEN')
    aheadMs = 0

    for (const orderNo of ['QUERIED-THEN', 'CREATED-THEN']) {
      here.control.pay(orderNo, { callback: false })
    }
    const { run } = await here.budan.run({ dryRun: false })
    expect(run.success).toBe(2)
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })

  it('is seen by readiness when no run has finished since then', async () => {
    let aheadMs = monthMs
    const store = await freshStore(kind, { clock: () => new Date(Date.now() + aheadMs) })
    const finish = async () => {
      const run = { ...runOfMerchant, trigger: 'schedule', intervalMs: 1 } as const
      const opened = await store.openRun(run)
      if (opened.kind !== 'opened') throw new Error('No run')
      await store.finishRun(opened.run.id, { status: 'finished', results: [] })
    }
    const schedule = async () => {
      const merchant = { gateway: 'wechatpay', mchid: '1900000001', appid: 'wx1' }
      const database = await new DatabaseWatch(store, { merchants: [merchant], clocks: [] }).read()
      const { checks } = readinessOf({ ...examined, kind, database })
      return checks.find(({ name }) => name === 'schedule')
    }
    await finish()
    expect(await schedule()).toMatchObject({ ok: true })
    aheadMs = 0
    expect(await schedule()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('runs do not finish'),
    })
    await finish()
    expect(await schedule()).toMatchObject({ ok: true })
  })
})
