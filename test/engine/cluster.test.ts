import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RedisServer, redisBinary, startRedis, withoutRedis } from '../support/redis.ts'
import { emptyPostgresUrl } from '../support/stores.ts'
import { type Fleet, type FleetOptions, openFleet } from './fleet.ts'

const intervalMs = 800

describe.skipIf(withoutRedis())('nodes on one queue', () => {
  let redis: RedisServer
  const fleets: Fleet[] = []
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterEach(async () => {
    for (const fleet of fleets.splice(0)) await fleet.close()
  })
  afterAll(() => redis?.stop())

  const open = async (options: Partial<FleetOptions> = {}) => {
    const fleet = await openFleet({ engineUrl: redis.url, intervalMs, ...options })
    fleets.push(fleet)
    return fleet
  }
  const isUp = async (fleet: Fleet) =>
    fleet.until('the queue is up', async () => {
      const lost = fleet.events.filter(({ type }) => type === 'engine_lost').length
      return lost === fleet.events.filter(({ type }) => type === 'engine_back').length
    })

  describe.each(['redis', 'postgres'])('of %s', (backend) => {
    const engineUrl = () => (backend === 'redis' ? redis.url : emptyPostgresUrl())

    it('make one run per interval', async () => {
      const fleet = await open({ engineUrl: await engineUrl() })
      await fleet.join(3)
      await fleet.until('four runs in a row', () => fleet.hadInRow(4))
      expect(await fleet.slots()).toMatchObject({ doubled: 0 })
      expect(fleet.events.filter(({ type }) => type === 'engine_lost')).toEqual([])
    })

    it('share a backlog, and query each order once', async () => {
      // So that the work takes seconds, however fast the machine: one node alone may have done it
      // before the others have come.
      const recharge = {
        ...{ compensationDrain: true, compensationBatchSize: 10 },
        compensationMaxQps: 100,
      }
      const fleet = await open({ engineUrl: await engineUrl(), intervalMs: 2000, recharge })
      await fleet.adopt(300)
      const nodes = await fleet.join(3)
      // Not when nothing is due any more: an order that is claimed has yet to be queried.
      const queried = () =>
        nodes.map(({ events }) => events.filter(({ type }) => type === 'order_answered'))
      await fleet.until('all are queried', () => queried().flat().length >= 300)
      await fleet.until('all are credited', async () => (await fleet.paidCount()) === 150)
      await Promise.all(nodes.map(({ budan }) => budan.stop()))
      expect(queried().flat()).toHaveLength(300)
      // The start run of one node may take a few batches before the others have come.
      for (const each of queried()) expect(each.length).toBeGreaterThan(25)
      expect(await fleet.store.audit()).toMatchObject({ credited_twice: 0, paid_not_credited: 0 })
    })
  })

  it('go on when the queue is wiped', async () => {
    const fleet = await open()
    await fleet.join(2)
    await fleet.until('two runs', async () => (await fleet.slots()).had >= 2)
    for (let n = 0; n < 3; n += 1) {
      const { had } = await fleet.slots()
      await redis.wipe()
      await fleet.until('another run', async () => (await fleet.slots()).had > had)
    }
    expect(await fleet.slots()).toMatchObject({ doubled: 0 })
  })

  it('continue without the queue, report it once, and use it again later', async () => {
    const fleet = await open()
    const [node] = await fleet.join(2)
    await fleet.until('a run', async () => (await fleet.slots()).had >= 1)
    await isUp(fleet)
    await redis.kill()
    const { had } = await fleet.slots()
    await fleet.until('three runs without', async () => (await fleet.slots()).had >= had + 3)
    const readiness = await node?.budan.readiness()
    expect(readiness?.ready).toBe(true)
    expect(readiness?.checks.find(({ name }) => name === 'engine')?.detail).toMatch(
      /^warning: .*away/,
    )
    await redis.restart()
    await isUp(fleet)
    for (const type of ['engine_lost', 'engine_back']) {
      expect(fleet.events.filter((event) => event.type === type)).toHaveLength(2)
    }
    expect(await fleet.slots()).toMatchObject({ doubled: 0 })
  })

  it('go on while the queue hangs; readiness answers at once, and stop() ends', async () => {
    const fleet = await open()
    const [node] = await fleet.join(2)
    await fleet.until('a run', async () => (await fleet.slots()).had >= 1)
    await fleet.adopt(20)
    redis.freeze()
    try {
      await node?.budan.readiness()
      await node?.budan.metrics()
      // Before anybody has given up waiting for the queue.
      expect(fleet.events.some(({ type }) => type === 'engine_lost')).toBe(false)
      await fleet.until('the orders are credited', async () => (await fleet.paidCount()) === 10)
      await fleet.until('it is reported', () =>
        fleet.events.some(({ type }) => type === 'engine_lost'),
      )
      await node?.budan.stop()
    } finally {
      redis.thaw()
    }
    expect(await fleet.slots()).toMatchObject({ doubled: 0 })
  })

  it('start without a queue that is not there, and run', async () => {
    const fleet = await open({ engineUrl: 'redis://:hidden@127.0.0.1:1' })
    const [node] = await fleet.join(1)
    await fleet.until('two runs', async () => (await fleet.slots()).had >= 2)
    expect(JSON.stringify(await node?.budan.readiness())).not.toContain('hidden')
    const lost = fleet.events.filter(({ type }) => type === 'engine_lost')
    expect(lost).toHaveLength(1)
    expect(JSON.stringify(lost)).not.toContain('hidden')
  })

  it('join and leave under load, and each order is queried and credited once', async () => {
    const recharge = { compensationDrain: true, compensationBatchSize: 10 }
    const fleet = await open({ recharge })
    await fleet.adopt(400)
    const [first, second] = await fleet.join(2)
    await fleet.until('some are credited', async () => (await fleet.paidCount()) >= 20)
    await Promise.all([first?.budan.stop(), fleet.join(2)])
    await fleet.until('more are credited', async () => (await fleet.paidCount()) >= 80)
    await second?.budan.stop()
    await fleet.until('all are credited', async () => (await fleet.paidCount()) === 200)
    await fleet.until('nothing is due', async () => (await fleet.dueCount()) === 0)
    const answered = fleet.events.filter(({ type }) => type === 'order_answered')
    expect(answered).toHaveLength(400)
    expect(await fleet.slots()).toMatchObject({ doubled: 0 })
    expect(await fleet.store.audit()).toMatchObject({ credited_twice: 0, paid_not_credited: 0 })
  })
})

it('startRedis() has a server to start wherever nothing may be skipped', () => {
  if (process.env.CI) expect(redisBinary()).not.toBeNull()
})
