/**
 * Measures whether the memory and the event loop delay stay bounded while a long backlog is drained.
 * The built `serve`, in processes of its own, drains it while callbacks arrive.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase } from '../../src/store/open.ts'
import { redisBinary, startRedis } from '../../test/support/redis.ts'
import { type Figure, figure, median, percentile } from '../figure.ts'
import type { InstantGateway } from '../gateway/start.ts'
import { type Notifier, startNotifier } from '../notifier/start.ts'
import { assertPaid, assertQueried, fillPending, paidOrders, vacuum } from '../orders.ts'
import type { Part, Size, Stage } from '../part.ts'
import { configure, openWorkplace } from '../program.ts'
import { proofKeys, sealAll } from '../security/proof-keys.ts'
import { type Node, startNode, type VitalSigns } from './node.ts'

interface Drain {
  readonly orders: number
  /** Two or more nodes share the backlog by Redis. */
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

/** Most orders of a real backlog are unpaid. */
const paidEvery = 10

/** Settings for a large backlog and a gateway that answers at once. */
const recharge = {
  compensation_drain: true,
  compensation_batch_size: 500,
  compensation_concurrency: 20,
  compensation_max_qps: 10_000,
}

async function benchDrain(stage: Stage, wanted: Drain): Promise<readonly Figure[]> {
  const gateway = await stage.gateway()
  await gateway.signOnDemand({ paidEvery })
  const notifier = stage.closing.add(await startNotifier(gateway), (one) => one.stop())
  const databaseUrl = await stage.freshPostgresUrl()
  const database = stage.closing.add(await openDatabase(databaseUrl), ({ close }) => close())
  const { mchid, appid } = gateway.merchant
  const backlog = { first: 0, count: wanted.orders, mchid, appid }
  await fillPending(database, { ...backlog, age: 'an hour ago' })
  await sealAll(storeOn(database, { proofKeys }))
  await vacuum(database)

  // Discards the arrivals of earlier parts, before a node can send the first of these.
  await gateway.arrivals()
  const nodes = await startNodes(stage, { gateway, databaseUrl, count: wanted.nodes })
  const bench = { ...wanted, nodes, gateway, notifier, database, repetitions: stage.repetitions }
  const began = performance.now()
  const enough = new AbortController()
  const [callbackMs, seconds] = await Promise.all([
    postUntil(enough.signal, bench),
    untilQueried(bench)
      .then(() => (performance.now() - began) / 1000)
      .finally(() => enough.abort()),
  ])
  const signs = await Promise.all(nodes.map((node) => node.stop()))
  await assertQueried(database, { ...backlog, paidEvery })
  await assertSound(database)
  return figuresOf(bench, { signs, seconds, callbackMs })
}

async function startNodes(
  { closing }: Stage,
  wanted: { gateway: InstantGateway; databaseUrl: string; count: number },
): Promise<readonly Node[]> {
  const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
  const engine =
    wanted.count === 1
      ? { url: 'local' }
      : { url: closing.add(await startRedis(), (server) => server.stop()).url }
  // The level of production, which logs lines for each order.
  const sections = { engine, log: { level: 'info', format: 'json' }, proof: { keys: proofKeys } }
  await configure(workplace, { ...wanted, recharge, sections })
  const nodes: Node[] = []
  for (let nth = 0; nth < wanted.count; nth += 1) {
    nodes.push(await startNode(workplace, { closing, nth }))
  }
  return nodes
}

interface Bench {
  readonly orders: number
  readonly nodes: readonly Node[]
  readonly gateway: InstantGateway
  readonly notifier: Notifier
  readonly database: Database
  readonly repetitions: number
}

/** The load of a busy merchant. */
const callbacksPerSec = 20
const callbacksAtOnce = 20

/**
 * Posts callbacks of orders that are not in the backlog, to each node in turn. Each is answered with
 * 204 and credited. Resolves with the latency of each callback.
 */
