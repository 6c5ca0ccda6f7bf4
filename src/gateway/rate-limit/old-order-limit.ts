import type { Clock } from '../../domain/clock.ts'
import type { RateLimiter } from '../../domain/runs/rate-limiter.ts'

/** The gateway answers few queries about old orders. All processes share this limit. */
export interface OldOrderLimit {
  /** Whether an order of that age may be queried now. An order that is not old always may. */
  tryAcquire(orderedAt: Date | undefined): Promise<boolean>
}

/** How many queries about old orders a gateway answers. */
export interface OldOrderRule {
  readonly olderThanMs: number
  readonly atOnceMax: number
  /** After `atOnceMax` queries there is one more in each of these. */
  readonly stepMs: number
}

/** How long no request is sent to a limiter that failed. */
const errorPauseMs = 500

/** No query waits for this limit: it would make younger orders wait. */
export function createOldOrderLimit(
  { olderThanMs, atOnceMax, stepMs }: OldOrderRule,
  { limiter, quotaName, clock }: { limiter: RateLimiter; quotaName: string; clock: Clock },
): OldOrderLimit {
  const burstMs = (atOnceMax - 1) * stepMs
  const rate = { quota: `${quotaName}/aged`, count: 1, stepMs, burstMs, horizonMs: 0 }
  let last: Promise<unknown> = Promise.resolve()
  let nextAt = 0

  const acquire = async () => {
    if (performance.now() < nextAt) return false
    // If this request fails slowly, the queries behind it are refused at once.
    nextAt = performance.now() + errorPauseMs
    const { count, nextInMs } = await limiter.reserve(rate)
    nextAt = performance.now() + nextInMs
    return count > 0
  }
  return {
    async tryAcquire(orderedAt) {
      if (orderedAt === undefined || clock().getTime() - orderedAt.getTime() <= olderThanMs)
        return true
      // One at a time: otherwise hundreds of requests reach the limiter before the first has set `nextAt`.
      const acquired = last.then(acquire)
      last = acquired.catch(() => undefined)
      return acquired
    },
  }
}
