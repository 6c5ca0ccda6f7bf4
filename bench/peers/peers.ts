/**
 * Compares budan with its alternatives, each of which is a small complete program in `peers/`: the
 * story's algorithm, one delayed job for each order on BullMQ, and the same on pg-boss. All of them
 * query the same gateway with the same concurrency, and credit on the same PostgreSQL server.
 */
import { startRedis } from '../../test/support/redis.ts'
import type { Part, Size } from '../part.ts'
import type { ComparisonSize } from './contenders.ts'
import { benchRates } from './rates.ts'
import { benchSearch } from './search.ts'

const sizes: Readonly<Record<Size, ComparisonSize>> = {
  full: {
    ...{ orders: 3000, warmUp: 6000, slice: 1000 },
    ...{ concurrency: 5, batchSize: 250, unpaid: 10_000, searches: 3 },
  },
  quick: {
    ...{ orders: 300, warmUp: 600, slice: 300 },
    ...{ concurrency: 5, batchSize: 250, unpaid: 300, searches: 1 },
  },
  tiny: {
    ...{ orders: 12, warmUp: 6, slice: 6 },
    ...{ concurrency: 3, batchSize: 6, unpaid: 20, searches: 1 },
  },
}

export const peers: Part = {
  name: 'peers',
  target: 2,
  about: 'orders credited by budan, and by its alternatives',
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