async function postUntil(signal: AbortSignal, bench: Bench): Promise<readonly number[]> {
  const { nodes, orders, gateway, notifier, database } = bench
  const { mchid, appid } = gateway.merchant
  const all: number[] = []
  for (let nth = 0; nth === 0 || !signal.aborted; nth += 1) {
    const first = orders + nth * callbacksAtOnce
    const range = { first, count: callbacksAtOnce, mchid, appid }
    await fillPending(database, { ...range, age: 'now' })
    await notifier.sign(paidOrders(range))
    const url = nodes[nth % nodes.length]?.url ?? ''
    const sent = { count: callbacksAtOnce, connections: callbacksAtOnce, perSec: callbacksPerSec }
    const { ms } = await notifier.post({ url, first: 0, ...sent })
    await assertPaid(database, range)
    all.push(...ms)
  }
  return all
}

const pollMs = 100

/**
 * Resolves when the gateway has received one query for each order. A stretch ends when the nodes are
 * ready, when they are warm, and at the end of each repetition's share of the orders.
 */
async function untilQueried({ nodes, gateway, orders, repetitions }: Bench): Promise<void> {
  const endStretch = () => Promise.all(nodes.map((node) => node.endStretch()))
  await endStretch()
  let queried = 0
  for (let ended = 0; ended <= repetitions; await delay(pollMs)) {
    queried += (await gateway.arrivals()).length
    if (queried < (orders * (ended + 1)) / (repetitions + 1)) continue
    await endStretch()
    ended += 1
  }
}

async function assertSound(database: Database): Promise<void> {
  const audit = await storeOn(database).audit()
  if (Object.values(audit).some((count) => count !== 0)) {
    throw new Error(`The audit found ${JSON.stringify(audit)}`)
  }
}

const megabytesMax = 250
const growthMax = 1.1
const delayMsMax = 50

interface Drained {
  readonly signs: readonly VitalSigns[]
  readonly seconds: number
  readonly callbackMs: readonly number[]
}

function figuresOf(
  { orders, nodes }: Bench,
  { signs, seconds, callbackMs }: Drained,
): readonly Figure[] {
  const who = nodes.length === 1 ? 'serve' : `${nodes.length} nodes`
  const name = (what: string) => `postgres: ${who} draining ${orders} orders: ${what}`
  // The first stretch is the start, the second the warm-up, the last one the stop.
  const stretches = signs.flatMap((each) => each.stretches.slice(2, -1))
  const latency = (share: number) => [percentile(callbackMs, share)]
  return [
    figure(name('peak memory'), {
      unit: 'MB',
      values: [Math.max(...signs.map(({ peakBytes }) => peakBytes / 1e6))],
      goal: { kind: 'at most', value: megabytesMax },
    }),
    figure(name('memory in the last quarter, of that in the second'), {
      unit: 'ratio',
      values: [Math.max(...signs.map(growthOf))],
      goal: { kind: 'at most', value: growthMax },
    }),
    figure(name('delay of the event loop, p99 (idle: 10)'), {
      unit: 'ms',
      values: stretches.map(({ delayMs }) => delayMs.p99),
      goal: { kind: 'at most', value: delayMsMax },
    }),
    figure(name('delay of the event loop, longest'), {
      unit: 'ms',
      values: stretches.map(({ delayMs }) => delayMs.max),
    }),
    figure(name(`callbacks, ${callbacksPerSec} a second, p99`), {
      unit: 'ms',
      values: latency(0.99),
    }),
    figure(name(`callbacks, ${callbacksPerSec} a second, median`), {
      unit: 'ms',
      values: latency(0.5),
    }),
    figure(name('orders asked about'), { unit: '1/s', values: [orders / seconds] }),
  ]
}

/** Compares medians, so that neither a single peak nor a garbage collection decides. */
function growthOf({ stretches }: VitalSigns): number {
  const bytes = stretches.slice(1, -1).flatMap(({ residentBytes }) => residentBytes)
  const quarter = (nth: number) =>
    bytes.slice(Math.floor((bytes.length * nth) / 4), Math.ceil((bytes.length * (nth + 1)) / 4))
  return median(quarter(3)) / median(quarter(1))
}
