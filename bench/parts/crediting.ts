/**
 * Compares the rate of a run with the rates of its two halves. Both halves need the same cores and
 * the same slots, so a query followed by a credit cannot be faster than 1 / (1/q + 1/s).
 *
 *   q  only signed and verified queries
 *   s  only the crediting transaction: lock, post, commit
 *   r  a whole run: claim, query, decide, credit, record
 */

import type { TradeAnswer } from '../../src/domain/trade.ts'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { configOf } from '../../test/support/world.ts'
import { type Figure, figure } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { creditAlone } from '../measure/credit-alone.ts'
import { queryAlone } from '../measure/query-alone.ts'
import { eachAtOnce, Laptimes, time } from '../measure/stopwatch.ts'
import {
  type Age,
  assertPaid,
  fillPending,
  type OrderRange,
  paidOrders,
  vacuum,
} from '../orders.ts'
import { firstRepetition, type Part, type Size } from '../part.ts'

const sizes: Readonly<Record<Size, Pick<CreditingOptions, 'orders' | 'slice' | 'concurrency'>>> = {
  full: { orders: 3000, slice: 250, concurrency: 5 },
  quick: { orders: 500, slice: 250, concurrency: 5 },
  tiny: { orders: 12, slice: 6, concurrency: 3 },
}

export const crediting: Part = {
  name: 'crediting',
  target: 1,
  about: 'orders credited by a run, of what querying and crediting alone would allow',
  async bench(stage) {
    const figures = []
    for (const kind of stage.stores) {
      const database = await stage.freshDatabase(kind)
      const gateway = await stage.gateway()
      const { repetitions } = stage
      const first = firstRepetition(stage)
      figures.push(
        ...(await benchCrediting({ ...sizes[stage.size], database, gateway, first, repetitions })),
      )
    }
    return figures
  },
}

interface CreditingOptions {
  readonly database: Database
  readonly gateway: InstantGateway
  /** Orders of each measurement; a multiple of `slice`, and each run takes one slice. */
  readonly orders: number
  readonly slice: number
  /** See `firstRepetition`. */
  readonly first: 0 | 1
  readonly repetitions: number
  readonly concurrency: number
}

/** Closes the database at the end. */
async function benchCrediting(options: CreditingOptions): Promise<readonly Figure[]> {
  const store = storeOn(options.database)
  const { url, merchant } = options.gateway
  const base = configOf(
    { url },
    {
      merchant,
      recharge: {
        compensationBatchSize: options.slice,
        compensationConcurrency: options.concurrency,
      },
    },
  )
  const config = { ...base, log: { level: 'silent', format: 'json' } } as const
  const budan = await openService(config, { store })
  const query = queryAlone(options.gateway, { connections: options.concurrency })
  const bench = {
    ...options,
    store,
    query: query.send,
    run: () => budan.run({ dryRun: false }),
  }
  try {
    return await measure(bench)
  } finally {
    await query.stop()
    await budan.close()
  }
}

interface Bench extends CreditingOptions {
  readonly store: Store
  readonly query: (orderNo: string) => Promise<TradeAnswer>
  readonly run: () => ReturnType<Awaited<ReturnType<typeof openService>>['run']>
}

type Laps = Readonly<Record<'q' | 's' | 'r', Laptimes>>

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const laps: Laps[] = []
  for (let repetition = bench.first; repetition <= bench.repetitions; repetition += 1) {
    const lap = await repeat(bench, repetition)
    if (repetition > 0) laps.push(lap)
  }
  const audit = await bench.store.audit()
  const faults = Object.entries(audit).filter(([, count]) => count !== 0)
  if (faults.length > 0) throw new Error(`The audit found ${JSON.stringify(audit)}`)
  return figuresOf(bench, laps)
}

/**
 * q, s and r run in turn, one slice of the orders at a time, and each of them is first equally often,
 * so that other load on the machine affects all three alike.
 */
