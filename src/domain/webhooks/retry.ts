import { dayMs, hourMs, minuteMs, secondMs } from '../../text/time-units.ts'

/** Waits after each failed attempt of one delivery; the last repeats. */
const waitsMs = [
  ...[5 * secondMs, 30 * secondMs, 5 * minuteMs, 30 * minuteMs],
  ...[2 * hourMs, 5 * hourMs, 10 * hourMs],
]

/** A weekend, and the morning after it. */
export const givenUpAfterMs = 3 * dayMs

/** Only added: an attempt is never earlier than its schedule says. */
const jitter = 0.1

/** A receiver that names a longer wait is tried again after this one: it may have meant something else. */
const retryAfterMsMax = hourMs

export interface FailedAttempt {
  /** Attempts since the delivery was made, or replayed; 1 or more. */
  readonly attempts: number
  /** Since then. */
  readonly ageMs: number
  /** The wait that the receiver named; null: none. */
  readonly retryAfterMs: number | null
  /** From 0 to 1. */
  readonly chance: number
}

/** How long the next attempt waits; null: the last one was the last. */
export function nextWaitMs({
  attempts,
  ageMs,
  retryAfterMs,
  chance,
}: FailedAttempt): number | null {
  const scheduledMs = waitsMs[Math.min(attempts, waitsMs.length) - 1] ?? 0
  const waitMs = scheduledMs * (1 + jitter * chance)
  const requestedMs = Math.min(retryAfterMs ?? 0, retryAfterMsMax)
  return ageMs + waitMs > givenUpAfterMs ? null : Math.max(waitMs, requestedMs)
}

/** Seconds, or a date of HTTP; null where it is neither, or has passed. */
export function readRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * secondMs
  const at = /^[A-Z][a-z]{2},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) || at <= nowMs ? null : at - nowMs
}
