import { minuteMs } from '../text/time-units.ts'
import { assert } from './assert.ts'
import type { Order } from './order.ts'
import type { Answer } from './trade.ts'

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

/** An order's place in its schedule of questions. */
export type Schedule = Pick<
  Order,
  'nextCheckAt' | 'checks' | 'absentCount' | 'absentSince' | 'standing' | 'watchedUntil'
>

/** What the configuration says of it. */
export interface ScheduleSettings {
  readonly compensationIntervalMins: number
  readonly compensationThresholdMins: number
  readonly compensationBatchSize: number
  readonly compensationConcurrency: number
  readonly compensationRecheckMins: readonly number[]
  readonly orderTtlMins: number
}

/**
 * A question costs at most three calls (query, close, query again). The wait for a place in the quota
 * ends with the run's deadline, and a call that has its place with its time-out; as much again is
 * for settling on a slow machine.
 */
const timeoutsPerCheckMax = 3 * 2

export function schedulePolicy(recharge: ScheduleSettings, timeoutMs: number): SchedulePolicy {
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

/** No answer and no claim puts a question further ahead than this. */
export function farthestMs({ leaseMs, recheckMs }: SchedulePolicy): number {
  return leaseMs + Math.max(...recheckMs)
}

/**
 * An order's place after an answer. A gateway that said nothing spends nothing of it: the order
 * is asked again after the shortest wait, so that an outage does not push late money back. One that
 * refuses this very question does spend it: it would refuse as often as it is asked. What every
 * order would be told says nothing of this one: the run that claimed it gives it back as it was.
 */
export function scheduleAfter(order: Order, answer: Answer, at: ScheduleTime): Schedule {
  const standing = standingAfter(order, answer, at.now)
  if (answer.kind === 'unknown' && answer.systemic) {
    return { ...placeOf(order), ...standing, nextCheckAt: order.nextCheckAt }
  }
  if (answer.kind === 'unknown' && answer.cause !== 'refused') {
    return { ...placeOf(order), ...standing, nextCheckAt: after(at, Math.min(...at.recheckMs)) }
  }
  const waitMs = at.recheckMs[Math.min(order.checks, at.recheckMs.length - 1)]
  assert(waitMs !== undefined, 'Cannot schedule a question: compensation_recheck_mins is empty')
  return {
    nextCheckAt: after(at, Math.min(waitMs, untilEndMs(order, at))),
    checks: order.checks + 1,
    ...standing,
    ...absencesAfter(order, answer, at),
  }
}

/**
 * Whether the gateway has shown that it knows the order. A trade under another number, or of another
 * merchant, shows nothing of this one.
 */
export function isAnsweredBy({ orderNo, mchid }: Order, answer: Answer): boolean {
  if (answer.kind !== 'trade') return false
  return answer.trade.orderNo === orderNo && answer.trade.mchid === mchid
}

/** How long an order without a known end is watched: a day more than any gateway keeps a trade open. */
export const watchMs = 16 * 86_400_000

/**
 * A trade shows that the gateway knows the order. The first one begins the time anew for which an
 * order without a known end is watched: it may have been placed after it was adopted.
 */
function standingAfter(
  order: Order,
  ...[answer, now]: [Answer, Date]
): Pick<Schedule, 'standing' | 'watchedUntil'> {
  const { standing, watchedUntil } = order
  if (answer.kind === 'absent' && standing === 'new') return { standing: 'unknown', watchedUntil }
  if (standing === 'known' || !isAnsweredBy(order, answer)) return { standing, watchedUntil }
  return {
    standing: 'known',
    watchedUntil: watchedUntil && new Date(Math.max(+watchedUntil, +now + watchMs)),
  }
}

/**
 * An answer that nobody's schedule asked for (a manual check, a callback) leaves the order's place
 * as it is: somebody who asks again and again must not put the job's own questions off, nor make
 * one absence look like several.
 */
export function scheduleKept(order: Order, answer: Answer, now: Date): Schedule {
  const { standing, watchedUntil, nextCheckAt } = order
  const kept = { ...placeOf(order), standing, watchedUntil, nextCheckAt }
  if (!isAnsweredBy(order, answer)) return kept
  const known = { ...standingAfter(order, answer, now), absentCount: 0, absentSince: null }
  return { ...kept, ...known, nextCheckAt: placeAmongKnown(order) }
}

/**
 * The line of new orders is in the order of their creation, which of an adopted one may be long ago. It
 * joins those that the gateway knows, whose places say since when they are late, as of its adoption.
 */
function placeAmongKnown({ standing, nextCheckAt, knownAt }: Order): Date {
  return standing === 'known' ? nextCheckAt : new Date(Math.max(+nextCheckAt, +knownAt))
}

/**
 * Only what is believed counts: else an outage of absent answers would be held against the order once
 * it is over. Nor does what was answered before the end of an order: its trade may have been placed
 * since, and one mistaken answer would then end it.
 */
function absencesAfter(
  order: Order,
  ...[answer, { now, absenceCredible }]: [Answer, ScheduleTime]
): Pick<Schedule, 'absentCount' | 'absentSince'> {
  const { absentCount, absentSince } = order
  if (isAnsweredBy(order, answer)) return { absentCount: 0, absentSince: null }
  const isCounted = answer.kind === 'absent' && absenceCredible && isPastEnd(order, now)
  if (!isCounted) return { absentCount, absentSince }
  // One in the future was taken from a clock that has been set back since: it would last till then.
  const since = absentSince === null || absentSince > now ? now : absentSince
  return { absentCount: absentCount + 1, absentSince: since }
}

/** Of an order without a known end: past the time for which it is watched. */
function isPastEnd({ expiresAt, watchedUntil }: Order, now: Date): boolean {
  const end = expiresAt ?? watchedUntil
  return end !== null && now >= end
}

export interface ScheduleTime {
  readonly now: Date
  /**
   * What the wait counts from. A run that stands for a slot gives the slot's start: counted from
   * the answer, a wait of one interval would end just after the next run, and last two.
   */
  readonly from: Date
  readonly recheckMs: readonly number[]
  /** See `Facts`. */
  readonly absenceCredible: boolean
}

function placeOf({
  checks,
  absentCount,
  absentSince,
}: Order): Pick<Schedule, 'checks' | 'absentCount' | 'absentSince'> {
  return { checks, absentCount, absentSince }
}

/**
 * No wait goes past an order's end: the question that comes then can close it. It takes the place of
 * the one that the whole wait would have put later, so it finds late money sooner for the same calls.
 */
function untilEndMs({ expiresAt }: Order, { now, from }: ScheduleTime): number {
  return expiresAt !== null && expiresAt > now ? +expiresAt - +from : Infinity
}

/** Half the shortest wait passes in any case, so that a run that came late does not ask twice in a row. */
function after({ now, from, recheckMs }: ScheduleTime, waitMs: number): Date {
  return new Date(Math.max(+from + waitMs, +now + Math.min(...recheckMs) / 2))
}
