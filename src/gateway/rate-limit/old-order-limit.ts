import type { Clock } from '../../domain/clock.ts'
import type { RateLimiter } from '../../domain/rate-limiter.ts'

/** Questions about old orders get few answers; these few are shared by all processes. */
export interface OldOrderLimit {
  /** Whether an order placed at that time may be asked about now. One that is not old always may. */
  tryAcquire(orderedAt: Date | undefined): Promise<boolean>
}

/** Merchants report that about twenty questions a minute are answered about orders older than this. */
const agedMs = 30 * 86_400_000

/**
 * Fifteen in any minute, which leaves a quarter of those twenty to whoever else asks: eight at
 * once, because a run comes every few minutes and takes what it finds, and seven more in the rest
 * of the minute. Nobody waits in this quota: a lane that waits would keep younger orders waiting.
 */
const atOnceMax = 8
const stepMs = 8_000
const burstMs = (atOnceMax - 1) * stepMs
/** While places cannot be had at all, it is tried so often. */
const troublePauseMs = 500

export function createOldOrderLimit({
  places,
  quotaName,
  clock,
}: {
  places: RateLimiter
  quotaName: string
  clock: Clock
}): OldOrderLimit {
  const rate = { quota: `${quotaName}/aged`, count: 1, stepMs, burstMs, horizonMs: 0 }
  let before: Promise<unknown> = Promise.resolve()
  let nextAt = 0

  const take = async () => {
    if (performance.now() < nextAt) return false
    // Whoever stands behind one that failed need not fail as slowly.
    nextAt = performance.now() + troublePauseMs
    const { count, nextInMs } = await places.reserve(rate)
    nextAt = performance.now() + nextInMs
    return count > 0
  }
  return {
    async tryAcquire(orderedAt) {
      if (orderedAt === undefined || clock().getTime() - orderedAt.getTime() <= agedMs) return true
      // One after the other: hundreds of them would otherwise ask before the first is told when to come again.
      const turn = before.then(take)
      before = turn.catch(() => undefined)
      return turn
    },
  }
}
