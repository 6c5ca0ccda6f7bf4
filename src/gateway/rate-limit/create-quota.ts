import type { RateLimiter } from '../../domain/runs/rate-limiter.ts'
import { LimiterQueue, type Time } from './limiter-queue.ts'
import type { Quota } from './quota.ts'

/**
 * One per cent slower than allowed. Any second then has at most 1.05 of the quota (or one query more
 * than the quota, if that is more), provided that no query arrives later than 60 ms (one step) after
 * its reservation. `latenessMs` is most of that; the rest is for the network to the gateway.
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
 * How far in the past an idle quota may reserve: a request to the limiter that a stall of the machine
 * delayed then loses no slot. Less than the lateness, because the limiter's answer takes time to arrive.
 */
const burstMs = 30

/**
 * How far ahead reservations are made. Twenty steps: at a low quota, a run sends the database one
 * statement a second. At least 200 ms: at a high quota, hundreds are reserved a few times a second. At
 * most a second: a process that dies loses that much of the quota, and a process without reservations
 * waits that long behind those that have some.
 */
function horizonMs(stepMs: number): number {
  return Math.min(1_000, Math.max(200, 20 * stepMs))
}
