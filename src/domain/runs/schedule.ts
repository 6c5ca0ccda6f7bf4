import { minuteMs } from '../../text/time-units.ts'
import { assert } from '../assert.ts'
import type { Order } from '../order.ts'
import { type Answer, isNotBegun } from '../trade.ts'

/** When orders are queried, in milliseconds. */
export interface SchedulePolicy {
  readonly intervalMs: number
  readonly thresholdMs: number
  /** Waits between queries of one order; the last repeats. */
  readonly recheckMs: readonly number[]
  /** A run sends no new query after this. */
  readonly runDeadlineMs: number
  /** How long a claim lasts. Longer than a run may take, so that only a dead node's orders are queried twice. */
  readonly leaseMs: number
  /** How far apart absent answers must be to end an order: the longest wait, so that they are not one fault. */
  readonly absenceSpreadMs: number
  readonly orderTtlMs: number
}

/** The state of an order's schedule. */
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
 * A check takes at most three calls (query, close, query again). The wait for a reservation ends with the
 * run's deadline, and a call with its time-out. The same time again is for settling on a slow machine.
 */
const timeoutsPerCheckMax = 3 * 2

export function schedulePolicy(recharge: ScheduleSettings, timeoutMs: number): SchedulePolicy {
  const intervalMs = recharge.compensationIntervalMins * minuteMs
  const recheckMs = recharge.compensationRecheckMins.map((minutes) => minutes * minuteMs)
  // If every call hangs, a batch takes this many rounds of whole time-outs: the run may take that long.
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

/** No answer and no claim makes an order due later than this. */
export function farthestMs({ leaseMs, recheckMs }: SchedulePolicy): number {
  return leaseMs + Math.max(...recheckMs)
}

/**
 * An order's schedule after an answer of a run. No answer does not move it along its waits: the order is
 * queried again after the shortest wait, so that an outage does not delay late payments. A refusal of
 * this very query does move it along: the gateway would refuse every time. A refusal that every order
 * gets (systemic) changes nothing: the run that claimed the order releases it as it was.
 */
export function scheduleAfter(order: Order, answer: Answer, at: ScheduleTime): Schedule {
  const standing = standingAfter(order, answer, at.now)
  if (answer.kind === 'unknown' && answer.systemic) {
    return { ...countsOf(order), ...standing, nextCheckAt: order.nextCheckAt }
  }
  if (answer.kind === 'unknown' && answer.cause !== 'refused') {
    return { ...countsOf(order), ...standing, nextCheckAt: dueAfter(at, Math.min(...at.recheckMs)) }
  }
  const waitMs = at.recheckMs[Math.min(order.checks, at.recheckMs.length - 1)]
  assert(waitMs !== undefined, 'Cannot schedule a query: compensation_recheck_mins is empty')
  return {
    nextCheckAt: dueAfter(at, Math.min(waitMs, untilEndMs(order, at))),
    checks: order.checks + 1,
    ...standing,
    ...absencesAfter(order, answer, at),
  }
}

/**
 * Whether the answer shows that the gateway knows the order. A trade under another number, or of another
 * merchant, shows nothing about this one.
 */
export function isAnsweredBy(
  { orderNo, mchid }: Pick<Order, 'orderNo' | 'mchid'>,
  answer: Answer,
): boolean {
  if (answer.kind !== 'trade') return false
  return answer.trade.orderNo === orderNo && answer.trade.mchid === mchid
}

/** How long an order without a known end is watched: a day longer than any gateway keeps a trade open. */
export const watchMs = 16 * 86_400_000

/**
 * A trade shows that the gateway knows the order. The first one restarts the watch of an order without a
 * known end: it may have been placed after it was adopted. Where absence is normal until the payer acts,
 * it shows nothing: the order is claimed with the new ones, and not after all others.
 */
function standingAfter(
  order: Order,
  ...[answer, now]: [Answer, Date]
): Pick<Schedule, 'standing' | 'watchedUntil'> {
  const { standing, watchedUntil } = order
  if (answer.kind === 'absent' && standing === 'new' && !isNotBegun(answer)) {
    return { standing: 'unknown', watchedUntil }
  }
  if (standing === 'known' || !isAnsweredBy(order, answer)) return { standing, watchedUntil }
  return {
    standing: 'known',
    watchedUntil: watchedUntil && new Date(Math.max(+watchedUntil, +now + watchMs)),
  }
}

/**
 * An order's schedule after an answer that the schedule did not call for (a manual check, a callback). It
 * stays as it is: repeated checks must not delay the job's own queries, nor make one absence count as
 * several.
 */
export function scheduleKept(order: Order, answer: Answer, now: Date): Schedule {
  const { standing, watchedUntil, nextCheckAt } = order
  const kept = { ...countsOf(order), standing, watchedUntil, nextCheckAt }
  if (!isAnsweredBy(order, answer)) return kept
  const known = { ...standingAfter(order, answer, now), absentCount: 0, absentSince: null }
  return { ...kept, ...known, nextCheckAt: dueAmongKnown(order) }
}

/**
 * New orders are claimed in the order of their creation, which may be long ago for an adopted one. Orders
 * that the gateway knows are claimed by how late they are, which counts from the adoption.
 */
function dueAmongKnown({ standing, nextCheckAt, knownAt }: Order): Date {
  return standing === 'known' ? nextCheckAt : new Date(Math.max(+nextCheckAt, +knownAt))
}

/**
 * Only a credible absence counts: otherwise an outage of absent answers would count against the order once
 * it is over. An absence before the order's end does not count either: the trade may have been placed
 * since, and one wrong answer would then end the order.
 */
function absencesAfter(
  order: Order,
  ...[answer, { now, absenceCredible }]: [Answer, ScheduleTime]
): Pick<Schedule, 'absentCount' | 'absentSince'> {
  const { absentCount, absentSince } = order
  if (isAnsweredBy(order, answer)) return { absentCount: 0, absentSince: null }
  const isCounted = answer.kind === 'absent' && absenceCredible && isPastEnd(order, now)
  if (!isCounted) return { absentCount, absentSince }
  // A time in the future came from a clock that was set back since: the count would stay until then.
  const since = absentSince === null || absentSince > now ? now : absentSince
  return { absentCount: absentCount + 1, absentSince: since }
}

/** For an order without a known end: past the end of its watch. */
function isPastEnd({ expiresAt, watchedUntil }: Order, now: Date): boolean {
  const end = expiresAt ?? watchedUntil
  return end !== null && now >= end
}

export interface ScheduleTime {
  readonly now: Date
  /**
   * What the wait counts from. A run that stands for a slot gives the slot's start: if it counted from
   * the answer, a wait of one interval would end just after the next run, and last two intervals.
   */
  readonly from: Date
  readonly recheckMs: readonly number[]
  /** See `Facts`. */
  readonly absenceCredible: boolean
}

function countsOf({
  checks,
  absentCount,
  absentSince,
}: Order): Pick<Schedule, 'checks' | 'absentCount' | 'absentSince'> {
  return { checks, absentCount, absentSince }
}

/**
 * No wait goes past an order's end: the query at that time can close it. It replaces the query at the end
 * of the whole wait, so it finds a late payment sooner with the same number of calls.
 */
function untilEndMs({ expiresAt }: Order, { now, from }: ScheduleTime): number {
  return expiresAt !== null && expiresAt > now ? +expiresAt - +from : Infinity
}

/** Half the shortest wait passes in any case, so that a late run does not query twice in a row. */
function dueAfter({ now, from, recheckMs }: ScheduleTime, waitMs: number): Date {
  return new Date(Math.max(+from + waitMs, +now + Math.min(...recheckMs) / 2))
}
