/** Whether a claim costs the same however many orders are pending. */
import { storeOn } from '../src/store/assemble.ts'
import type { Database } from '../src/store/database.ts'
import { type Figure, figure, median } from './figure.ts'
import { fillPending, settleDown } from './orders.ts'
import type { Part, Size } from './part.ts'

const sizes: Readonly<Record<Size, { small: number; large: number; claims: number }>> = {
  full: { small: 10_000, large: 1_000_000, claims: 30 },
  quick: { small: 5_000, large: 200_000, claims: 20 },
  tiny: { small: 200, large: 400, claims: 2 },
}

export const claiming: Part = {
  name: 'claiming',
  target: 5,
  about: 'what a claim costs as the table grows',
  async bench(stage) {
    const figures = []
    const { small, large, claims } = sizes[stage.size]
    for (const kind of stage.stores) {
      figures.push(
        ...(await benchClaiming({
          small: { database: await stage.freshDatabase(kind), orders: small },
          large: { database: await stage.freshDatabase(kind), orders: large },
          ...{ repetitions: stage.repetitions, claims },
        })),
      )
    }
    return figures
  },
}

interface ClaimingOptions {
  /** Two empty databases of one kind, on one server. */
  readonly small: { readonly database: Database; readonly orders: number }
  readonly large: { readonly database: Database; readonly orders: number }
  readonly repetitions: number
  /** Of each table in each repetition; every claim takes orders that none took before. */
  readonly claims: number
}

/** The story's batch. */
const batchSize = 50
const ratioMax = 1.5

/** Longer than the bench, so that nothing falls due again. */
const leaseMs = 3_600_000

async function benchClaiming(options: ClaimingOptions): Promise<readonly Figure[]> {
  const { small, large, repetitions, claims } = options
  const tables = { small: await fill(small), large: await fill(large) }
  const laps = []
  // As with the other benches, the first repetition is for warming up.
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    const lap = await alternate(tables, claims)
    if (repetition > 0) laps.push(lap)
  }
  const { kind } = small.database
  const name = (what: string) => `${kind}: ${what}`
  const cost = (orders: number, values: readonly number[]) =>
    figure(name(`claiming ${batchSize} of ${orders} pending orders, median of ${claims} claims`), {
      unit: 'ms',
      values,
    })
  return [
    figure(name(`claiming ${batchSize} of ${large.orders} pending orders, of ${small.orders}`), {
      unit: 'ratio',
      values: laps.map((lap) => lap.largeMs / lap.smallMs),
      goal: { kind: 'at most', value: ratioMax },
    }),
    cost(
      large.orders,
      laps.map((lap) => lap.largeMs),
    ),
    cost(
      small.orders,
      laps.map((lap) => lap.smallMs),
    ),
  ]
}

type Claim = () => Promise<number>

async function fill({ database, orders }: ClaimingOptions['small']): Promise<Claim> {
  const merchant = { gateway: 'wechatpay', mchid: '1900000001', appid: 'wx0000000000000001' }
  await fillPending(database, { first: 0, count: orders, ...merchant, age: 'an hour ago' })
  await settleDown(database)
  const store = storeOn(database)
  return async () => {
    const started = performance.now()
    const claimed = await store.claimDue({
      merchant,
      thresholdMs: 300_000,
      limit: batchSize,
      leaseMs,
    })
    const ms = performance.now() - started
    if (claimed.length !== batchSize) {
      throw new Error(`A claim found ${claimed.length} orders of ${orders}, not ${batchSize}`)
    }
    return ms
  }
}

/** One claim here, one there, so that whatever else the machine does hits both alike. */
async function alternate(tables: { small: Claim; large: Claim }, claims: number) {
  const smallMs: number[] = []
  const largeMs: number[] = []
  for (let claim = 0; claim < claims; claim += 1) {
    smallMs.push(await tables.small())
    largeMs.push(await tables.large())
  }
  return { smallMs: median(smallMs), largeMs: median(largeMs) }
}
