import { describe, expect, it } from 'vitest'
import { pruningAfterRuns, type Retaining } from '../../src/job/retention.ts'
import type { Engine, Tick } from '../../src/queue/engine.ts'
import { localEngine } from '../../src/queue/local.ts'
import type { Store } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import { freshStore } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const world = useWorlds()
const dayMins = 24 * 60
/** The schema goes by the server's own clock: what is to be old for it must be old there, too. */
const longAgo = () => new Date(Math.floor(Date.now() / 1000) * 1000 - 100 * dayMins * 60_000)

const firstPage = { limit: 200, cursor: null }

describe.each(['pglite', 'postgres'] as const)('retention on %s', (kind) => {
  it('prunes after a scheduled run; money and every change of state stays', async () => {
    const opened = await world({ kind, startAt: longAgo(), retentionDays: 7 })
    await live(opened)
    const before = await account(opened)
    const kept = await lasting(opened)
    await opened.advanceMins(6.9 * dayMins)
    expect(await tick(opened)).toEqual([])
    await opened.advanceMins(1.2 * dayMins)
    expect(await tick(opened)).toMatchObject([{ type: 'pruned', runs: 3, events: 9 }])

    expect(await account(opened)).toEqual(before)
    for (const orderNo of orderNos) expect(await opened.timeline(orderNo)).toEqual(kept[orderNo])
    // The two that pruned, and the one before them that changed nothing any more.
    const { items: runs } = await opened.store.listRuns(firstPage)
    expect(runs.map(({ trigger }) => trigger)).toEqual(['start', 'start'])
    const { text } = await opened.budan.metrics()
    expect(text).toContain('budan_pruned_total{what="runs"} 3')
    expect(text).toContain('budan_pruned_total{what="events"} 9')
  })
})

it('keeps everything unless days are given', async () => {
  const opened = await world({ startAt: longAgo() })
  await live(opened)
  const timelines = await Promise.all(orderNos.map(opened.timeline))
  await opened.advanceMins(50 * dayMins)
  expect(await tick(opened)).toEqual([])
  expect(await Promise.all(orderNos.map(opened.timeline))).toEqual(timelines)
})

it('prunes after a run by hand where the clock is switched off', async () => {
  const recharge = { compensationEnabled: false }
  const opened = await world({ startAt: longAgo(), retentionDays: 7, recharge })
  await live(opened)
  await opened.advanceMins(9 * dayMins)
  await opened.budan.run({ dryRun: true })
  expect(opened.events.map(({ type }) => type)).not.toContain('pruned')
  await opened.budan.run({ dryRun: false })
  expect(opened.events.map(({ type }) => type)).toContain('pruned')
})

it('fails by itself: the run before it is as good as ever', async () => {
  const opened = await world({ startAt: longAgo(), retentionDays: 7 })
  Object.assign(opened.store, { prune: () => Promise.reject(new Error('disk full')) })
  const failed = opened.waitFor('prune_failed')
  expect(await tick(opened, failed)).toMatchObject([{ type: 'prune_failed' }])
  expect(opened.events.map(({ type }) => type)).not.toContain('tick_failed')
  const { items } = await opened.store.listRuns(firstPage)
  expect(items).toMatchObject([{ status: 'finished' }])
})

it('removes notices of refunds that no order took in 90 days, whatever else is kept', async () => {
  const opened = await world()
  const { store } = opened
  const payment = {
    gateway: 'wechatpay',
    mchid: opened.config.merchants[0]?.mchId ?? '',
    orderNo: 'GONE-1',
  }
  opened.put('GONE-1', { amount: 100 })
  opened.control.pay('GONE-1', { callback: false })
  opened.control.refund('GONE-1')
  await opened.budan.receiveCallback(await opened.refundNotice('GONE-1'))
  const kept = () => store.transaction((tx) => tx.keptNotices({ ...payment, transactionId: null }))
  await opened.advanceMins(89 * dayMins)
  await tick(opened)
  expect(await kept()).toHaveLength(1)
  await opened.advanceMins(2 * dayMins)
  await tick(opened)
  expect(await kept()).toEqual([])
})

