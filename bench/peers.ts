/**
 * budan beside what one would take instead, each a whole small program of its own in `peers/`: the
 * story's algorithm, one delayed job for each order on BullMQ, and the same on pg-boss. All of them
 * ask the same gateway, with as many questions at a time, and credit on the same PostgreSQL server.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '../test/support/redis.ts'
import { type Figure, figure } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'
import { paidOrders } from './orders.ts'
import type { Part, Size, Stage } from './part.ts'
import { openBudan } from './peers/budan.ts'
import { openBullmq } from './peers/bullmq.ts'
import { openPgBoss } from './peers/pg-boss.ts'
import { openStory } from './peers/story.ts'
import { type System, type SystemOptions, Watch } from './peers/system.ts'
import { Laptimes, time } from './stopwatch.ts'

const sizes: Readonly<Record<Size, PeersSize>> = {
  full: { orders: 2000, slice: 500, concurrency: 5, batchSize: 250, unpaid: 10_000 },
  quick: { orders: 250, slice: 250, concurrency: 5, batchSize: 250, unpaid: 300 },
  tiny: { orders: 12, slice: 6, concurrency: 3, batchSize: 6, unpaid: 20 },
}

interface PeersSize {
  /** Of each system in each repetition; a multiple of `slice`, which each takes in turn. */
  readonly orders: number
  readonly slice: number
  /** Questions at a time. */
  readonly concurrency: number
  /** Of budan's and of the story's runs. */
  readonly batchSize: number
  /** In front of the one order that was paid. */
  readonly unpaid: number
}

export const peers: Part = {
  name: 'peers',
  target: 2,
  about: 'orders credited by budan, and by what one would take instead',
  needsRedis: true,
  async bench(stage) {
    const redis = stage.closing.add(await startRedis(), ({ stop }) => stop())
    const bench = {
      ...{ stage, redisUrl: redis.url, gateway: await stage.gateway() },
      ...sizes[stage.size],
    }
    return [...(await benchRates(bench)), ...(await benchSearch(bench))]
  },
}

interface Bench extends PeersSize {
  readonly stage: Stage
  readonly gateway: InstantGateway
  readonly redisUrl: string
}

const names = ['budan', 'story', 'bullmq', 'pgBoss'] as const
type Name = (typeof names)[number]

const titles: Readonly<Record<Name, string>> = {
  budan: 'budan',
  story: "the story's algorithm",
  bullmq: 'jobs on BullMQ',
  pgBoss: 'jobs on pg-boss',
}

type Each<T> = Readonly<Record<Name, T>>
type Contender = System & { readonly watch: Watch }

const ratioMin = 2.5

async function benchRates(bench: Bench): Promise<readonly Figure[]> {
  const { repetitions } = bench.stage
  const laps: Each<Laptimes>[] = []
  await withContenders(bench, async (contenders) => {
    // The first is not counted: code is compiled, and connections are made, when they are first used.
    for (let repetition = 0; repetition <= repetitions; repetition += 1) {
      const lap = await repeat(bench, { contenders, first: repetition * bench.orders })
      if (repetition > 0) laps.push(lap)
    }
    const all = { ...bench.gateway.merchant, first: 0, count: bench.orders * (repetitions + 1) }
    for (const name of names) {
      const credited = await contenders[name].countCredited(all)
      if (credited !== all.count) {
        throw new Error(`${titles[name]}: ${credited} orders are credited, not ${all.count}`)
      }
    }
  })
  return rateFigures(bench, laps)
}

/** All take turns, a slice of the orders at a time, and each comes first in its turn. */
async function repeat(
  { gateway, orders, slice }: Bench,
  { contenders, first }: { contenders: Each<Contender>; first: number },
): Promise<Each<Laptimes>> {
  await gateway.sign(paidOrders({ first, count: orders }))
  for (const name of names) await contenders[name].settleDown()
  const laps = {
    budan: new Laptimes(),
    story: new Laptimes(),
    bullmq: new Laptimes(),
    pgBoss: new Laptimes(),
  }
  for (let done = 0; done < orders; done += slice) {
    for (const [position] of names.entries()) {
      const name = names[(position + (first + done) / slice) % names.length] ?? 'budan'
      const contender = contenders[name]
      await contender.place({ ...gateway.merchant, first: first + done, count: slice })
      laps[name].add(await time(slice, () => untilCredited(contender, slice)))
      await contender.stop()
    }
  }
  return laps
}

