import { describe, expect, it } from 'vitest'
import { breakableStore, forgetfulStore, poisonedStore } from '../support/breakable-store.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds } from '../support/world.ts'

const world = useWorlds({ kind: 'postgres' })

describe('a run', () => {
  it('is kept with the result of each order', async () => {
    const opened = await world()
    await opened.adopt('ORDER-1')
    await opened.adopt('ORDER-2')
    opened.control.pay('ORDER-2', { callback: false })
    await opened.advanceMins(6)
    const made = await opened.budan.run({ dryRun: false })
    const kept = await opened.store.findRun(made.run.id)
    expect(kept?.run).toEqual(made.run)
    const byNumber = (a: { orderNo: string }, b: { orderNo: string }) =>
      a.orderNo < b.orderNo ? -1 : 1
    expect([...(kept?.results ?? [])].sort(byNumber)).toMatchObject([
      { orderNo: 'ORDER-1', tradeState: 'NOTPAY', outcome: 'waiting', reason: 'not paid yet' },
      { orderNo: 'ORDER-2', tradeState: 'SUCCESS', outcome: 'credited' },
    ])
  })

  it('that is dry queries and previews, and changes nothing', async () => {
    const opened = await world()
    for (const name of ['ORDER-1', 'ORDER-2', 'ORDER-3']) await opened.adopt(name, { ttlMins: 10 })
    opened.control.pay('ORDER-1', { callback: false })
    opened.control.close('ORDER-2')
    await opened.advanceMins(11)
    const before = await opened.store.listOrders({
      limit: 9,
      cursor: null,
      status: null,
      userId: null,
    })
    const { run, results } = await opened.budan.run({ dryRun: true })
    expect(run).toMatchObject({ dryRun: true, total: 3 })
    expect(Object.fromEntries(results.map((result) => [result.orderNo, result.outcome]))).toEqual({
      'ORDER-1': 'credited',
      'ORDER-2': 'expired',
      'ORDER-3': 'waiting',
    })
    expect(
      await opened.store.listOrders({ limit: 9, cursor: null, status: null, userId: null }),
    ).toEqual(before)
    expect(opened.control.requests({ operation: 'close' })).toEqual([])
    expect((await opened.timeline('ORDER-1')).map((event) => event.kind)).toEqual(['adopted'])
  })

  it('that finds a full batch goes on at once only if compensation_drain is on', async () => {
    for (const [compensationDrain, runs] of [
      [false, 1],
      [true, 3],
    ] as const) {
      const opened = await world({ recharge: { compensationDrain, compensationBatchSize: 2 } })
      for (let n = 1; n <= 5; n += 1) await opened.adopt(`ORDER-${n}`)
      await opened.advanceMins(6)
      opened.budan.start()
      while (opened.events.filter((event) => event.type === 'run_finished').length < runs) {
        await opened.waitFor('run_finished', { from: opened.events.length })
      }
      await opened.budan.stop()
      const { items } = await opened.store.listRuns({ limit: 9, cursor: null })
      expect(items.map((made) => made.total)).toEqual(compensationDrain ? [1, 2, 2] : [2])
    }
  })

  it('whose database is away says so, is observed by the metrics, and is made when it is back', async () => {
    const breaking = { broken: true }
    const store = await freshStore('postgres')
    const opened = await world({ store: breakableStore(store, breaking) })
    await expect(opened.budan.run({ dryRun: false })).rejects.toThrow('broken')
    expect(opened.events.map((event) => event.type)).toEqual(['scan_failed'])
    const { text } = await opened.budan.metrics()
    expect(text).toContain('recharge_compensation_job_duration_seconds_count 1')
    breaking.broken = false
    expect((await opened.budan.run({ dryRun: false })).run.status).toBe('finished')
  })
})

describe('credits that are made together', () => {
  it.each(['pglite', 'postgres'] as const)(
    'are taken apart when one of them fails, which leaves the others alone (%s)',
    async (kind) => {
      const clock = { mins: 0 }
      const now = () => new Date(Date.UTC(2026, 0, 24, 7) + clock.mins * 60_000)
      const store = poisonedStore(await freshStore(kind, { clock: now }), 'ORDER-15')
      const opened = await world({ store, recharge: { compensationConcurrency: 20 } })
      for (let n = 10; n < 30; n += 1) {
        await opened.adopt(`ORDER-${n}`)
        opened.control.pay(`ORDER-${n}`, { callback: false })
      }
      clock.mins = 6
      await opened.advanceMins(6)
      const { run } = await opened.budan.run({ dryRun: false })
      expect(run).toMatchObject({ total: 20, success: 19, failed: 1, outcomes: { error: 1 } })
      expect(await opened.balance('u1')).toBe(1900n)
      const credited = opened.events.filter(({ type }) => type === 'order_credited')
      expect(credited).toHaveLength(19)
      expect(await opened.order('ORDER-15')).toMatchObject({ status: 'pending' })
      expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
    },
  )
})

