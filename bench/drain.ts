/**
 * Whether a backlog, however long, leaves the process small and its event loop free: `serve`, built
 * and in processes of its own, drains it while callbacks keep coming.
 */
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { storeOn } from '../src/store/assemble.ts'
import type { Database } from '../src/store/database.ts'
import { openDatabase } from '../src/store/open.ts'
import { redisBinary, startRedis } from '../test/support/redis.ts'
import { type Figure, figure, median, percentile } from './figure.ts'
import type { InstantGateway } from './gateway/start.ts'
import { type Notifier, startNotifier } from './notifier/start.ts'
import { assertAsked, assertPaid, fillPending, paidOrders, settleDown } from './orders.ts'
import type { Part, Size, Stage } from './part.ts'
import { configure, openWorkplace, type Started, startProgram, stopProgram } from './program.ts'

interface Drain {
  readonly orders: number
  /** More than one share the backlog by Redis. */
  readonly nodes: number
}

const drains: Readonly<Record<Size, readonly Drain[]>> = {
  full: [
    { orders: 1_000_000, nodes: 1 },
    { orders: 200_000, nodes: 2 },
  ],
  quick: [{ orders: 6_000, nodes: 1 }],
  tiny: [{ orders: 60, nodes: 1 }],
}

export const drain: Part = {
  name: 'drain',
  target: 6,
  about: 'memory and event loop of `serve` while it drains a backlog',
  async bench(stage) {
    const figures = []
    for (const wanted of drains[stage.size]) {
      if (wanted.nodes > 1 && redisBinary() === null) continue
      figures.push(...(await benchDrain(stage, wanted)))
    }
    return figures
  },
}

/** Backlogs are mostly of orders that nobody ever paid. */
const paidEvery = 10

/** As somebody sets it who has such a backlog and no quota to speak of. */
const recharge = {
  compensation_drain: true,
  compensation_batch_size: 500,
  compensation_concurrency: 20,
  compensation_max_qps: 10_000,
}

async function benchDrain(stage: Stage, wanted: Drain): Promise<readonly Figure[]> {
  const { closing, repetitions } = stage
  const gateway = await stage.gateway()
  await gateway.signOnDemand({ paidEvery })
  const notifier = closing.add(startNotifier(gateway), (one) => one.stop())
  const databaseUrl = await stage.freshPostgresUrl()
  const database = closing.add(await openDatabase(databaseUrl), ({ close }) => close())
  const { mchid, appid } = gateway.merchant
  const backlog = { first: 0, count: wanted.orders, mchid, appid }
  await fillPending(database, { ...backlog, age: 'an hour ago' })
  await settleDown(database)

  const nodes = await startNodes(stage, { gateway, databaseUrl, count: wanted.nodes })
  const bench = { ...wanted, nodes, gateway, notifier, database, repetitions }
  const began = performance.now()
  const posting = keepPosting(bench)
  await untilAsked(bench)
  const seconds = (performance.now() - began) / 1000
  const callbackMs = await posting.stop()
  const signs = await Promise.all(nodes.map(stopNode))

  await assertAsked(database, { ...backlog, paidEvery })
  const audit = await storeOn(database).audit()
  if (Object.values(audit).some((count) => count !== 0)) {
    throw new Error(`The audit found ${JSON.stringify(audit)}`)
  }
  return figuresOf(bench, { signs, seconds, callbackMs })
}

interface Bench extends Drain {
  readonly nodes: readonly Node[]
  readonly gateway: InstantGateway
  readonly notifier: Notifier
  readonly database: Database
  readonly repetitions: number
}
