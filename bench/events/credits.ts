/** Measures what it costs the crediting that an endpoint gets its events, and how soon it has them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { WebhookConfig } from '../../src/config/webhooks/webhook-config.ts'
import { openService } from '../../src/service.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import type { Store } from '../../src/store/store.ts'
import { configOf } from '../../test/support/world.ts'
import { figure, percentile } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { Laptimes, time } from '../measure/stopwatch.ts'
import { assertPaid, fillPending, paidOrders, vacuum } from '../orders.ts'
import { firstRepetition, type Part, type Size, type Stage } from '../part.ts'
import { delivered } from './event-rows.ts'
import { startReceivers } from './receivers.ts'

const sizes: Readonly<Record<Size, { orders: number; slice: number; seconds: number }>> = {
  full: { orders: 5000, slice: 250, seconds: 20 },
  quick: { orders: 1000, slice: 250, seconds: 5 },
  tiny: { orders: 12, slice: 6, seconds: 1 },
}

/** Credits a second, for the latency. */
const perSecond = 100

export const eventCredits: Part = {
  name: 'event-credits',
  target: 20,
  about: 'credits with one endpoint, of credits without; and how soon it has each',
  async bench(stage) {
    const { orders, slice, seconds } = sizes[stage.size]
    const gateway = await stage.gateway()
    const { endpoints, take } = await startReceivers(stage, 1)
    const sending = await openSide(stage, { gateway, slice, endpoints })
    const alone = await openSide(stage, { gateway, slice, endpoints: [] })
    const ratios: number[] = []
    const p99s: number[] = []
    try {
      for (let nth = firstRepetition(stage); nth <= stage.repetitions; nth += 1) {
        const ratio = await creditOnBoth({ sending, alone, gateway }, { nth, orders, slice })
        await take()
        const first = 1_000_000 + nth * perSecond * seconds
        const p99 = await latencyOf({ sending, gateway, take }, { first, seconds })
        if (nth > 0) {
          ratios.push(ratio)
          p99s.push(p99)
        }
      }
    } finally {
      await sending.budan.close()
      await alone.budan.close()
    }
    return [
      figure('orders credited by runs with one endpoint, of without', {
        ...{ unit: 'ratio', values: ratios, goal: { kind: 'at least', value: 0.85 } },
      }),
      figure(`p99 from a credit to its receiver, at ${perSecond} credits a second`, {
        ...{ unit: 'ms', values: p99s, goal: { kind: 'at most', value: 250 } },
      }),
    ]
  },
}

interface Side {
  readonly database: Database
  readonly store: Store
  readonly budan: Awaited<ReturnType<typeof openService>>
  readonly names: readonly string[]
}

async function openSide(
  stage: Stage,
  {
    gateway,
    slice,
    endpoints,
  }: { gateway: InstantGateway; slice: number; endpoints: readonly WebhookConfig[] },
): Promise<Side> {
  const database = await stage.freshDatabase('postgres')
  const store = storeOn(database)
  const { url, merchant } = gateway
  // Runs are made by hand; what is published is delivered all the same.
  const recharge = {
    ...{ compensationBatchSize: slice, compensationConcurrency: 50, compensationEnabled: false },
  }
  const config = configOf({ url }, { merchant, recharge })
  const log = { level: 'silent', format: 'json' } as const
  const budan = await openService({ ...config, log, webhooks: endpoints }, { store })
  budan.start()
  return { database, store, budan, names: endpoints.map(({ name }) => name) }
}

/** Slices are credited in turn; before the other side begins, all was delivered. */
async function creditOnBoth(
  { sending, alone, gateway }: { sending: Side; alone: Side; gateway: InstantGateway },
  { nth, orders, slice }: { nth: number; orders: number; slice: number },
): Promise<number> {
  const range = { first: orders * nth, count: orders, ...idsOf(gateway) }
  for (const { database } of [sending, alone]) {
    await fillPending(database, { ...range, age: 'an hour ago' })
    await vacuum(database)
  }
  await gateway.sign(paidOrders(range))
  const laps = { sending: new Laptimes(), alone: new Laptimes() }
  const lap = async (side: 'sending' | 'alone') => {
    const { budan, store, names } = { sending, alone }[side]
    laps[side].add(await time(slice, () => runOnce(budan, slice)))
    await delivered(store, names)
  }
  for (let done = 0; done < orders; done += slice) {
    const both = ['sending', 'alone'] as const
    for (const side of (done / slice) % 2 === 0 ? both : both.toReversed()) await lap(side)
  }
  await assertPaid(sending.database, range)
  await assertPaid(alone.database, range)
  return laps.sending.rate / laps.alone.rate
}

async function runOnce({ run }: Side['budan'], slice: number): Promise<void> {
  const { run: made } = await run({ dryRun: false })
  if (made.success !== slice) {
    throw new Error(`A run of ${slice} orders came to ${JSON.stringify(made.outcomes)}`)
  }
}

/** Credits by manual checks, one after the other at a fixed pace. */
async function latencyOf(
  {
    sending,
    gateway,
    take,
  }: {
    sending: Side
    gateway: InstantGateway
    take: () => Promise<Readonly<Record<string, readonly number[]>>>
  },
  { first, seconds }: { first: number; seconds: number },
): Promise<number> {
  const count = perSecond * seconds
  const range = { first, count, ...idsOf(gateway) }
  await fillPending(sending.database, { ...range, age: 'an hour ago' })
  await gateway.sign(paidOrders(range))
  const started = performance.now()
  const checks = paidOrders(range).map(async ({ orderNo }, nth) => {
    await delay(started + (nth * 1000) / perSecond - performance.now())
    await sending.budan.checkOrder(orderNo)
  })
  await Promise.all(checks)
  await assertPaid(sending.database, range)
  await delay(1000)
  await delivered(sending.store, sending.names)
  const received = await take()
  const times = sending.names.flatMap((name) => received[name] ?? [])
  if (times.length < count) throw new Error(`${times.length} of ${count} events were received`)
  return percentile(times, 0.99)
}

function idsOf({ merchant }: InstantGateway) {
  return { mchid: merchant.mchid, appid: merchant.appid }
}
