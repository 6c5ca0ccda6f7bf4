import { minuteMs, secondMs } from '../../text/time-units.ts'

/**
 * What is known of an endpoint, on all nodes. It saves attempts, never deliveries: each is tried until it
 * is delivered or given up, whatever stands here.
 *
 *   flow ──(failures in a row, over some time)──► probe: one delivery at a time, with longer and longer
 *     ▲                                             │    waits, whatever its own schedule says
 *     └──────────────(one that succeeds)────────────┘
 */
export interface EndpointHealth {
  /** In a row. Of several attempts that were under way together, one counts. */
  readonly failures: number
  /** When the first of them was recorded; null: there is none. */
  readonly failingSince: Date | null
  /** When the last of them was. */
  readonly failedAt: Date | null
  /** Nothing is sent before. */
  readonly heldUntil: Date | null
}

export const wellEndpoint: EndpointHealth = {
  failures: 0,
  ...{ failingSince: null, failedAt: null, heldUntil: null },
}

/** Fewer in a row are the bad luck of single deliveries. */
const failuresToProbe = 5

/** One less than it takes to probe: who reads the alarm may be faster than the retries. */
const failuresToAlarm = 3

/** A receiver that starts anew is back sooner. */
const outageMs = minuteMs

/** So the endpoint is tried again after at most a tenth more of the time that it was away. */
const holdShare = 0.1
const holdMsMin = secondMs
const holdMsMax = 10 * minuteMs

export type Gate = 'flow' | 'probe' | 'hold'

export function gateOf(health: EndpointHealth, now: Date): Gate {
  if (health.heldUntil !== null && +health.heldUntil > +now) return 'hold'
  const { failures, failingSince } = health
  if (failures < failuresToProbe || failingSince === null) return 'flow'
  return +now - +failingSince < outageMs ? 'flow' : 'probe'
}

/** Whether people should know of it. Of what was last recorded: it does not begin by itself. */
export function isFailing({ failures, failingSince, failedAt }: EndpointHealth): boolean {
  if (failures < failuresToAlarm || failingSince === null || failedAt === null) return false
  return +failedAt - +failingSince >= outageMs
}

export interface Failure {
  /** When the attempt began, by the same clock as `now`. */
  readonly beganAt: Date
  readonly now: Date
  /** The wait that the receiver named; null: none. */
  readonly retryAfterMs: number | null
}

export function afterFailure(health: EndpointHealth, failure: Failure): EndpointHealth {
  const { beganAt, now, retryAfterMs } = failure
  const heldUntil = latest(health.heldUntil, holdAfter(health, failure))
  // It was under way together with one that has been counted.
  if (health.failedAt !== null && +beganAt < +health.failedAt) {
    return retryAfterMs === null ? health : { ...health, heldUntil }
  }
  return {
    failures: health.failures + 1,
    failingSince: health.failingSince ?? now,
    failedAt: now,
    heldUntil,
  }
}

function holdAfter({ failingSince }: EndpointHealth, { now, retryAfterMs }: Failure): Date {
  const awayMs = failingSince === null ? 0 : +now - +failingSince
  const requestedMs = Math.min(retryAfterMs ?? 0, holdMsMax)
  const heldMs = Math.min(Math.max(awayMs * holdShare, holdMsMin), holdMsMax)
  return new Date(+now + Math.max(heldMs, requestedMs))
}

function latest(first: Date | null, second: Date): Date {
  return first !== null && +first > +second ? first : second
}
