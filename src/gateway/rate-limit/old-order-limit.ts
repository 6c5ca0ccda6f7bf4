import type { Clock } from '../../domain/clock.ts'
import type { RateLimiter } from '../../domain/rate-limiter.ts'

/** The gateway answers few queries about old orders; all processes share those few. */
export interface OldOrderLimit {
  /** Whether an order of that age may be queried now. One that is not old always may. */
  tryAcquire(orderedAt: Date | undefined): Promise<boolean>
}

/** Merchants report that about twenty queries a minute are answered about orders older than this. */
const oldMs = 30 * 86_400_000

/**
 * Fifteen in any minute, which leaves a quarter of those twenty to other programs: eight at once,
 * because a run comes every few minutes and takes what is there, and seven more in the rest of the
 * minute. Nothing waits for this limit: a query that waits would keep younger orders waiting.
 */
const atOnceMax = 8
const stepMs = 8_000
const burstMs = (atOnceMax - 1) * stepMs
/** How long a limiter that failed is left alone. */
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
    // Those behind one that failed need not fail as slowly.
    nextAt = performance.now() + errorPauseMs
    const { count, nextInMs } = await limiter.reserve(rate)
    nextAt = performance.now() + nextInMs
    return count > 0
  }
  return {
    async tryAcquire(orderedAt) {
      if (orderedAt === undefined || clock().getTime() - orderedAt.getTime() <= oldMs) return true
      // One after the other: otherwise hundreds reach the limiter before the first learns `nextAt`.
      const acquired = last.then(acquire)
      last = acquired.catch(() => undefined)
      return acquired
    },
  }
}
