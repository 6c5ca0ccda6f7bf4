import { assert } from './assert.ts'
import type { RechargeConfig } from './config.ts'
import type { Order } from './order.ts'
import type { Schedule } from './store/store.ts'
import type { Answer } from './trade.ts'

export const minuteMs = 60_000

/** When orders are asked about, in milliseconds. */
export interface SchedulePolicy {
  readonly intervalMs: number
  readonly thresholdMs: number
  /** Waits between questions about one order; the last repeats. */
  readonly recheckMs: readonly number[]
  /** A run asks no new question after this. */
  readonly runDeadlineMs: number
  /** How long a claim holds. Longer than a run may take, so that only a dead node's orders are asked twice. */
  readonly leaseMs: number
  /** How far apart absent answers must be to end an order: the longest wait, so that they are not one fault. */
  readonly absenceSpreadMs: number
  readonly orderTtlMs: number
}

/**
 * A question costs at most three calls (query, close, query again). Each waits at most one time-out
 * for its place in the quota, and another for its answer.
 */
const timeoutsPerCheckMax = 3 * 2

export function schedulePolicy(recharge: RechargeConfig, timeoutMs: number): SchedulePolicy {
  const intervalMs = recharge.compensationIntervalMins * minuteMs
  const recheckMs = recharge.compensationRecheckMins.map((minutes) => minutes * minuteMs)
  // If every call hangs, a batch takes this many rounds of whole timeouts: the run may go that long.
  const rounds = Math.ceil(recharge.compensationBatchSize / recharge.compensationConcurrency)
  const runDeadlineMs = Math.max(intervalMs, rounds * timeoutMs)
  return {
    intervalMs,
    thresholdMs: recharge.compensationThresholdMins * minuteMs,
    recheckMs,
    runDeadlineMs,
    leaseMs: runDeadlineMs + timeoutsPerCheckMax * timeoutMs,
    absenceSpreadMs: Math.max(...recheckMs),
    orderTtlMs: recharge.orderTtlMins * minuteMs,
  }
}

/**
 * An order's place after an answer. A gateway that said nothing spends nothing of it: the order
 * is asked again after the shortest wait, so that an outage does not push late money back.
 */
export function scheduleAfter(order: Order, answer: Answer, at: ScheduleTime): Schedule {
  if (answer.kind === 'unknown') {
    return { ...placeOf(order), nextCheckAt: later(at.now, Math.min(...at.recheckMs)) }
  }
  const waitMs = at.recheckMs[Math.min(order.checks, at.recheckMs.length - 1)]
  assert(waitMs !== undefined, 'Cannot schedule a question: compensation_recheck_mins is empty')
  return {
    nextCheckAt: later(at.now, waitMs),
    checks: order.checks + 1,
    ...(answer.kind === 'absent'
      ? { absentCount: order.absentCount + 1, absentSince: order.absentSince ?? at.now }
      : { absentCount: 0, absentSince: null }),
  }
}

export interface ScheduleTime {
  readonly now: Date
  readonly recheckMs: readonly number[]
}

function placeOf({ checks, absentCount, absentSince }: Order): Omit<Schedule, 'nextCheckAt'> {
  return { checks, absentCount, absentSince }
}

function later(from: Date, ms: number): Date {
  return new Date(+from + ms)
}
