import type { Clock } from '../../domain/clock.ts'
import type { RateLimiter } from '../../domain/rate-limiter.ts'

/** The gateway answers few queries about old orders. All processes share this limit. */
export interface OldOrderLimit {
  /** Whether an order of that age may be queried now. An order that is not old always may. */
  tryAcquire(orderedAt: Date | undefined): Promise<boolean>
}

/** Merchants report that WeChat Pay answers about twenty queries a minute about orders older than this. */
const oldMs = 30 * 86_400_000

/**
 * At most fifteen in any minute, which leaves a quarter of those twenty to other programs. Eight at
 * once, because a run comes every few minutes and takes what is available; seven more in the rest of the
 * minute. No query waits for this limit: it would make younger orders wait.
 */
const atOnceMax = 8
const stepMs = 8_000
const burstMs = (atOnceMax - 1) * stepMs
/** How long no request is sent to a limiter that failed. */
const errorPauseMs = 500

export function createOldOrderLimit({
  limiter,
  quotaName,
  clock,
}: {
  limiter: RateLimiter
  quotaName: string
  clock: Clock
}): OldOrderLimit {
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
      if (orderedAt === undefined || clock().getTime() - orderedAt.getTime() <= oldMs) return true
      // One at a time: otherwise hundreds of requests reach the limiter before the first has set `nextAt`.
      const acquired = last.then(acquire)
      last = acquired.catch(() => undefined)
      return acquired
    },
  }
}
