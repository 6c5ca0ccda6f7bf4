/**
 * Measures the share of the quota that several nodes use together, and the most queries in any second.
 * The nodes are the built program, on one PostgreSQL; the gateway records the arrival time of each
 * query. The orders are never paid and soon due again, so the backlog never ends.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { openDatabase } from '../../src/store/open.ts'
import { Closing } from '../closing.ts'
import { type Figure, figure } from '../figure.ts'
import { fillPending, paidOrders, vacuum } from '../orders.ts'
import type { Part, Size, Stage } from '../part.ts'
import { configure, openWorkplace, startProgram, stopProgram } from '../program.ts'

interface Setting {
  /** Queries a second of the whole merchant. */
  readonly quotas: readonly { readonly qps: number; readonly nodes: readonly number[] }[]
  /** The length of each repetition. */
  readonly stretchMs: number
  /** In which the due orders are counted and divided among the nodes. */
  readonly intervalMs: number
}

/**
 * Longer than four nodes need for one batch each at 20 a second; otherwise their runs would be cut off
 * by the deadline.
 */
const intervalMs = 15_000

const sizes: Readonly<Record<Size, Setting>> = {
  full: {
    quotas: [20, 200, 1_000].map((qps) => ({ qps, nodes: [1, 2, 4] })),
    ...{ stretchMs: 5_000, intervalMs },
  },
  quick: {
    quotas: [
      { qps: 200, nodes: [2] },
      { qps: 1_000, nodes: [1] },
    ],
    ...{ stretchMs: 1_000, intervalMs },
  },
  // The second node may have to wait for the next interval until it gets orders.
  tiny: { quotas: [{ qps: 200, nodes: [2] }], stretchMs: 500, intervalMs: 3_000 },
}

export const quota: Part = {
  name: 'quota',
  target: 4,
  about: 'the share of the quota that nodes use together, and the most queries in a second',
  async bench(stage) {
    const { quotas, ...times } = sizes[stage.size]
    const figures = []
    for (const { qps, nodes } of quotas) {
      for (const count of nodes)
        figures.push(...(await benchNodes(stage, { qps, count, ...times })))
    }
    return figures
  },
}

interface Nodes extends Pick<Setting, 'stretchMs' | 'intervalMs'> {
  readonly qps: number
  readonly count: number
}

const shareMin = 0.97
const peakMax = 1.05

async function benchNodes(stage: Stage, nodes: Nodes): Promise<readonly Figure[]> {
  const { qps, count, stretchMs } = nodes
  const laps = stretchesOf(await arrivalsAt(stage, nodes), {
    ...{ stretchMs, count: stage.repetitions },
  })
  const name = (what: string) =>
    `postgres: ${what} of ${qps} a second, ${count} node${count > 1 ? 's' : ''}`
  return [
    figure(name('share used'), {
      unit: 'ratio',
      values: laps.map(({ queries }) => (queries * 1_000) / (qps * stretchMs)),
      goal: { kind: 'at least', value: shareMin },
    }),
    figure(name('most in any second'), {
      unit: 'ratio',
      values: laps.map(({ mostInASecond }) => mostInASecond / qps),
      goal: { kind: 'at most', value: peakMax },
    }),
  ]
}

const minuteMs = 60_000
/** Enough orders for a whole interval, and more than the nodes can have claimed at one time. */
const ordersOf = ({ qps, intervalMs }: Nodes) => Math.max(1_000, 1.2 * qps * (intervalMs / 1_000))

/** The arrival time of each query, beginning when all nodes send queries. */
async function arrivalsAt(stage: Stage, nodes: Nodes): Promise<readonly number[]> {
  const { count, stretchMs } = nodes
  const gateway = await stage.gateway()
  const databaseUrl = await stage.freshPostgresUrl()
  const { mchid, appid } = gateway.merchant
  const range = { first: 0, count: ordersOf(nodes), mchid, appid }
  // Stops the nodes before the next measurement, and in any case at the end of the bench.
  const closing = stage.closing.add(new Closing(), (own) => own.close())
  const database = closing.add(await openDatabase(databaseUrl), (opened) => opened.close())
  try {
    await fillPending(database, { ...range, age: 'an hour ago' })
    await vacuum(database)
    await gateway.sign(paidOrders(range), { tradeState: 'NOTPAY' })
    const workplace = closing.add(await openWorkplace(), ({ remove }) => remove())
    await configure(workplace, { gateway, databaseUrl, recharge: rechargeOf(nodes) })
    const env = { ENGINE_URL: count > 1 ? databaseUrl : 'local' }
    const programs = Array.from({ length: count }, () =>
      closing.add(startProgram(['serve'], { cwd: workplace.path, env }), stopProgram),
    )
    await Promise.all(programs.map((program) => program.printed(/ready at/)))
    await untilAllQuery(database, count)
    await gateway.arrivals()
    // A window of one second that begins at the end of the last stretch ends a second after it.
    await pause(stage.repetitions * stretchMs + 1_500)
    return await gateway.arrivals()
  } finally {
    await closing.close()
  }
}

function rechargeOf({ qps, intervalMs }: Nodes) {
  return {
    compensation_max_qps: qps,
    compensation_drain: true,
    compensation_interval_mins: intervalMs / minuteMs,
    compensation_recheck_mins: [1_000 / minuteMs],
    compensation_concurrency: 20,
    compensation_batch_size: Math.max(20, qps / 4),
  }
}

const tryMs = 100
const triesMax = 300

async function untilAllQuery(
  { db }: Awaited<ReturnType<typeof openDatabase>>,
  count: number,
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const { rows } = await sql<{ readonly count: number }>`
      select count(distinct node)::integer as count from runs where waiting > 0`.execute(db)
    if (rows[0]?.count === count) return
    await pause(tryMs)
  }
  throw new Error(`Not all of ${count} nodes have made a run`)
}

interface Stretch {
  readonly queries: number
  /** The maximum of all windows that begin in this stretch. */
  readonly mostInASecond: number
}

function stretchesOf(
  times: readonly number[],
  { stretchMs, count }: { stretchMs: number; count: number },
): readonly Stretch[] {
  const sorted = [...times].sort((one, other) => one - other)
  const began = sorted[0] ?? 0
  let end = 0
  const inTheSecondFrom = sorted.map((from, n) => {
    while ((sorted[end] ?? Number.POSITIVE_INFINITY) < from + 1_000) end += 1
    return { from, count: end - n }
  })
  return Array.from({ length: count }, (_, n) => {
    const within = inTheSecondFrom.filter(
      ({ from }) => from >= began + n * stretchMs && from < began + (n + 1) * stretchMs,
    )
    return {
      queries: within.length,
      mostInASecond: Math.max(0, ...within.map((each) => each.count)),
    }
  })
}
