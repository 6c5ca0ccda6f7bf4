import type {
  Penalty,
  RateLimiter,
  ReservationRequest,
  Reservations,
} from '../../domain/rate-limiter.ts'
import type { Quota, Reservation, TakeOptions } from './quota.ts'

/** What a process knows of time, in ms; tests step it. */
export interface Time {
  now(): number
  /** Calls `wake` after so long; returns how to call that off. */
  after(ms: number, wake: () => void): () => void
}

interface LimiterQueueOptions {
  readonly rate: Omit<ReservationRequest, 'count'>
  /** So long a place is good after its time. */
  readonly latenessMsMax: number
  /** So many are kept for longer, so that a process with few lanes need not ask before each question. */
  readonly keptMax: number
  readonly time?: Time
}

/** So long a place is kept that is kept for longer. */
const keptMs = 1_000
/** More places are reserved so long before the last of them: a stall of the machine is shorter. */
const leadMs = 100
/** After so many checks by hand in a row, a question of the job's is next. */
const urgentInARowMax = 3
/** While places cannot be had at all, it is tried so often. */
const troublePauseMs = 500
/**
 * A process whose places all come too late, as it stands still again and again, takes one all the
 * same after so long: too seldom to matter to the quota, and better than never.
 */
const starvedMs = 10_000
/**
 * Who reserved more than it could use is careful for so many horizons, and then tries again: what
 * is lost by trying is no more than a thirtieth of the line.
 */
const carefulHorizons = 30

interface Waiter {
  readonly resolve: (place: Reservation | null) => void
}

/**
 * Those who wait in this process. Whoever comes while a reservation is under way goes with the
 * next, and a run tells how many questions follow: under load one reservation serves many, and a
 * question that comes alone waits for none.
 *
 *   waiting ──► reserved for (anybody who waits then) ──due──► let go, first come first served
 *                    └── nobody came, or the process stood still, until it was too late ──► lost,
 *                        but for a few that are kept for whoever comes next
 *
 * A lost place is never made up for: two questions at once would be a burst.
 */
export class LimiterQueue implements Quota {
  readonly #places: RateLimiter
  readonly #rate: Omit<ReservationRequest, 'count'>
  readonly #latenessMsMax: number
  readonly #keptMax: number
  readonly #time: Time
  /** People wait for these; they go first. */
  readonly #urgent = new Set<Waiter>()
  readonly #patient = new Set<Waiter>()
  /** Questions that follow those who wait patiently. */
  #ahead = 0
  #reserved: Reservation[] = []
  #reserving = false
  #reserveAgainAt = Number.NEGATIVE_INFINITY
  /** This process' time at the beginning of the line's; not known before the first answer. */
  #lineBeganAt = Number.POSITIVE_INFINITY
  /** Places let go since the last reservation. */
  #usedCount = 0
  #careful = { placesMax: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY }
  #starvingSince: number | null = null
  #urgentInARow = 0
  #callOff = () => {}
  lastError: string | null = null

  constructor(
    places: RateLimiter,
    { rate, latenessMsMax, keptMax, time = ownTime }: LimiterQueueOptions,
  ) {
    this.#places = places
    this.#rate = rate
    this.#latenessMsMax = latenessMsMax
    this.#keptMax = keptMax
    this.#time = time
  }

