import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/domain/clock.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { keyOf } from '../support/order-key.ts'
import { type Loss, PostgresRoad } from '../support/postgres-road.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'

/** Fault 18: the connection to PostgreSQL breaks during COMMIT. */

interface Stage {
  readonly world: World
  readonly road: PostgresRoad
  /** The same database by another road. */
  readonly direct: Store
  advanceMins(minutes: number): Promise<void>
}

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function openStage(): Promise<Stage> {
  let minutes = 0
  const clock: Clock = () => new Date(Date.UTC(2026, 0, 24, 7) + minutes * 60_000)
  const url = await freshPostgresUrl()
  const direct = await openStore(url)
  const road = await PostgresRoad.to(url)
  const world = await openWorld({ store: await openStore(road.url, { clock }) })
  closing.push(
    () => direct.close(),
    () => road.close(),
    () => world.close(),
  )
  const advanceMins = async (passed: number) => {
    minutes += passed
    await world.advanceMins(passed)
  }
  return { world, road, direct, advanceMins }
}

async function expectCredited({ world, direct }: Stage, orderNos: readonly string[]) {
  for (const orderNo of orderNos) expect((await world.order(orderNo)).status).toBe('paid')
  expect(await world.balance('u1')).toBe(100n * BigInt(orderNos.length))
  expect(Object.values(await direct.audit()).every((count) => count === 0)).toBe(true)
}

describe.each<Loss>(['request', 'answer'])('a COMMIT whose %s is lost', (loss) => {
  const committed = loss === 'answer'

  it('in a run: assumes nothing, queries again, credits once', async () => {
    const stage = await openStage()
    const { world, road, direct, advanceMins } = stage
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    await advanceMins(6)
    const lost = road.lose('commit', loss)
    const { run, results } = await world.budan.run({ dryRun: false })
    await lost
    expect(run).toMatchObject({ status: 'finished', success: 0, failed: 1 })
    expect(results).toMatchObject([
      { outcome: 'error', reason: expect.stringMatching(/Cannot learn whether .* was committed/) },
    ])
    expect((await direct.findOrder(keyOf('ORDER-1')))?.status).toBe(committed ? 'paid' : 'pending')

    await advanceMins(6)
    await world.budan.run({ dryRun: false })
    await world.budan.checkOrder('ORDER-1')
    await expectCredited(stage, ['ORDER-1'])
  })

  it('of a group: credits each of them once', async () => {
    const stage = await openStage()
    const { world, road, advanceMins } = stage
    const orderNos = Array.from({ length: 12 }, (_, n) => `ORDER-${n}`)
    for (const orderNo of orderNos) {
      await world.adopt(orderNo)
      world.control.pay(orderNo, { callback: false })
    }
    await advanceMins(6)
    const lost = road.lose('commit', loss)
    const { run } = await world.budan.run({ dryRun: false })
    await lost
    expect(run.failed).toBeGreaterThan(0)
    await advanceMins(6)
    await world.budan.run({ dryRun: false })
    await expectCredited(stage, orderNos)
  })

  it('of a callback: does not acknowledge it, and takes it when it is sent again', async () => {
    const stage = await openStage()
    const { world, road, direct } = stage
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    const callback = await world.callback('ORDER-1')
    const lost = road.lose('commit', loss)
    await expect(world.budan.receiveCallback(callback)).rejects.toThrow(/Cannot learn whether/)
    await lost
    expect((await direct.findOrder(keyOf('ORDER-1')))?.status).toBe(committed ? 'paid' : 'pending')
    const decision = committed ? 'keep' : 'pay'
    expect(await world.budan.receiveCallback(callback)).toMatchObject({ kind: 'settled', decision })
    await expectCredited(stage, ['ORDER-1'])
  })
})

describe.each<Loss>(['request', 'answer'])('a statement whose %s is lost', (loss) => {
  it('adoptOrder() says so, and is repeated without harm', async () => {
    const { world, road, direct } = await openStage()
    const adopt = () =>
      world.budan.adoptOrder({
        ...{ orderNo: 'ORDER-1', userId: 'u1', amount: 100n, description: '' },
        ...{ createdAt: new Date(Date.UTC(2026, 0, 24, 7)), expiresAt: null },
      })
    const lost = road.lose('insert into orders', loss)
    await expect(adopt()).rejects.toThrow(/Cannot store order "ORDER-1"/)
    await lost
    expect(await adopt()).toMatchObject({ kind: loss === 'answer' ? 'exists' : 'adopted' })
    const { items } = await direct.listOrderEvents(keyOf('ORDER-1'), { limit: 9, cursor: null })
    expect(items).toHaveLength(1)
  })

  it('the end of a run is recorded all the same', async () => {
    const { world, road, direct, advanceMins } = await openStage()
    await world.adopt('ORDER-1')
    await advanceMins(6)
    const lost = road.lose('finished_at is null', loss)
    const { run } = await world.budan.run({ dryRun: false })
    await lost
    expect(world.events.map(({ type }) => type)).not.toContain('run_unrecorded')
    const found = await direct.findRun(run.id)
    expect(found).toMatchObject({ run: { status: 'finished', total: 1 } })
    expect(found?.run).toEqual(run)
    expect(found?.results).toHaveLength(1)
  })

  it('a claim comes due again when its lease runs out', async () => {
    const stage = await openStage()
    const { world, road, advanceMins } = stage
    await world.adopt('ORDER-1')
    world.control.pay('ORDER-1', { callback: false })
    await advanceMins(6)
    const lost = road.lose('from claimed', loss)
    await expect(world.budan.run({ dryRun: false })).rejects.toThrow(/Cannot claim due orders/)
    await lost
    await advanceMins(6)
    expect((await world.budan.run({ dryRun: false })).run.success).toBe(1)
    await expectCredited(stage, ['ORDER-1'])
  })
})
