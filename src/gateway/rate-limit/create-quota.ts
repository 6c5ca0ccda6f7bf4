import type { RateLimiter } from '../../domain/rate-limiter.ts'
import { LimiterQueue, type Time } from './limiter-queue.ts'
import type { Quota } from './quota.ts'

/**
 * A hundredth slower than allowed. A second then holds at most 1.05 of the quota (one question more
 * than it, where that is more) as long as no question comes later than 60 ms (one step) after its
 * place. `latenessMs` is most of that; the rest is for its way to the gateway.
 */
const pace = 0.99

export function createQuota(
  maxQps: number,
  { places, quotaName, time }: { places: RateLimiter; quotaName: string; time?: Time },
): Quota {
  const stepMs = 1000 / (maxQps * pace)
  const rate = { quota: quotaName, stepMs, burstMs, horizonMs: horizonMs(stepMs) }
  const late = { latenessMsMax: latenessMs(stepMs), keptMax: Math.floor(keptMsMax / stepMs) }
  return new LimiterQueue(places, { rate, ...late, ...(time && { time }) })
}

/** So much later than its place's time a question may still be put; later, the place is lost. */
function latenessMs(stepMs: number): number {
  return Math.max(40, 0.8 * stepMs)
}

/**
 * The places of so long are kept by a process when they are late, up to a second: 5 at 1,000/s, none
 * at 200/s and below. Four processes that all keep as many add a fiftieth to one second.
 */
const keptMsMax = 5

/**
 * What a line that stood idle gives at once: a reservation that came late by a stall of the machine
 * costs no place then. Less than the lateness, for the answer needs time to come.
 */
const burstMs = 30

/**
 * Places are reserved so far ahead: twenty of them, so that a run at a low quota asks the database
 * once a second; at a high one, long enough to ask a few times a second for hundreds at once. No
 * farther than a second, for so much a process that dies takes with it, and so long one that has no
 * places waits behind those who have.
 */
function horizonMs(stepMs: number): number {
  return Math.min(1_000, Math.max(200, 20 * stepMs))
}
