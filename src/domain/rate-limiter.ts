/**
 * A quota is a line of places, `stepMs` apart by one clock. Places are reserved in turn, and only
 * near the present, so that a process that dies takes none of the future with it:
 *
 *   now − burst ……… now ……… now + horizon │ beyond: not given yet
 *        └── a line that stood idle begins here, so that a late caller costs no place
 *
 * A "too many" from the other side moves the line's next place on: everybody waits.
 */
export interface RateLimiter {
  /** Reserves up to `count` places, for whoever shares the line. */
  reserve(wanted: ReservationRequest): Promise<Reservations>
  /** The gateway said "too many" to the question that had the place of `placeAt` (null: to one without). */
  penalize(line: string, placeAt: number | null): Promise<Penalty>
}

/** Places to be reserved in a line of the quota. */
export interface ReservationRequest {
  /** Whose quota it is. */
  readonly quota: string
  readonly count: number
  readonly stepMs: number
  /** So much of its past a line that stood idle may still give away, all at once. */
  readonly burstMs: number
  readonly horizonMs: number
}

/** Places that were reserved. */
export interface Reservations {
  readonly count: number
  /** The first of them by the line's clock, in ms since its beginning of time; the others follow in steps. */
  readonly firstAt: number
  /** The same counted from the answer's making; below 0: it is due. */
  readonly firstInMs: number
  /** When the next place is to be had, counted likewise. */
  readonly nextInMs: number
}

/** How long a line waits after the gateway said "too many". */
export interface Penalty {
  /** How long everybody waits from now on. */
  readonly forMs: number
  /** Whether this was told for the first time: questions under way together are told together. */
  readonly first: boolean
}

/** Where a line stands, in ms by its clock. */
export interface LimiterState {
  readonly nextAt: number
  readonly penaltyUntil: number
  /** The length of the last hold. */
  readonly penaltyMs: number
}

export const freshLimiter: LimiterState = { nextAt: 0, penaltyUntil: 0, penaltyMs: 0 }

/** The holds while "too many" repeats: 0.5, 1, 2, 2, … s. Longer ones would only turn into time-outs. */
export const penaltyMsMin = 500
export const penaltyMsMax = 2_000

/** A question asked within this after a hold, and refused again, came too soon: the next hold is twice as long. */
export const repeatMs = 1_000

/** No place of an honest line is farther away than this: its clock was set back. */
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
  { placeAt, now }: { placeAt: number | null; now: number },
): { readonly state: LimiterState; readonly hold: Penalty } {
  const askedAt = placeAt ?? now
  const heldUntil = state.penaltyUntil > now + penaltyMsMax ? 0 : state.penaltyUntil
  if (askedAt < heldUntil) {
    return { state, hold: { forMs: Math.max(0, heldUntil - now), first: false } }
  }
  const repeated = askedAt < heldUntil + repeatMs
  const holdMs = repeated ? Math.min(2 * state.penaltyMs, penaltyMsMax) : penaltyMsMin
  const until = now + holdMs
  return {
    state: { nextAt: Math.max(state.nextAt, until), penaltyUntil: until, penaltyMs: holdMs },
    hold: { forMs: holdMs, first: true },
  }
}

/** The lines of one process, by its own clock, which nobody can set back. */
export class MemoryRateLimiter implements RateLimiter {
  readonly #lines = new Map<string, LimiterState>()

  async reserve(wanted: ReservationRequest): Promise<Reservations> {
    const { state, given } = reserve(this.#line(wanted.quota), { wanted, now: performance.now() })
    this.#lines.set(wanted.quota, state)
    return given
  }

  async penalize(line: string, placeAt: number | null): Promise<Penalty> {
    const { state, hold } = penalize(this.#line(line), { placeAt, now: performance.now() })
    this.#lines.set(line, state)
    return hold
  }

  #line(name: string): LimiterState {
    return this.#lines.get(name) ?? { ...freshLimiter, nextAt: -Infinity, penaltyUntil: -Infinity }
  }
}
