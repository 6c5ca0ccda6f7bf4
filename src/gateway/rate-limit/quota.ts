import type { Hold, Places } from '../../domain/rate-limiter.ts'
import { PlaceQueue, type Time } from './limiter-queue.ts'

/** The questions a second that the whole merchant may ask, over all processes. */
export interface Quota {
  /** Waits for a place; null when none came before the signal. Nothing is spent then. */
  take(signal: AbortSignal, options?: TakeOptions): Promise<Place | null>
  /** The gateway said "too many" to what had this place: everybody waits, longer each time in a row. */
  holdBack(place: Place | null): Promise<Hold>
  /** Why no places are to be had at the moment; null when they come in their turn. */
  readonly trouble: string | null
}

export interface TakeOptions {
  /** Somebody waits for the answer: it goes before the questions of the job. */
  readonly urgent?: boolean
  /** How many questions of the same run follow at once; for them places are reserved, too. */
  readonly ahead?: number
}

export interface Place {
  /** When it was, by the clock of its line. */
  readonly at: number
}

/**
 * A hundredth slower than allowed. A second then holds at most 1.05 of the quota (one question more
 * than it, where that is more) as long as no question comes later than 60 ms (one step) after its
 * place. `latenessMs` is most of that; the rest is for its way to the gateway.
 */
const pace = 0.99

export function createQuota(
  maxQps: number,
  { places, line, time }: { places: Places; line: string; time?: Time },
): Quota {
  const stepMs = 1000 / (maxQps * pace)
  const rate = { line, stepMs, burstMs, horizonMs: horizonMs(stepMs) }
  const late = { latenessMsMax: latenessMs(stepMs), keptMax: Math.floor(keptMsMax / stepMs) }
  return new PlaceQueue(places, { rate, ...late, ...(time && { time }) })
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

/** For a gateway without a limit. */
export const unlimited: Quota = {
  take: async (signal) => (signal.aborted ? null : { at: 0 }),
  holdBack: async () => ({ forMs: 0, first: true }),
  trouble: null,
}
