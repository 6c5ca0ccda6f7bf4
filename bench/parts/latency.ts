/**
 * Measures whether a gateway that takes 100 ms (± 10) is kept busy. `C` concurrent queries allow
 * `C / 0.1 s`, and the machine allows no more than it can sign, verify and credit. Orders are drained
 * in batches of 50.
 */
import { EventEmitter, once } from 'node:events'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { configOf } from '../../test/support/world.ts'
import { type Figure, figure } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { creditAlone } from '../measure/credit-alone.ts'
import { drainEngine } from '../measure/drain-engine.ts'
import { queryAlone } from '../measure/query-alone.ts'
import { eachAtOnce, time } from '../measure/stopwatch.ts'
import { assertPaid, fillPending, type OrderRange, paidOrders, vacuum } from '../orders.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'

interface Load {
  readonly concurrency: number
  /** Orders drained in each repetition. */
  readonly orders: number
}

const delayMs = 100
const ratioMin = 0.95

const sizes: Readonly<Record<Size, { readonly loads: readonly Load[]; readonly alone: number }>> = {
  full: {
    loads: [
      { concurrency: 5, orders: 350 },
      { concurrency: 50, orders: 3000 },
      { concurrency: 500, orders: 8000 },
    ],
    alone: 2000,
  },
  quick: {
    loads: [
      { concurrency: 50, orders: 500 },
      { concurrency: 500, orders: 1000 },
    ],
    alone: 500,
  },
  tiny: { loads: [{ concurrency: 10, orders: 60 }], alone: 20 },
}

export const latency: Part = {
  name: 'latency',
  target: 3,
  about: 'orders credited a second while each answer of the gateway takes 100 ms',
  async bench(stage) {
    const { loads, alone } = sizes[stage.size]
    const figures: Figure[] = []
    try {
      for (const load of loads) figures.push(...(await benchLoad(stage, { ...load, alone })))
    } finally {
      // Later parts use the same gateway.
      await (await stage.gateway()).delay(0)
    }
    return figures
  },
}

async function benchLoad(
  stage: Stage,
  load: Load & { readonly alone: number },
): Promise<readonly Figure[]> {
  const gateway = await stage.gateway()
  const database = await stage.freshDatabase('postgres')
  const laps = []
  for (let repetition = firstRepetition(stage); repetition <= stage.repetitions; repetition += 1) {
    const lap = await measure({ ...load, gateway, database, repetition })
    if (repetition > 0) laps.push(lap)
  }
  const { concurrency } = load
  const name = (what: string) => `C = ${concurrency}, 100 ms: ${what}`
  return [
    figure(name('credited a second, of what the gateway and the machine allow'), {
      unit: 'ratio',
      values: laps.map(({ rate, bare }) => rate / Math.min(atMost(concurrency), bare)),
      goal: { kind: 'at least', value: ratioMin },
    }),
    figure(name('credited a second, of C / 0.1 s'), {
      unit: 'ratio',
      values: laps.map(({ rate }) => rate / atMost(concurrency)),
    }),
    figure(name('queries alone, of C / 0.1 s'), {
      unit: 'ratio',
      values: laps.map(({ queries }) => queries / atMost(concurrency)),
    }),
    figure(name('credited a second'), { unit: '1/s', values: laps.map(({ rate }) => rate) }),
    figure(name('what the machine allows: 1 / (1/q + 1/s)'), {
      unit: '1/s',
      values: laps.map(({ bare }) => bare),
    }),
  ]
}

interface Measuring extends Load {
  readonly alone: number
  readonly gateway: InstantGateway
  readonly database: Database
  readonly repetition: number
}

async function measure(measuring: Measuring) {
  const bare = await bareRate(measuring)
  const rate = await drainRate(measuring)
  const queries = await queryRate(measuring)
  return { rate, bare, queries }
}

/** The rate if a query cost nothing but the gateway's time. */
function atMost(concurrency: number): number {
  return concurrency / (delayMs / 1000)
}

/** The rate of queries alone, about the drained orders, while the gateway delays its answers. */
async function queryRate(measuring: Measuring): Promise<number> {
  const { gateway, concurrency, orders, alone } = measuring
  const range = rangeOf(measuring, { first: alone, count: orders })
  const query = queryAlone(gateway, { connections: concurrency })
  const lap = await time(orders, () =>
    eachAtOnce(paidOrders(range), {
      concurrency,
      work: async ({ orderNo }) => void (await query.send(orderNo)),
    }),
  )
  await query.stop()
  return lap.count / lap.seconds
}

/** q and s at the same concurrency, while the gateway answers at once. */
async function bareRate(measuring: Measuring): Promise<number> {
  const { gateway, database, concurrency, alone } = measuring
  const range = rangeOf(measuring, { first: 0, count: alone })
  await fillPending(database, { ...range, age: 'now' })
  await gateway.delay(0)
  await gateway.sign(paidOrders(range))
  const query = queryAlone(gateway, { connections: concurrency })
  const sample = await query.send(paidOrders(range)[0]?.orderNo ?? '')
  const each = (work: (order: ReturnType<typeof paidOrders>[number]) => Promise<unknown>) =>
    time(alone, () =>
      eachAtOnce(paidOrders(range), {
        concurrency,
        work: async (order) => void (await work(order)),
      }),
    )
  const q = await each(({ orderNo }) => query.send(orderNo))
  const store = storeOn(database)
  const s = await each((order) => creditAlone(store, { order, sample }))
  await query.stop()
  return alone / (q.seconds + s.seconds)
}

/**
 * The rate without the first and the last tenth of the orders: in between there is always a next
 * batch.
 */
async function drainRate(measuring: Measuring): Promise<number> {
  const { gateway, database, concurrency, orders, alone } = measuring
  const range = rangeOf(measuring, { first: alone, count: orders })
  await fillPending(database, { ...range, age: 'an hour ago' })
  await vacuum(database)
  await gateway.sign(paidOrders(range))
  await gateway.delay(delayMs)
  const config = configOf(gateway, {
    merchant: gateway.merchant,
    recharge: { compensationConcurrency: concurrency, compensationMaxQps: 10_000 },
  })
  const credited: number[] = []
  const news = new EventEmitter()
  const budan = await openService(config, {
    // The bench closes its database itself.
    store: { ...storeOn(database), close: async () => undefined },
    engine: drainEngine,
    onEvent: ({ type }) => {
      if (type !== 'order_credited') return
      if (credited.push(performance.now()) === orders) news.emit('done')
    },
  })
  const done = once(news, 'done')
  budan.start()
  await done
  await budan.close()
  await assertPaid(database, range)
  const [from, to] = [Math.floor(orders / 10), Math.floor(orders * 0.9)]
  const ms = (credited[to] ?? 0) - (credited[from] ?? 0)
  return (to - from) / (ms / 1000)
}

/** The repetitions have no order in common. */
function rangeOf(
  { repetition, orders, alone, gateway }: Measuring,
  { first, count }: Pick<OrderRange, 'first' | 'count'>,
): OrderRange {
  const { mchid, appid } = gateway.merchant
  return { first: repetition * (orders + alone) + first, count, mchid, appid }
}
