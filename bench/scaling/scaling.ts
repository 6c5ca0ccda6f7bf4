/**
 * Measures the throughput of several nodes on one PostgreSQL, and the disk space of a finished
 * order.
 */
import { redisBinary } from '../../test/support/redis.ts'
import type { Figure } from '../figure.ts'
import type { Part, Size, Stage } from '../part.ts'
import { benchClaims } from './claims.ts'
import { benchFootprint } from './footprint.ts'
import { benchNodes } from './nodes.ts'

interface ScalingSize {
  /** Numbers of nodes. Each number credits the same backlog, on a database of its own. */
  readonly nodes: readonly number[]
  /** Paid orders of each backlog. */
  readonly backlog: number
  /** Paid orders whose rows, log bytes and statements are counted. */
  readonly credited: number
  /** Sizes of the tables in which claims are timed; a tenth of the orders are pending. */
  readonly orders: readonly number[]
  readonly claims: number
}

const sizes: Readonly<Record<Size, ScalingSize>> = {
  full: {
    ...{ nodes: [1, 2, 4], backlog: 20_000, credited: 20_000 },
    ...{ orders: [100_000, 1_000_000, 10_000_000], claims: 40 },
  },
  quick: {
    ...{ nodes: [1, 2], backlog: 3_000, credited: 3_000 },
    ...{ orders: [10_000, 100_000], claims: 20 },
  },
  tiny: { nodes: [2], backlog: 20, credited: 20, orders: [400], claims: 2 },
}

export const scaling: Part = {
  name: 'scaling',
  target: 11,
  about: 'orders credited by 1, 2 and 4 nodes; bytes, log and statements of an order; claims',
  needsRedis: true,
  async bench(stage: Stage): Promise<readonly Figure[]> {
    const size = sizes[stage.size]
    const nodes = redisBinary() === null ? [1] : size.nodes
    return [
      ...(await benchFootprint(stage, { orders: size.credited })),
      ...(await benchClaims(stage, size)),
      ...(await benchNodes(stage, { nodes, orders: size.backlog })),
    ]
  },
}
