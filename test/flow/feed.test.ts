import { describe, expect, it } from 'vitest'
import { Pump } from '../../src/outbox/pump.ts'
import { type Budan, openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import { StoreError } from '../../src/store/errors.ts'
import { openDatabase } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { useWorlds, type World } from '../support/world.ts'

const world = useWorlds()
const dayMins = 24 * 60

async function credit(opened: World, orderNo: string, by: Budan = opened.budan): Promise<void> {
  await opened.adopt(orderNo)
  await opened.control.pay(orderNo)
  await by.checkOrder(orderNo)
}

/** The numbers of the orders that events are about, as they come. */
async function take(opened: Pick<World, 'budan'>, count: number): Promise<readonly unknown[]> {
  const numbers: unknown[] = []
  for await (const { data } of opened.budan.events()) {
    numbers.push(data.order_no)
    if (numbers.length === count) break
  }
  return numbers
}

describe.each(['pglite', 'postgres'] as const)('events() on %s', (kind) => {
  it('gives each event as it comes, also where the clock was never started', async () => {
    const opened = await world({ kind })
    const taking = take(opened, 3)
    for (const orderNo of ['FEED-00001', 'FEED-00002', 'FEED-00003']) await credit(opened, orderNo)
    expect(await taking).toEqual(['FEED-00001', 'FEED-00002', 'FEED-00003'])
  })

  it('goes on after a cursor, of the given types alone', async () => {
    const opened = await world({ kind })
    await credit(opened, 'FEED-00001')
    const { events } = await opened.budan.readEvents()
    await credit(opened, 'FEED-00002')
    const types = ['order.paid'] as const
    for await (const event of opened.budan.events({ after: events[0]?.cursor, types })) {
      expect(event).toMatchObject({ type: 'order.paid', data: { order_no: 'FEED-00002' } })
      break
    }
  })

  it('ends at its signal and at a stop, and begins anew after that', async () => {
    const opened = await world({ kind })
    const ending = new AbortController()
    const drained = async (signal?: AbortSignal) => {
      let count = 0
      for await (const _ of opened.budan.events({ ...(signal && { signal }) })) count += 1
      return count
    }
    const [byStop, bySignal] = [drained(), drained(ending.signal)]
    ending.abort()
    expect(await bySignal).toBe(0)
    await opened.budan.stop()
    expect(await byStop).toBe(0)
    const again = take(opened, 1)
    await credit(opened, 'FEED-00001')
    expect(await again).toEqual(['FEED-00001'])
  })

  it('ends at a stop although it began while another stop was under way', async () => {
    const opened = await world({ kind })
    opened.budan.start()
    const stopping = opened.budan.stop()
    const taking = take(opened, 1)
    await opened.budan.stop()
    expect(await taking).toEqual([])
    await stopping
  })

  it('refuses a type that there is none of', async () => {
    const opened = await world({ kind })
    const reading = opened.budan.readEvents({ types: ['order.payed' as 'order.paid'] })
    await expect(reading).rejects.toThrow('types must be of order.paid, ')
    await expect(reading).rejects.toThrow('not "order.payed"')
  })
})

it('events() has those of other nodes, which nobody else positions', async () => {
  const url = await freshPostgresUrl()
  const startAt = new Date()
  const opened = await world({ startAt, store: storeOn(await openDatabase(url)) })
  const taking = take(opened, 1)
  const store = storeOn(await openDatabase(url))
  const other = await openService(opened.config, { store })
  await credit(opened, 'OTHER-0001', other)
  expect(await taking).toEqual(['OTHER-0001'])
  await other.close()
})

describe('the pump', () => {
  const failing = (until: number) => {
    let calls = 0
    return {
      positionEvents: async () => {
        calls += 1
        if (calls <= until) throw new StoreError('away')
        return { count: 0, last: BigInt(calls) }
      },
    }
  }

  it('emits an outage once, and its end once, and throws neither', async () => {
    const emitted: string[] = []
    let resumed = () => {}
    const back = new Promise<void>((resolve) => {
      resumed = resolve
    })
    const pump = new Pump({
      store: failing(3),
      emit: ({ type }) => {
        emitted.push(type)
        if (type === 'positioning_resumed') resumed()
      },
    })
    const hints = setInterval(() => pump.hint({ type: 'order_credited' } as never), 5)
    pump.start()
    await back
    clearInterval(hints)
    await pump.stop()
    expect(emitted).toEqual(['positioning_failed', 'positioning_resumed'])
  })

  it('stops although somebody waits, and the wait ends', async () => {
    const store = { positionEvents: async () => ({ count: 0, last: 1n }) }
    const pump = new Pump({ store, emit: () => {} })
    const { signal } = new AbortController()
    const waiting = pump.waitBeyond(5n, { ms: 60_000, signal })
    await pump.stop()
    await waiting
    await pump.waitBeyond(0n, { ms: 60_000, signal })
  })

  it.each(['start', 'wait'] as const)(
    'a %s during a stop does not hold the stop up',
    async (kind) => {
      let rounds = 0
      const store = {
        positionEvents: async () => {
          rounds += 1
          return { count: 0, last: 1n }
        },
      }
      const pump = new Pump({ store, emit: () => {} })
      const { signal } = new AbortController()
      pump.start()
      const stopped = pump.stop()
      const waiting = kind === 'start' ? pump.start() : pump.waitBeyond(5n, { ms: 60_000, signal })
      await stopped
      const before = rounds
      while (rounds === before) await new Promise((resolve) => setTimeout(resolve, 5))
      await pump.stop()
      await waiting
    },
  )

  it('looks at once for a wait that begins just after something was published', async () => {
    let last = 1n
    const pump = new Pump({
      store: { positionEvents: async () => ({ count: 0, last }) },
      emit: () => {},
    })
    pump.start()
    // It has looked, and would look again in a second.
    await new Promise((resolve) => setTimeout(resolve, 100))
    last = 2n
    pump.hint({ type: 'order_credited' } as never)
    const from = performance.now()
    const { signal } = new AbortController()
    await pump.waitBeyond(1n, { ms: 60_000, signal })
    expect(performance.now() - from).toBeLessThan(600)
    await pump.stop()
  })

  it('is running between start() and stop(), also where the compensation job is off', async () => {
    const recharge = { compensationEnabled: false }
    const opened = await world({ recharge })
    const names = async () => (await opened.budan.readiness()).checks.map(({ name }) => name)
    expect(await names()).not.toContain('events')
    opened.budan.start()
    expect(await names()).toContain('events')
    await credit(opened, 'PUMP-00001')
    // Nobody reads the feed, which would position what it reads.
    const page = () => opened.store.readEvents({ after: null, types: null, limit: 1 })
    while ((await page()).events.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    await opened.budan.stop()
    expect(await names()).not.toContain('events')
  })
})

it('published events are removed when they are older than keep_days, and never the newest', async () => {
  const opened = await world()
  for (const orderNo of ['KEPT-00001', 'KEPT-00002', 'KEPT-00003']) await credit(opened, orderNo)
  const { events } = await opened.budan.readEvents()
  expect(events).toHaveLength(3)
  await opened.advanceMins(89 * dayMins)
  await run(opened, 'scan_empty')
  expect((await opened.budan.readEvents()).events).toHaveLength(3)
  await opened.advanceMins(2 * dayMins)
  await run(opened, 'pruned')
  const kept = await opened.budan.readEvents()
  expect(kept.events.map(({ data }) => data.order_no)).toEqual(['KEPT-00003'])
  const { text } = await opened.budan.metrics()
  expect(text).toContain('budan_pruned_total{what="published"} 2')
  await expect(opened.budan.readEvents({ after: events[0]?.cursor })).rejects.toThrow(
    'are not kept any more',
  )
})

/** One scheduled run, after which the node prunes. */
async function run(opened: World, last: 'scan_empty' | 'pruned'): Promise<void> {
  const from = opened.events.length
  opened.budan.start()
  await opened.waitFor(last, { from })
  await opened.budan.stop()
}