async function repeat(bench: Bench, repetition: number): Promise<Laps> {
  const { orders, slice } = bench
  const first = 2 * orders * repetition
  const queried = await fill(bench, { first: first + orders, age: 'an hour ago' })
  // These orders are too young to be claimed, so the runs do not credit them.
  const direct = await fill(bench, { first, age: 'now' })
  await vacuum(bench.database)
  await bench.gateway.sign(paidOrders(queried))
  const sample = await bench.query(paidOrders(queried)[0]?.orderNo ?? '')

  const laps = { q: new Laptimes(), s: new Laptimes(), r: new Laptimes() }
  const names = ['q', 's', 'r'] as const
  for (let done = 0; done < orders; done += slice) {
    const steps = {
      q: () => queryAll(bench, queried.first + done),
      s: () => creditAll(bench, { first: direct.first + done, sample }),
      r: () => runOnce(bench),
    }
    for (const [position] of names.entries()) {
      const name = names[(position + done / slice) % names.length] ?? 'q'
      laps[name].add(await time(slice, steps[name]))
    }
  }
  await assertPaid(bench.database, direct)
  await assertPaid(bench.database, queried)
  return laps
}

async function queryAll({ slice, concurrency, query }: Bench, first: number): Promise<void> {
  await eachAtOnce(paidOrders({ first, count: slice }), {
    concurrency,
    work: async ({ orderNo }) => void (await query(orderNo)),
  })
}

async function creditAll(
  { store, slice, concurrency }: Bench,
  { first, sample }: { first: number; sample: TradeAnswer },
): Promise<void> {
  await eachAtOnce(paidOrders({ first, count: slice }), {
    concurrency,
    work: (order) => creditAlone(store, { order, sample }),
  })
}

async function runOnce({ run, slice }: Bench): Promise<void> {
  const made = await run()
  if (made.run.success !== slice) {
    throw new Error(`A run of ${slice} orders came to ${JSON.stringify(made.run.outcomes)}`)
  }
}

async function fill(
  { database, gateway, orders }: Bench,
  { first, age }: { first: number; age: Age },
): Promise<OrderRange> {
  const { mchid, appid } = gateway.merchant
  const range = { first, count: orders, mchid, appid }
  await fillPending(database, { ...range, age })
  return range
}

/** Share of the bound. Settling in groups saves as much time as the other steps of a run take. */
const ratioMin = { postgres: 1, pglite: 0.9 } as const

function figuresOf(
  { database, orders, slice, concurrency }: Bench,
  laps: readonly Laps[],
): Figure[] {
  const name = (what: string) => `${database.kind}: ${what}`
  const each = (pick: (lap: Laps) => number) => laps.map(pick)
  const rate = (what: string, key: keyof Laps) =>
    figure(name(what), { unit: '1/s', values: each((lap) => lap[key].rate) })
  const cpu = (what: string, key: keyof Laps) =>
    figure(name(what), { unit: 'µs', values: each((lap) => lap[key].cpuMicros) })
  return [
    figure(name('orders credited by a run, of what q and s allow: r / (1 / (1/q + 1/s))'), {
      unit: 'ratio',
      values: each(({ q, s, r }) => r.rate * (1 / q.rate + 1 / s.rate)),
      goal: { kind: 'at least', value: ratioMin[database.kind] },
    }),
    rate(`q, queries alone (${orders} orders, ${concurrency} at a time)`, 'q'),
    rate('s, crediting transactions alone', 's'),
    rate(`r, orders credited by runs of ${slice}`, 'r'),
    figure(name('CPU of this process for an order in a run, of that for q and s'), {
      unit: 'ratio',
      values: each(({ q, s, r }) => r.cpuMicros / (q.cpuMicros + s.cpuMicros)),
    }),
    cpu('CPU of this process for a query', 'q'),
    cpu('CPU of this process for a crediting transaction', 's'),
    cpu('CPU of this process for an order in a run', 'r'),
  ]
}
