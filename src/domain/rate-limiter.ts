/**
 * A quota is a line of places, `stepMs` apart by one clock. Places are reserved in turn, and only
 * near the present, so that a process that dies takes none of the future with it:
 *
 *   now − burst ……… now ……… now + horizon │ beyond: not given yet
 *        └── a line that stood idle begins here, so that a late caller costs no place
 *
 * A "too many" from the other side moves the line's next place on: everybody waits.
 */
export interface Places {
  /** Reserves up to `count` places, for whoever shares the line. */
  reserve(wanted: PlacesWanted): Promise<PlacesGiven>
  /** The gateway said "too many" to the question that had the place of `placeAt` (null: to one without). */
  holdBack(line: string, placeAt: number | null): Promise<Hold>
}

/** Places to be reserved in a line of the quota. */
export interface PlacesWanted {
  /** Whose quota it is. */
  readonly line: string
  readonly count: number
  readonly stepMs: number
  /** So much of its past a line that stood idle may still give away, all at once. */
  readonly burstMs: number
  readonly horizonMs: number
}

/** Places that were reserved. */
export interface PlacesGiven {
  readonly count: number
  /** The first of them by the line's clock, in ms since its beginning of time; the others follow in steps. */
  readonly firstAt: number
  /** The same counted from the answer's making; below 0: it is due. */
  readonly firstInMs: number
  /** When the next place is to be had, counted likewise. */
  readonly nextInMs: number
}

/** How long a line waits after the gateway said "too many". */
export interface Hold {
  /** How long everybody waits from now on. */
  readonly forMs: number
  /** Whether this was told for the first time: questions under way together are told together. */
  readonly first: boolean
}

/** Where a line stands, in ms by its clock. */
export interface LineState {
  readonly nextAt: number
  readonly heldUntil: number
  /** The length of the last hold. */
  readonly holdMs: number
}

export const freshLine: LineState = { nextAt: 0, heldUntil: 0, holdMs: 0 }

/** The holds while "too many" repeats: 0.5, 1, 2, 2, … s. Longer ones would only turn into time-outs. */
export const holdMsMin = 500
export const holdMsMax = 2_000

/** A question asked within this after a hold, and refused again, came too soon: the next hold is twice as long. */
export const repeatMs = 1_000

/** No place of an honest line is farther away than this: its clock was set back. */
export function farMs({ horizonMs, stepMs }: PlacesWanted): number {
  return horizonMs + stepMs + holdMsMax
}

export function reserve(
  state: LineState,
  { wanted, now }: { wanted: PlacesWanted; now: number },
): { readonly state: LineState; readonly given: PlacesGiven } {
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

export function holdBack(
  state: LineState,
  { placeAt, now }: { placeAt: number | null; now: number },
): { readonly state: LineState; readonly hold: Hold } {
  const askedAt = placeAt ?? now
  const heldUntil = state.heldUntil > now + holdMsMax ? 0 : state.heldUntil
  if (askedAt < heldUntil) {
    return { state, hold: { forMs: Math.max(0, heldUntil - now), first: false } }
  }
  const repeated = askedAt < heldUntil + repeatMs
  const holdMs = repeated ? Math.min(2 * state.holdMs, holdMsMax) : holdMsMin
  const until = now + holdMs
  return {
    state: { nextAt: Math.max(state.nextAt, until), heldUntil: until, holdMs },
    hold: { forMs: holdMs, first: true },
  }
}

/** The lines of one process, by its own clock, which nobody can set back. */
export class MemoryPlaces implements Places {
  readonly #lines = new Map<string, LineState>()

  async reserve(wanted: PlacesWanted): Promise<PlacesGiven> {
    const { state, given } = reserve(this.#line(wanted.line), { wanted, now: performance.now() })
    this.#lines.set(wanted.line, state)
    return given
  }

  async holdBack(line: string, placeAt: number | null): Promise<Hold> {
    const { state, hold } = holdBack(this.#line(line), { placeAt, now: performance.now() })
    this.#lines.set(line, state)
    return hold
  }

  #line(name: string): LineState {
    return this.#lines.get(name) ?? { ...freshLine, nextAt: -Infinity, heldUntil: -Infinity }
  }
}
