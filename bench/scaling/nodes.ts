/**
 * Measures the orders that 1, 2 and more nodes credit a second on one PostgreSQL, and their CPU
 * time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase } from '../../src/store/open.ts'
import { startRedis } from '../../test/support/redis.ts'
import { type Node, startNode } from '../drain/node.ts'
import { type Figure, figure } from '../figure.ts'
import { countPaid, fillPending, type OrderRange, paidOrders, vacuum } from '../orders.ts'
import type { Stage } from '../part.ts'
import { configure, openWorkplace } from '../program.ts'
import { cpuSecondsOf } from './cpu.ts'

/** Settings for a backlog, and a gateway that answers at once. */
const recharge = {
  // Orders are placed while the nodes are running, and are counted at the next interval.
  compensation_interval_mins: 0.05,
  compensation_drain: true,
  compensation_batch_size: 250,
  compensation_concurrency: 5,
  compensation_max_qps: 10_000,
}

/**
 * Several nodes on one machine share its cores, so they only must not be much slower than one node.
 */
const ratioMin = 0.8

interface Credited {
  readonly perSec: number
  readonly nodeMicros: number
  readonly serverMicros: number
}

export async function benchNodes(
  stage: Stage,
  { nodes, orders }: { readonly nodes: readonly number[]; readonly orders: number },
): Promise<readonly Figure[]> {
  const repetitions: (readonly Credited[])[] = []
  for (let repetition = 0; repetition < stage.repetitions; repetition += 1) {
    const each: Credited[] = []
    for (const count of nodes) each.push(await creditWith(stage, { nodes: count, orders }))
    repetitions.push(each)
  }
  return nodes.flatMap((count, at) => figuresOf(count, { at, orders, repetitions }))
}

function figuresOf(
  count: number,
  of: { at: number; orders: number; repetitions: readonly (readonly Credited[])[] },
): readonly Figure[] {
  const { at, orders, repetitions } = of
  const values = (pick: (one: Credited, alone: Credited) => number) =>
    repetitions.flatMap((each) => {
      const [one, alone] = [each[at], each[0]]
      return one === undefined || alone === undefined ? [] : [pick(one, alone)]
    })
  const who = `postgres: ${count} ${count === 1 ? 'node' : 'nodes'}, ${orders} orders`
  return [
    figure(`${who}: credited a second`, { unit: '1/s', values: values((one) => one.perSec) }),
    figure(`${who}: credited a second, of that by 1 node`, {
      unit: 'ratio',
      values: values((one, alone) => one.perSec / alone.perSec),
      goal: { kind: 'at least', value: ratioMin },
    }),
    ...(orders < countedMin ? [] : cpuFigures(who, values)),
  ]
}

/** CPU time is counted in hundredths of a second, which is too coarse for a few orders. */
const countedMin = 1000

function cpuFigures(
  who: string,
  values: (pick: (one: Credited) => number) => readonly number[],
): readonly Figure[] {
  return [
    figure(`${who}: CPU of the nodes for one`, {
      unit: 'µs',
      values: values((one) => one.nodeMicros),
    }),
    figure(`${who}: CPU of PostgreSQL's sessions for one`, {
      unit: 'µs',
      values: values((one) => one.serverMicros),
    }),
  ]
}

async function creditWith(
  stage: Stage,
  { nodes: count, orders }: { readonly nodes: number; readonly orders: number },
): Promise<Credited> {
  const { merchant, sign } = await stage.gateway()
  const databaseUrl = await stage.freshPostgresUrl()
  const database = stage.closing.add(await openDatabase(databaseUrl), ({ close }) => close())
  const nodes = await startNodes(stage, { databaseUrl, count })
  const rangeOf = (first: number, length: number): OrderRange => ({
    ...{ first, count: length, mchid: merchant.mchid, appid: merchant.appid },
  })
  // The warm-up compiles the code and opens the connections.
  const warmUp = rangeOf(0, Math.ceil(orders / 4))
  const measured = rangeOf(warmUp.count, orders)
  await sign(paidOrders(rangeOf(0, warmUp.count + orders)))
  await fillPending(database, { ...warmUp, age: 'an hour ago' })
  await untilPaid(database, warmUp, warmUp.count)
  await vacuum(database)

  await fillPending(database, { ...measured, age: 'an hour ago' })
  // The measurement begins with the first credit, because the nodes wait for the next interval.
  const before = await untilPaid(database, measured, 1)
  const cpu = async () => ({
    nodes: cpuSecondsOf(nodes.map(({ pid }) => pid)),
    server: cpuSecondsOf(await sessionsOf(database)),
  })
  const [began, cpuBefore] = [performance.now(), await cpu()]
  // If there are few orders, all of them may be paid at the first poll.
  const paid = Math.max(1, (await untilPaid(database, measured, orders)) - before)
  const [seconds, cpuAfter] = [(performance.now() - began) / 1000, await cpu()]
  await Promise.all(nodes.map((node) => node.stop()))
  const audit = await storeOn(database).audit()
  if (Object.values(audit).some((faults) => faults !== 0)) {
    throw new Error(`The audit found ${JSON.stringify(audit)}`)
  }
  await database.close()
  return {
    perSec: paid / seconds,
    nodeMicros: ((cpuAfter.nodes - cpuBefore.nodes) / paid) * 1e6,
    serverMicros: ((cpuAfter.server - cpuBefore.server) / paid) * 1e6,
  }
}

async function startNodes(
  stage: Stage,
  wanted: { readonly databaseUrl: string; readonly count: number },
): Promise<readonly Node[]> {
  const { closing } = stage
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const redis = closing.add(await startRedis(), ({ stop }) => stop())
  const sections = { engine: { url: redis.url }, log: { level: 'info', format: 'json' } }
  const { databaseUrl } = wanted
  await configure(workplace, { gateway: await stage.gateway(), databaseUrl, recharge, sections })
  const nodes = Array.from({ length: wanted.count }, (_, nth) =>
    startNode(workplace, { closing, nth }),
  )
  return Promise.all(nodes)
}

const pollMs = 50

/** Resolves with the number of paid orders as soon as there are at least `least`. */
async function untilPaid(database: Database, range: OrderRange, least: number): Promise<number> {
  for (;;) {
    const paid = await countPaid(database, range)
    if (paid >= least) return paid
    await delay(pollMs)
  }
}

/** Process ids of all sessions except the bench's own. */
async function sessionsOf({ db }: Database): Promise<readonly number[]> {
  const { rows } = await sql<{ readonly pid: number }>`
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db)
  return rows.map(({ pid }) => pid)
}