describe('pruningAfterRuns()', () => {
  const ran = { kind: 'ran', nextInMs: 0, batches: 0 } as const

  it.each<[string, Tick, number]>([
    ['one portion even where there is no time', ran, 1],
    ['nothing while there is a backlog', { ...ran, nextInMs: 300_000, batches: 1 }, 0],
    ['nothing where another node made the run', { ...ran, kind: 'taken', nextInMs: 300_000 }, 0],
    ['nothing after a run that failed', { ...ran, kind: 'failed', nextInMs: 15_000 }, 0],
  ])('prunes %s', async (_, tick, portions) => {
    const store = await freshStore('pglite')
    expect((await ticked(store, tick)).portions).toBe(portions)
  })

  it('takes a quarter of the time until the next tick, and says how much is left', async () => {
    const store = await freshStore('pglite')
    const { portions, nextInMs } = await ticked(store, { ...ran, nextInMs: 4000 })
    expect(portions).toBeGreaterThan(1)
    expect(nextInMs).toBeLessThanOrEqual(3000)
    expect(nextInMs).toBeGreaterThanOrEqual(0)
  })

  it('ends with the portion under way when it is stopped', async () => {
    const store = await freshStore('pglite')
    const stop = new AbortController()
    const tick = { ...ran, nextInMs: 300_000 }
    expect((await ticked(store, tick, { stop })).portions).toBe(1)
  })
})

const orderNos = ['PAID-000', 'LATE-000', 'DEAD-000', 'OPEN-000'] as const

/**
 * One paid and queried before, one with a repeated callback, one closed past its end, and one refunded
 * before anybody here knew that it was paid.
 */
async function live(opened: World): Promise<void> {
  const { control, budan } = opened
  for (const orderNo of orderNos) await opened.adopt(orderNo, { userId: orderNo })
  for (let n = 0; n < 2; n += 1) {
    await opened.advanceMins(6)
    await budan.run({ dryRun: false })
  }
  for (const orderNo of ['PAID-000', 'LATE-000']) control.pay(orderNo, { callback: false })
  await opened.budan.receiveCallback(await opened.callback('LATE-000'))
  await opened.budan.receiveCallback(await opened.callback('LATE-000'))
  control.pay('OPEN-000', { callback: false })
  control.refund('OPEN-000')
  await opened.advanceMins(125)
  await budan.run({ dryRun: false })
  const states = await Promise.all(orderNos.map(async (orderNo) => opened.order(orderNo)))
  expect(states.map(({ status }) => status)).toEqual(['paid', 'paid', 'expired', 'review'])
}

/** Everything about money. */
async function account({ store }: World): Promise<unknown> {
  const users = await Promise.all(
    orderNos.map(async (userId) => ({
      balance: await store.balance(userId),
      entries: await store.listEntries(userId, firstPage),
      order: await store.findOrder(keyOf(userId)),
    })),
  )
  const audit = await store.audit()
  expect(Object.values(audit).every((count) => count === 0)).toBe(true)
  return { users, audit }
}

/** What has to stay of each timeline. */
async function lasting(opened: World) {
  const kept: Record<string, unknown> = {}
  for (const orderNo of orderNos) {
    const open = (await opened.order(orderNo)).status === 'review'
    const timeline = await opened.timeline(orderNo)
    kept[orderNo] = timeline.filter(({ stateSeq, alarm }) => open || stateSeq !== null || alarm)
  }
  return kept
}

/** The run at start and what comes after it; returns the events about pruning. */
async function tick(opened: World, ended: Promise<unknown> = tidied(opened.store)) {
  const from = opened.events.length
  opened.budan.start()
  await ended
  await opened.budan.stop()
  return opened.events.slice(from).filter(({ type }) => type.startsWith('prune'))
}

/** The last of what comes after a run, whatever there was to prune. */
function tidied(store: Store): Promise<void> {
  const { vacuum } = store
  return new Promise((resolve) => {
    const watched: Store['vacuum'] = (request) => vacuum(request).finally(resolve)
    Object.assign(store, { vacuum: watched })
  })
}

/** One tick on a store that never has enough of pruning. */
async function ticked(
  store: Store,
  tick: Tick,
  { stop }: { stop?: AbortController } = {},
): Promise<{ portions: number; nextInMs: number }> {
  const counted = { portions: 0, nextInMs: Number.NaN }
  const hungry: Store = {
    ...store,
    prune: async (request) => {
      counted.portions += 1
      if (stop !== undefined) setImmediate(() => stop.abort())
      return { ...(await store.prune(request)), more: true }
    },
  }
  const engine: Engine = {
    run: async (work, signal) => {
      counted.nextInMs = (await work.tick(signal)).nextInMs
    },
    vitals: () => localEngine.vitals(),
  }
  const retaining: Retaining = { store: hungry, emit: () => {}, retentionDays: 7 }
  const done = { halfSent: Promise.resolve(), ended: Promise.resolve('done' as const) }
  const work = { tick: async () => tick, batch: () => done, batchesAtOnce: 1 }
  await pruningAfterRuns(engine, retaining).run(work, (stop ?? new AbortController()).signal)
  return counted
}