describe('fault 18: the answer to a COMMIT is lost', () => {
  it('after a group of absences was noted: none counts twice', async () => {
    const clock = { mins: 0 }
    const now = () => new Date(Date.UTC(2026, 0, 24, 7) + clock.mins * 60_000)
    const forgetting = { armed: true }
    const store = forgetfulStore(await freshStore('postgres', { clock: now }), forgetting)
    const opened = await world({ store, recharge: { compensationConcurrency: 20 } })
    const absent = Array.from({ length: 5 }, (_, n) => `ABSENT-${n}`)
    for (const orderNo of absent) {
      const facts = { orderNo, userId: 'u1', amount: 100n, description: '' }
      const expiresAt = new Date(+now() + 5 * 60_000)
      await opened.budan.adoptOrder({ ...facts, createdAt: null, expiresAt })
    }
    // As many trades: that the others are absent is not for a wrong merchant number.
    for (const n of absent.keys()) await opened.adopt(`ORDER-${n}`)
    clock.mins = 6
    await opened.advanceMins(6)
    await opened.budan.run({ dryRun: false })
    expect(forgetting.armed).toBe(false)
    for (const orderNo of absent) expect((await opened.order(orderNo)).absentCount).toBe(1)
  })

  it('after a group was settled: nothing counts twice, and nothing is lost', async () => {
    const clock = { mins: 0 }
    const now = () => new Date(Date.UTC(2026, 0, 24, 7) + clock.mins * 60_000)
    const forgetting = { armed: true }
    const store = forgetfulStore(await freshStore('postgres', { clock: now }), forgetting)
    const opened = await world({ store, recharge: { compensationConcurrency: 20 } })
    const orderNos = Array.from({ length: 20 }, (_, n) => `ORDER-${n + 10}`)
    for (const orderNo of orderNos) await opened.adopt(orderNo)
    for (const orderNo of orderNos.slice(10)) opened.control.pay(orderNo, { callback: false })
    clock.mins = 6
    await opened.advanceMins(6)
    await opened.budan.run({ dryRun: false })
    expect(forgetting.armed).toBe(false)
    for (const orderNo of orderNos.slice(0, 10)) {
      expect((await opened.order(orderNo)).checks).toBe(1)
    }
    clock.mins = 20
    await opened.advanceMins(14)
    await opened.budan.run({ dryRun: false })
    expect(await opened.balance('u1')).toBe(1000n)
    expect(Object.values(await store.audit()).every((count) => count === 0)).toBe(true)
  })
})

describe('openService()', () => {
  it('runs onPaid inside the crediting transaction: what it writes is there with the credit', async () => {
    const opened = await world({
      onPaid: async ({ order }, tx) => {
        await tx.execute('create table if not exists points (user_id text, points bigint)', [])
        await tx.execute('insert into points values ($1, $2)', [order.userId, order.amount / 10n])
      },
    })
    await opened.adopt('ORDER-1', { amount: 500 })
    opened.control.pay('ORDER-1', { callback: false })
    await opened.budan.checkOrder('ORDER-1')
    const points = await opened.store.transaction((tx) => tx.execute('select * from points', []))
    expect(points).toEqual([{ user_id: 'u1', points: 50n }])
  })

  it('credits nothing when onPaid throws, and queries again', async () => {
    let failing = true
    const opened = await world({
      onPaid: async () => {
        if (failing) throw new Error('no points today')
      },
    })
    await opened.adopt('ORDER-1', { amount: 500 })
    opened.control.pay('ORDER-1', { callback: false })
    await opened.advanceMins(6)
    const { results } = await opened.budan.run({ dryRun: false })
    expect(results).toMatchObject([{ outcome: 'error', reason: 'no points today' }])
    expect(await opened.balance('u1')).toBe(0n)
    failing = false
    await opened.advanceMins(10)
    await opened.budan.run({ dryRun: false })
    expect(await opened.balance('u1')).toBe(500n)
  })
})