async function untilCredited({ watch, start }: Contender, count: number): Promise<void> {
  const credited = watch.credits(count)
  await start()
  await credited
}

function rateFigures({ orders, concurrency }: Bench, laps: readonly Each<Laptimes>[]): Figure[] {
  const rivals = names.filter((name) => name !== 'budan')
  return [
    ...rivals.map((name) =>
      figure(`orders credited a second: budan, of ${titles[name]}`, {
        unit: 'ratio',
        values: laps.map((lap) => lap.budan.rate / lap[name].rate),
        goal: { kind: 'at least', value: ratioMin },
      }),
    ),
    ...names.map((name) =>
      figure(`${titles[name]} (${orders} orders, ${concurrency} questions at a time)`, {
        unit: '1/s',
        values: laps.map((lap) => lap[name].rate),
      }),
    ),
    ...names.map((name) =>
      figure(`${titles[name]}: CPU of this process for an order`, {
        unit: 'µs',
        values: laps.map((lap) => lap[name].cpuMicros),
      }),
    ),
  ]
}

/** The one paid order is the youngest: nobody comes to it but through all that were never paid. */
async function benchSearch(bench: Bench): Promise<readonly Figure[]> {
  const searches: Search[] = []
  for (let repetition = 0; repetition < bench.stage.repetitions; repetition += 1) {
    searches.push(await withContenders(bench, (contenders) => search(bench, contenders)))
  }
  const { unpaid, batchSize } = bench
  const finders = ['budan', 'bullmq', 'pgBoss'] as const
  return [
    figure(
      `the story's algorithm: orders that it came to, of ${unpaid} unpaid ones, while budan found the paid one behind them`,
      {
        unit: 'orders',
        values: searches.map(({ askedByStory }) => askedByStory),
        goal: { kind: 'at most', value: batchSize },
      },
    ),
    ...finders.map((name) =>
      figure(`${titles[name]}: finding one paid order behind ${unpaid} unpaid ones`, {
        unit: 's',
        values: searches.map(({ seconds }) => seconds[name]),
      }),
    ),
  ]
}

interface Search {
  readonly seconds: Readonly<Record<'budan' | 'bullmq' | 'pgBoss', number>>
  /** Different orders; it may have asked about each of them many times. */
  readonly askedByStory: number
}

async function search({ gateway, unpaid }: Bench, contenders: Each<Contender>): Promise<Search> {
  const range = { ...gateway.merchant, first: 0, count: unpaid + 1 }
  await gateway.sign(paidOrders({ first: 0, count: unpaid }), { tradeState: 'NOTPAY' })
  await gateway.sign(paidOrders({ first: unpaid, count: 1 }), { beside: true })
  const find = async (contender: Contender) => {
    await contender.place(range)
    await contender.settleDown()
    const { seconds } = await time(1, () => untilCredited(contender, 1))
    await contender.stop()
    const credited = await contender.countCredited(range)
    if (credited !== 1) throw new Error(`${credited} orders are credited, and one was paid`)
    return seconds
  }
  const budan = await find(contenders.budan)
  const askedByStory = await askFor(budan, { contender: contenders.story, range })
  const seconds = {
    budan,
    bullmq: await find(contenders.bullmq),
    pgBoss: await find(contenders.pgBoss),
  }
  return { seconds, askedByStory }
}

/** Goes on for so long, or until it has found the paid order. The last run is made to its end. */
async function askFor(
  seconds: number,
  { contender, range }: { contender: Contender; range: Parameters<System['place']>[0] },
): Promise<number> {
  await contender.place(range)
  await contender.settleDown()
  await Promise.race([untilCredited(contender, 1), delay(seconds * 1000)])
  await contender.stop()
  return contender.watch.asked.size
}

/** Opens all systems anew, and closes them whatever happens. */
async function withContenders<T>(
  bench: Bench,
  work: (contenders: Each<Contender>) => Promise<T>,
): Promise<T> {
  const opened: System[] = []
  const open = async (opening: (options: SystemOptions) => Promise<System>): Promise<Contender> => {
    const watch = new Watch()
    const system = await opening({ ...bench, watch })
    opened.push(system)
    return { ...system, watch }
  }
  const database = await bench.stage.freshDatabase('postgres')
  try {
    return await work({
      budan: await open((options) => openBudan({ ...options, database })),
      story: await open(openStory),
      bullmq: await open((options) => openBullmq({ ...options, redisUrl: bench.redisUrl })),
      pgBoss: await open(openPgBoss),
    })
  } finally {
    for (const system of opened) await system.close()
  }
}
