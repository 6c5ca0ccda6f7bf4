/** The least p99 that a choice of runs could reach if the payers were known beforehand. */
import type { DrawnOrder, Simulate } from './simulate-order.ts'

export interface LimitOptions {
  /** The simulation in which each run queries each order. */
  readonly always: Simulate
  /** Only paid orders. */
  readonly drawnOrders: readonly DrawnOrder[]
  readonly intervalMs: number
  /** Runs in the life of an order; the first and the last of them always query it. */
  readonly runs: number
  /** The number of these runs that query the order. */
  readonly queryCount: number
}

/**
 * The least p99, in minutes, that any choice of runs reaches if it is the same for each order. The
 * result is exact: how many payments a query sees late depends only on the query before it, so
 * dynamic programming over the queries finds the best choice.
 */
export function leastP99(options: LimitOptions): number {
  const { drawnOrders, runs, intervalMs } = options
  const lateMax = drawnOrders.length - Math.ceil(0.99 * drawnOrders.length)
  const sighted = sightings(options)
  let [lowMs, highMs] = [0, runs * intervalMs]
  while (highMs - lowMs > resolutionMs) {
    const ms = (lowMs + highMs) / 2
    if (fewestLate(lateWithin(sighted, { ms, intervalMs }), options) <= lateMax) highMs = ms
    else lowMs = ms
  }
  return highMs / 60_000
}

const resolutionMs = 10

/** For each run, the ages of the payments that it would see first if every run queried. */
function sightings({ always, drawnOrders, runs }: LimitOptions): readonly (readonly number[])[] {
  const waits: number[][] = Array.from({ length: runs }, () => [])
  for (const drawn of drawnOrders) {
    const { calls, seenAt } = always(drawn)
    if (seenAt === null || drawn.paidAt === null) throw new Error('A payment was never seen')
    waits[calls - 1]?.push(seenAt - drawn.paidAt)
  }
  return waits
}

/**
 * The number of payments, of those that `run` would see first, that are late if seen `later` runs
 * after it.
 */
type Late = (run: number, later: number) => number

function lateWithin(
  sighted: readonly (readonly number[])[],
  { ms, intervalMs }: { ms: number; intervalMs: number },
): Late {
  const late = sighted.map((waits) =>
    sighted.map((_, later) => waits.filter((wait) => wait + later * intervalMs > ms).length),
  )
  return (run, later) => late[run]?.[later] ?? 0
}

function fewestLate(late: Late, { runs, queryCount }: LimitOptions): number {
  // fewest[run]: the best of the choices so far whose last query is in that run.
  let fewest = Array.from({ length: runs }, (_, run) => (run === 0 ? late(0, 0) : Infinity))
  for (let nth = 2; nth <= queryCount; nth += 1) {
    fewest = fewest.map((_, run) => {
      let best = Infinity
      let between = 0
      for (let before = run - 1; before >= 0; before -= 1) {
        between += late(before + 1, run - before - 1)
        best = Math.min(best, (fewest[before] ?? Infinity) + between)
      }
      return best
    })
  }
  return fewest.at(-1) ?? Infinity
}
