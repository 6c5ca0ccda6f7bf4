import type { RateLimiter } from '../../domain/rate-limiter.ts'
import { LimiterQueue, type Time } from './limiter-queue.ts'
import type { Quota } from './quota.ts'

/**
 * A hundredth slower than allowed. A second then holds at most 1.05 of the quota (one query more than
 * the quota, where that is more) as long as no query arrives later than 60 ms (one step) after its
 * reservation. `latenessMs` is most of that; the rest is for its way to the gateway.
 */
const pace = 0.99

export function createQuota(
  maxQps: number,
  { limiter, quotaName, time }: { limiter: RateLimiter; quotaName: string; time?: Time },
): Quota {
  const stepMs = 1000 / (maxQps * pace)
  const rate = { quota: quotaName, stepMs, burstMs, horizonMs: horizonMs(stepMs) }
  return new LimiterQueue(limiter, {
    ...{ rate, latenessMsMax: latenessMs(stepMs) },
    ...(time && { time }),
  })
}

/** How late a reservation may still be used; after that it expires. */
function latenessMs(stepMs: number): number {
  return Math.max(40, 0.8 * stepMs)
}

/**
 * What an idle quota gives at once: a request to the limiter that a stall of the machine delayed loses
 * no slot then. Less than the lateness, because the limiter's answer takes time to arrive.
 */
const burstMs = 30

/**
 * How far ahead is reserved: twenty steps, so that a run at a low quota sends the database one
 * statement a second; at a high quota long enough to reserve hundreds a few times a second. A second
 * at most: that is what a process that dies takes with it, and how long one without reservations
 * waits behind those that have some.
 */
function horizonMs(stepMs: number): number {
  return Math.min(1_000, Math.max(200, 20 * stepMs))
}
