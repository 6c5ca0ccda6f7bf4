/**
 * A rate limiter (GCRA): each quota is a sequence of slots, `stepMs` apart by one clock. They are
 * reserved in order, and only near the present, so that a process that dies takes little of the
 * future with it:
 *
 *   now − burst ……… now ……… now + horizon │ beyond: not reserved yet
 *        └── after an idle time slots begin here, so that a late caller loses none
 *
 * A penalty for "too many requests" moves the next slot later, for every process.
 */
export interface RateLimiter {
  /** Reserves up to `count` slots of a quota. */
  reserve(wanted: ReservationRequest): Promise<Reservations>
  /** The gateway refused, as one too many, the request of `reservedAt` (null: one without a reservation). */
  penalize(quota: string, reservedAt: number | null): Promise<Penalty>
}

/** Slots to be reserved. */
export interface ReservationRequest {
  /** The name of the quota. */
  readonly quota: string
  readonly count: number
  readonly stepMs: number
  /** How much of its past a quota that was idle may still give, all at once. */
  readonly burstMs: number
  readonly horizonMs: number
}

/** Slots that were reserved. */
export interface Reservations {
  readonly count: number
  /** The first of them, in ms of the limiter's clock; the others follow in steps. */
  readonly firstAt: number
  /** The same, in ms from when the limiter answered; below 0: it is due. */
  readonly firstInMs: number
  /** When the next slot is free, likewise. */
  readonly nextInMs: number
}

/** How long every process waits after the gateway said "too many requests". */
export interface Penalty {
  /** From now on. */
  readonly forMs: number
  /** False: the penalty was already there. Requests sent together are refused together. */
  readonly first: boolean
}

/** The state of one quota, in ms of the limiter's clock. */
export interface LimiterState {
  readonly nextAt: number
  readonly penaltyUntil: number
  /** The length of the last penalty. */
  readonly penaltyMs: number
}

export const freshLimiter: LimiterState = { nextAt: 0, penaltyUntil: 0, penaltyMs: 0 }

/** Repeated penalties last 0.5, 1, 2, 2, … s. Longer ones would only turn into time-outs. */
export const penaltyMsMin = 500
export const penaltyMsMax = 2_000

/** A request refused within this time after a penalty came too soon: the next penalty is twice as long. */
export const repeatMs = 1_000

/** A next slot farther away than this shows that the clock was set back. */
export function farMs({ horizonMs, stepMs }: ReservationRequest): number {
  return horizonMs + stepMs + penaltyMsMax
}

export function reserve(
  state: LimiterState,
  { wanted, now }: { wanted: ReservationRequest; now: number },
): { readonly state: LimiterState; readonly given: Reservations } {
  const { count, stepMs, burstMs, horizonMs } = wanted
  const nextAt = state.nextAt > now + farMs(wanted) ? now : state.nextAt
  const firstAt = Math.max(nextAt, now - burstMs)
  const room = Math.floor((now + horizonMs - firstAt) / stepMs) + 1
  const given = Math.max(0, Math.min(count, room))
  const after = firstAt + given * stepMs
  return {
    state: { ...state, nextAt: after },
    given: { count: given, firstAt, firstInMs: firstAt - now, nextInMs: after - now },
  }
}

export function penalize(
  state: LimiterState,
  { reservedAt, now }: { reservedAt: number | null; now: number },
): { readonly state: LimiterState; readonly penalty: Penalty } {
  const sentAt = reservedAt ?? now
  const penaltyUntil = state.penaltyUntil > now + penaltyMsMax ? 0 : state.penaltyUntil
  if (sentAt < penaltyUntil) {
    return { state, penalty: { forMs: Math.max(0, penaltyUntil - now), first: false } }
  }
  const isRepeated = sentAt < penaltyUntil + repeatMs
  const penaltyMs = isRepeated ? Math.min(2 * state.penaltyMs, penaltyMsMax) : penaltyMsMin
  const until = now + penaltyMs
  return {
    state: { nextAt: Math.max(state.nextAt, until), penaltyUntil: until, penaltyMs },
    penalty: { forMs: penaltyMs, first: true },
  }
}

/** Quotas of one process, by its own clock, which cannot be set back. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #states = new Map<string, LimiterState>()

  async reserve(wanted: ReservationRequest): Promise<Reservations> {
    const { state, given } = reserve(this.#state(wanted.quota), { wanted, now: performance.now() })
    this.#states.set(wanted.quota, state)
    return given
  }

  async penalize(quota: string, reservedAt: number | null): Promise<Penalty> {
    const now = performance.now()
    const { state, penalty } = penalize(this.#state(quota), { reservedAt, now })
    this.#states.set(quota, state)
    return penalty
  }

  #state(quota: string): LimiterState {
    const idle = { ...freshLimiter, nextAt: -Infinity, penaltyUntil: -Infinity }
    return this.#states.get(quota) ?? idle
  }
}