  take(
    signal: AbortSignal,
    { urgent = false, ahead = 0 }: TakeOptions = {},
  ): Promise<Reservation | null> {
    if (signal.aborted) return Promise.resolve(null)
    const queue = urgent ? this.#urgent : this.#patient
    if (!urgent) this.#ahead = ahead
    // What was too late for those before is not for this one either.
    this.#letGo()
    return new Promise((resolve) => {
      const leave = () => waiter.resolve(null)
      const waiter: Waiter = {
        resolve: (place) => {
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

  async penalize(place: Reservation | null): Promise<Penalty> {
    const hold = await this.#places.penalize(this.#rate.quota, place?.at ?? null)
    if (hold.forMs > 0) {
      const until = this.#time.now() + hold.forMs
      this.#reserved = this.#reserved.filter((reserved) => this.#dueAt(reserved) >= until)
      this.#reserveAgainAt = until - leadMs
      this.#advance()
    }
    return hold
  }

  #advance(): void {
    this.#letGo()
    const count = this.#reserving ? 0 : this.#countToReserve()
    if (count > 0 && this.#time.now() >= this.#reserveAgainAt) void this.#reserve(count)
    this.#setTimer(count > 0 && !this.#reserving)
  }

  get #waitingCount(): number {
    return this.#urgent.size + this.#patient.size
  }

  /** In their turn, those that are due; one that nobody waits for is kept while it is good. */
  #letGo(): void {
    const now = this.#time.now()
    if (!this.#isStarved(now)) this.#dropLate(now)
    for (let place = this.#reserved[0]; place !== undefined; place = this.#reserved[0]) {
      if (this.#dueAt(place) > now || this.#waitingCount === 0) return
      this.#reserved.shift()
      this.#giveNext(place)
    }
  }

  /** The oldest are lost, but for the few that may be kept. */
  #dropLate(now: number): void {
    const lateSince = (ms: number) =>
      this.#reserved.filter((place) => now - this.#dueAt(place) > ms).length
    const lost = Math.max(lateSince(this.#latenessMsMax) - this.#keptMax, lateSince(keptMs))
    if (lost <= 0) return
    this.#reserved.splice(0, lost)
    this.#lose(now)
  }

  #isStarved(now: number): boolean {
    return this.#starvingSince !== null && now - this.#starvingSince >= starvedMs
  }

  #lose(now: number): void {
    if (this.#waitingCount > 0) this.#starvingSince ??= now
    else
      this.#careful = {
        placesMax: this.#usedCount,
        until: now + carefulHorizons * this.#rate.horizonMs,
      }
  }

  /** The urgent first, but not for ever: whoever polls must not put off the questions of the job. */
  #giveNext(place: Reservation): void {
    const [urgent] = this.#urgent
    const [patient] = this.#patient
    const yields = patient !== undefined && this.#urgentInARow >= urgentInARowMax
    const next = urgent === undefined || yields ? patient : urgent
    this.#urgentInARow = next === urgent ? this.#urgentInARow + 1 : 0
    this.#usedCount += 1
    this.#starvingSince = null
    next?.resolve(place)
  }

  /** For who waits, and who follows; 0 while those that are left are more than would be added. */
  #countToReserve(): number {
    const waiting = this.#waitingCount
    const following = this.#patient.size > 0 ? this.#ahead : 0
    const { placesMax, until } = this.#careful
    const isCareful = this.#time.now() < until
    const usable = isCareful ? Math.max(placesMax, this.#keptMax) : Number.POSITIVE_INFINITY
    const wanted = Math.max(waiting, Math.min(waiting + following, usable)) - this.#reserved.length
    return wanted >= this.#reserved.length ? wanted : 0
  }

  /** Never rejects: while the database is away, no place is given, and it is tried again. */
  async #reserve(count: number): Promise<void> {
    this.#reserving = true
    this.#usedCount = 0
    const sentAt = this.#time.now()
    try {
      const given = await this.#places.reserve({ ...this.#rate, ...this.#burst(), count })
      this.#readClock(given.firstAt - given.firstInMs, { sentAt })
      this.#add(given, { missing: count - given.count })
      this.lastError = null
    } catch (error) {
      this.lastError = error instanceof Error ? error.message : String(error)
      this.#reserveAgainAt = this.#time.now() + troublePauseMs
    }
    this.#reserving = false
    this.#advance()
  }

  /** Places of the past are for who knows how late he is. */
  #burst(): Pick<ReservationRequest, 'burstMs'> {
    const isKnown = this.#lineBeganAt < Number.POSITIVE_INFINITY
    return { burstMs: isKnown ? this.#rate.burstMs : 0 }
  }

  /**
   * The line's clock was read between question and answer: at the answer, for all that the first one
   * shows; at a later one as it was known before, unless that cannot be. So an answer that was slow
   * makes no place later than it is.
   */
  #readClock(lineNow: number, { sentAt }: { sentAt: number }): void {
    const latest = this.#time.now() - lineNow
    this.#lineBeganAt = Math.min(latest, Math.max(sentAt - lineNow, this.#lineBeganAt))
  }

  #dueAt({ at }: Reservation): number {
    return this.#lineBeganAt + at
  }

  #add({ count, firstAt }: Reservations, { missing }: { missing: number }): void {
    const { stepMs, horizonMs } = this.#rate
    const placeOf = (n: number) => ({ at: firstAt + n * stepMs })
    for (let n = 0; n < count; n += 1) this.#reserved.push(placeOf(n))
    // Who has places needs more when they near their end; who has none comes for what is missing as
    // soon as it is to be had, but not for less than half of what there can be.
    const last = this.#reserved.at(-1)
    const neededAt = last === undefined ? Number.NEGATIVE_INFINITY : this.#dueAt(last) - leadMs
    const roomMs = Math.min((missing - 1) * stepMs, horizonMs / 2)
    const thereAt = this.#dueAt(placeOf(count)) - horizonMs + roomMs
    this.#reserveAgainAt = missing > 0 ? Math.max(neededAt, thereAt) : Number.NEGATIVE_INFINITY
  }

  #setTimer(reserving: boolean): void {
    this.#callOff()
    const [first] = this.#reserved
    const nextAt = Math.min(
      first === undefined ? Number.POSITIVE_INFINITY : this.#dueAt(first),
      reserving ? this.#reserveAgainAt : Number.POSITIVE_INFINITY,
    )
    // Without anybody who waits, places fall due for nobody.
    if (nextAt === Number.POSITIVE_INFINITY || this.#waitingCount === 0) return
    const afterMs = Math.max(1, nextAt - this.#time.now())
    this.#callOff = this.#time.after(afterMs, () => this.#advance())
  }
}

const ownTime: Time = {
  now: () => performance.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}
