import type { Hold, Places, PlacesWanted } from '../places.ts'

/** The questions a second that the whole merchant may ask, over all processes. */
export interface Quota {
  /** Waits for a place; null when none came before the signal. Nothing is spent then. */
  take(signal: AbortSignal, options?: { readonly urgent?: boolean }): Promise<Place | null>
  /** The gateway said "too many" to what had this place: everybody waits, longer each time in a row. */
  holdBack(place: Place | null): Promise<Hold>
  /** Why no places are to be had at the moment; null when they come in their turn. */
  readonly trouble: string | null
}

export interface Place {
  /** When it was, by the clock of its line. */
  readonly at: number
}

/**
 * Places are reserved so far ahead: long enough to ask a few times a second for many at once, short
 * enough that a process which dies, or learns late of a "too many", takes a fifth of a second's.
 */
const horizonMs = 200
/**
 * What a line that stood idle gives at once: a reservation that came late by a stall of the machine
 * costs no place then. With the pace below, that is 1 % above the quota in the worst second.
 */
const burstMs = 20
/** A hundredth slower than allowed, so that places which are taken a little late do not add up. */
const pace = 0.99
/**
 * A process that stood still makes up for no more than this, or two places: all that fell due
 * meanwhile, at once, would be a burst.
 */
const lateMsMax = 50
/** After so many checks by hand in a row, a question of the job's is next. */
const urgentInARowMax = 3
/** While places cannot be had at all, it is tried so often. */
const troublePauseMs = 500

export function createQuota(
  maxQps: number,
  { places, line }: { places: Places; line: string },
): Quota {
  return new PlaceQueue(places, { line, stepMs: 1000 / (maxQps * pace), burstMs, horizonMs })
}

/** For a gateway without a limit. */
export const unlimited: Quota = {
  take: async (signal) => (signal.aborted ? null : { at: 0 }),
  holdBack: async () => ({ forMs: 0, first: true }),
  trouble: null,
}

interface Waiter {
  readonly giveWay: (place: Place | null) => void
}

interface Reserved extends Place {
  /** By `performance.now()`. */
  readonly dueAt: number
}

/**
 * Those who wait in this process. Whoever comes while a reservation is under way goes with the
 * next: under load one reservation serves many, and a question that comes alone waits for none.
 *
 *   waiting ──► reserved for (anybody who waits then) ──due──► let go, first come first served
 */
class PlaceQueue implements Quota {
  readonly #places: Places
  readonly #rate: Omit<PlacesWanted, 'count'>
  /** People wait for these; they go first. */
  readonly #urgent = new Set<Waiter>()
  readonly #patient = new Set<Waiter>()
  #reserved: Reserved[] = []
  #reserving = false
  #urgentInARow = 0
  #reserveAgainAt = 0
  #timer: NodeJS.Timeout | undefined
  trouble: string | null = null

  constructor(places: Places, rate: Omit<PlacesWanted, 'count'>) {
    this.#places = places
    this.#rate = rate
  }

  take(signal: AbortSignal, { urgent = false }: { urgent?: boolean } = {}): Promise<Place | null> {
    if (signal.aborted) return Promise.resolve(null)
    const queue = urgent ? this.#urgent : this.#patient
    // Places that fell due for nobody are lost: to use them now would be twice the rate.
    this.#letGo()
    return new Promise((resolve) => {
      const leave = () => waiter.giveWay(null)
      const waiter: Waiter = {
        giveWay: (place) => {
          queue.delete(waiter)
          signal.removeEventListener('abort', leave)
          resolve(place)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.add(waiter)
      this.#advance()
    })
  }

  async holdBack(place: Place | null): Promise<Hold> {
    const hold = await this.#places.holdBack(this.#rate.line, place?.at ?? null)
    if (hold.forMs > 0) {
      this.#reserved = []
      this.#reserveAgainAt = performance.now() + hold.forMs - horizonMs / 2
      this.#advance()
    }
    return hold
  }

  #advance(): void {
    this.#letGo()
    const wanted = this.#urgent.size + this.#patient.size - this.#reserved.length
    if (wanted > 0 && !this.#reserving && performance.now() >= this.#reserveAgainAt) {
      void this.#reserve(wanted)
    }
    this.#setTimer(wanted > 0 && !this.#reserving)
  }

  #letGo(): void {
    const now = performance.now()
    const due = this.#reserved.filter(({ dueAt }) => dueAt <= now)
    this.#reserved.splice(0, due.length)
    const lateMs = Math.max(lateMsMax, 2 * this.#rate.stepMs)
    for (const [n, place] of due.entries()) {
      const lost = now - place.dueAt > lateMs && n < due.length - 1
      if (!lost) this.#next()?.giveWay(place)
    }
  }

  /** The urgent first, but not for ever: whoever polls must not put off the questions of the job. */
  #next(): Waiter | undefined {
    const [urgent] = this.#urgent
    const [patient] = this.#patient
    const yields = patient !== undefined && this.#urgentInARow >= urgentInARowMax
    const next = urgent === undefined || yields ? patient : urgent
    this.#urgentInARow = next === urgent ? this.#urgentInARow + 1 : 0
    return next
  }

  /** Never rejects: while the database is away, no place is given, and it is tried again. */
  async #reserve(wanted: number): Promise<void> {
    this.#reserving = true
    try {
      const { stepMs } = this.#rate
      const given = await this.#places.reserve({ ...this.#rate, count: wanted })
      const now = performance.now()
      for (let n = 0; n < given.count; n += 1) {
        const afterMs = n * stepMs
        this.#reserved.push({
          at: given.firstAt + afterMs,
          dueAt: now + given.firstInMs + afterMs,
        })
      }
      const short = given.count < wanted
      this.#reserveAgainAt = short ? now + given.nextInMs - horizonMs / 2 : now
      this.trouble = null
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error)
      this.#reserveAgainAt = performance.now() + troublePauseMs
    }
    this.#reserving = false
    this.#advance()
  }

  #setTimer(reserving: boolean): void {
    clearTimeout(this.#timer)
    const nextAt = Math.min(
      this.#reserved[0]?.dueAt ?? Number.POSITIVE_INFINITY,
      reserving ? this.#reserveAgainAt : Number.POSITIVE_INFINITY,
    )
    // Without anybody who waits, places fall due for nobody.
    if (nextAt === Number.POSITIVE_INFINITY || this.#urgent.size + this.#patient.size === 0) return
    this.#timer = setTimeout(() => this.#advance(), Math.max(1, nextAt - performance.now()))
  }
}
