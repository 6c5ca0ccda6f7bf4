import { describe, expect, test } from 'vitest'
import { adviceOn } from '../../src/web/console/overview/advice.ts'
import { type Verdict, verdictOf } from '../../src/web/console/overview/verdict.ts'
import { useWorlds, type World } from '../support/world.ts'

const openWorld = useWorlds({ startAt: new Date() })
const dayMs = 86_400_000

async function adoptOld(opened: World, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const createdAt = new Date(+opened.now() - 2 * dayMs - n * 1_000)
    opened.control.putOrder({ out_trade_no: `ADOPTED-${n}`, total: 100 })
    await opened.budan.adoptOrder({
      ...{ orderNo: `ADOPTED-${n}`, userId: 'u1', amount: 100n, description: '' },
      ...{ createdAt, expiresAt: null },
    })
  }
}

async function gauge(opened: World, name: string): Promise<number> {
  const { text } = await opened.budan.metrics()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
}

/** What the overview says. No clock is started here, which is not what is looked at. */
async function verdict({ budan }: World): Promise<Verdict> {
  const found = await budan.readiness()
  const checks = found.checks.map((check) =>
    check.name === 'schedule'
      ? { ...check, ok: true, condition: 'well' as const, detail: 'no run has finished yet' }
      : check,
  )
  const audit = { latest: null, isUnderWay: false, hasFailed: false, isAutomatic: true }
  const snapshot = { vitals: found.vitals, readiness: { ...found, checks }, runs: [], audit }
  return verdictOf({
    snapshot: { ...snapshot, backlog: null, merchants: [] },
    calls: new Map(),
    policy: budan.policy,
  })
}

describe.each(['pglite', 'postgres'] as const)(
  'orders adopted days after their creation, on %s',
  (kind) => {
    test('are late by when budan knew of them: a minute later nothing is in danger', async () => {
      const opened = await openWorld({ kind })
      await adoptOld(opened, 110)
      await opened.advanceMins(1)
      expect(await gauge(opened, 'budan_oldest_unasked_order_age_seconds')).toBeCloseTo(60, 0)
      expect(await gauge(opened, 'budan_most_overdue_order_seconds')).toBeCloseTo(60, 0)
      expect(await verdict(opened)).toEqual({ tone: 'good', concerns: [] })
    })

    test('are not late for days after one was checked by hand', async () => {
      const opened = await openWorld({ kind })
      await adoptOld(opened, 1)
      await opened.budan.checkOrder('ADOPTED-0')
      await opened.advanceMins(1)
      expect(await opened.order('ADOPTED-0')).toMatchObject({ standing: 'known' })
      expect(await gauge(opened, 'budan_most_overdue_order_seconds')).toBeCloseTo(60, 0)
    })

    test('are late once no query is sent, with the breaker as the one cause, and its advice alone', async () => {
      const opened = await openWorld({ kind })
      await adoptOld(opened, 20)
      opened.control.addFault({
        operation: 'query',
        fault: { kind: 'error', status: 401, code: 'SIGN_ERROR' },
      })
      await opened.budan.run({ dryRun: false })
      await opened.advanceMins(120)
      const { tone, concerns } = await verdict(opened)
      expect(tone).toBe('bad')
      expect(concerns.map(({ kind, cause }) => [kind, cause])).toEqual([
        ['breaker', null],
        ['long_overdue', 'breaker'],
      ])
      expect(
        concerns.map(
          (each) =>
            adviceOn(each, { locale: 'en', label: opened.budan.gateway.label }).todo !== null,
        ),
      ).toEqual([true, false])
      const late = await gauge(opened, 'budan_most_overdue_order_seconds')
      expect(late).toBeGreaterThan(6_000)
      expect(late).toBeLessThanOrEqual(7_200)
    })
  },
)
