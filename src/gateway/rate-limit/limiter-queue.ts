import {
  type Penalty,
  penaltyMsMin,
  type RateLimiter,
  type ReservationRequest,
  type Reservations,
} from '../../domain/runs/rate-limiter.ts'
import type { Quota, Reservation, TakeOptions } from './quota.ts'

/** The clock and timers of a process, in ms; tests step them. */
export interface Time {
  now(): number
  /** Calls `wake` after `ms`; returns a function that cancels the call. */
  after(ms: number, wake: () => void): () => void
}

interface LimiterQueueOptions {
  readonly rate: Omit<ReservationRequest, 'count'>
  /** How late a reservation may still be used; after that it expires. */
  readonly latenessMsMax: number
  readonly time?: Time
}

/** New reservations are made this long before the last one is due. Stalls of a machine are shorter. */
const leadMs = 100
/** About as long as a request to the limiter takes: a reservation that expires sooner is replaced in time. */
const refillMs = 10
/** After this many urgent queries in a row, a query of the job is next: polling must not starve the job. */
const urgentInARowMax = 3
/**
 * A process that stalls again and again uses all its reservations too late. It may use a late one when
 * it has used none for this long: too rarely to matter to the quota, and the process makes progress.
 */
const starvedMs = 10_000
/**
 * After reservations expired because nobody waited, fewer are made ahead for this many horizons: only
 * as many as are still valid when the last of them is due. The next attempt to make more costs at most
 * one horizon, a thirtieth of the quota.
 */
const carefulHorizons = 30

type Waiter = (reservation: Reservation | null) => void

/**
 * The callers of one process that wait for the rate limiter. One request to it makes reservations for
 * all that wait, and for the queries that their run announces; a single caller waits for no other.
 *
 *   waiting ──► reserved (for no caller in particular) ──due──► used, first come first served
 *                    └── nobody waited, or the process stalled, until it was too late ──► expired
 *
 * An expired reservation is not replaced at once: two queries at the same time would be a burst.
 */
export class LimiterQueue implements Quota {
  readonly #limiter: RateLimiter
  readonly #rate: Omit<ReservationRequest, 'count'>
  readonly #latenessMsMax: number
  readonly #time: Time
  /** A person waits for each of these, so they go first. */
  readonly #urgent = new Set<Waiter>()
  readonly #patient = new Set<Waiter>()
  /** How many queries follow the patient ones at once. */
  #ahead = 0
  #reserved: Reservation[] = []
  /** Infinity while a request to the limiter is running. */
  #reserveAgainAt = Number.NEGATIVE_INFINITY
  #carefulUntil = Number.NEGATIVE_INFINITY
  /** This process's time minus the limiter's; unknown before the first answer. */
  #clockOffset = Number.POSITIVE_INFINITY
  /** Since when no waiter has been served. */
  #unservedSince = Number.NEGATIVE_INFINITY
  #urgentInARow = 0
  #cancelTimer = () => {}
  lastError: string | null = null

  constructor(
    limiter: RateLimiter,
    { rate, latenessMsMax, time = processTime }: LimiterQueueOptions,
  ) {
    this.#limiter = limiter
    this.#rate = rate
    this.#latenessMsMax = latenessMsMax
    this.#time = time
  }

  take(
    signal: AbortSignal,
    { urgent = false, ahead = 0 }: TakeOptions = {},
  ): Promise<Reservation | null> {
    if (signal.aborted) return Promise.resolve(null)
    const queue = urgent ? this.#urgent : this.#patient
    if (!urgent) this.#ahead = ahead
    if (this.#waitingCount === 0) {
      this.#unservedSince = this.#time.now()
      this.#dropExpired()
    }
    return new Promise((resolve) => {
      const waiter: Waiter = (reservation) => {
        queue.delete(waiter)
        signal.removeEventListener('abort', leave)
        resolve(reservation)
      }
      const leave = () => waiter(null)
      signal.addEventListener('abort', leave, { once: true })
      queue.add(waiter)
      this.#advance()
    })
  }

  async penalize(reservation: Reservation | null): Promise<Penalty> {
    const penalty = await this.#limiter.penalize(this.#rate.quota, reservation?.at ?? null)
    if (penalty.forMs > 0) {
      const until = this.#time.now() + penalty.forMs
      this.#reserved = this.#reserved.filter((reserved) => this.#dueAt(reserved) >= until)
      this.#reserveAgainAt = until - leadMs
      this.#advance()
    }
    return penalty
  }

  get #waitingCount(): number {
    return this.#urgent.size + this.#patient.size
  }

  #advance(): void {
    const ahead = this.#patient.size > 0 ? this.#ahead : 0
    this.#serveDue()
    const now = this.#time.now()
    const count = this.#countToReserve(now, ahead)
    if (count > 0 && now >= this.#reserveAgainAt) void this.#reserve(count)
    const [first] = this.#reserved
    const dueAt = first === undefined ? Number.POSITIVE_INFINITY : this.#dueAt(first)
    const wakeAt = count > 0 ? Math.min(dueAt, this.#reserveAgainAt) : dueAt
    this.#cancelTimer()
    // Without a waiter, no timer is needed: a reservation that falls due has no use.
    if (wakeAt === Number.POSITIVE_INFINITY || this.#waitingCount === 0) return
    this.#cancelTimer = this.#time.after(Math.max(1, wakeAt - now), () => this.#advance())
  }

  #serveDue(): void {
    const now = this.#time.now()
    for (;;) {
      if (now - this.#unservedSince < starvedMs) this.#dropExpired()
      const [next] = this.#reserved
      if (next === undefined || this.#dueAt(next) > now || this.#waitingCount === 0) return
      this.#reserved.shift()
      this.#unservedSince = now
      this.#nextWaiter()?.(next)
    }
  }

  #dropExpired(): void {
    const now = this.#time.now()
    const expired = this.#expiredBy(now)
    if (expired === 0) return
    this.#reserved.splice(0, expired)
    if (this.#waitingCount === 0) {
      this.#carefulUntil = now + carefulHorizons * this.#rate.horizonMs
    }
  }

  /** How many have expired at a time: the first ones, because they are in the order of their times. */
  #expiredBy(time: number): number {
    const oldest = time - this.#latenessMsMax - this.#clockOffset
    const firstGood = this.#reserved.findIndex(({ at }) => at >= oldest)
    return firstGood === -1 ? this.#reserved.length : firstGood
  }

  #nextWaiter(): Waiter | undefined {
    const [urgent] = this.#urgent
    const [patient] = this.#patient
    const yields = patient !== undefined && this.#urgentInARow >= urgentInARowMax
    const next = urgent === undefined || yields ? patient : urgent
    this.#urgentInARow = next === urgent ? this.#urgentInARow + 1 : 0
    return next
  }

  /** 0 while more are left than would be added, so that a run sends few requests to the limiter. */
  #countToReserve(now: number, ahead: number): number {
    const aheadMax = this.#isCareful(now)
      ? Math.floor(this.#latenessMsMax / this.#rate.stepMs)
      : Number.POSITIVE_INFINITY
    const left = this.#reserved.length - this.#expiredBy(now + refillMs)
    const missing = this.#waitingCount + Math.min(ahead, aheadMax) - left
    return missing >= left ? missing : 0
  }

  /** Reservations have expired lately because nobody waited: this process is slower than the quota. */
  #isCareful(now: number): boolean {
    return now < this.#carefulUntil
  }

  /** Never rejects. While the limiter is away, nothing is reserved, and the request is repeated later. */
  async #reserve(count: number): Promise<void> {
    this.#reserveAgainAt = Number.POSITIVE_INFINITY
    const sentAt = this.#time.now()
    // A process that does not know the limiter's clock cannot see how late a past reservation is; and one
    // whose reservations expire needs none of the past, which expire first.
    const isClockUnknown = this.#clockOffset === Number.POSITIVE_INFINITY
    const burst = isClockUnknown || this.#isCareful(sentAt) ? { burstMs: 0 } : {}
    try {
      const given = await this.#limiter.reserve({ ...this.#rate, ...burst, count })
      this.#estimateOffset(given.firstAt - given.firstInMs, { sentAt })
      this.#add(given, { missing: count - given.count })
      this.lastError = null
    } catch (error) {
      this.lastError = error instanceof Error ? error.message : String(error)
      this.#reserveAgainAt = this.#time.now() + penaltyMsMin
    }
    this.#advance()
  }

  /**
   * Estimates the offset of the limiter's clock, as NTP does: it read its clock between `sentAt` and
   * now. The tightest upper bound seen is kept, so that a slow answer makes no reservation later than
   * it is; a lower bound above it shows that the limiter's clock was set back.
   */
  #estimateOffset(limiterNow: number, { sentAt }: { sentAt: number }): void {
    const upperBound = this.#time.now() - limiterNow
    this.#clockOffset = Math.min(upperBound, Math.max(sentAt - limiterNow, this.#clockOffset))
  }

  #dueAt({ at }: Reservation): number {
    return this.#clockOffset + at
  }

  #add({ count, firstAt }: Reservations, { missing }: { missing: number }): void {
    const { stepMs, horizonMs } = this.#rate
    const reservationOf = (n: number) => ({ at: firstAt + n * stepMs })
    for (let n = 0; n < count; n += 1) this.#reserved.push(reservationOf(n))
    // With some reservations, the process needs more shortly before the last is due. With none, it
    // retries when the horizon has room for all that are missing, or for half of what it can hold.
    const roomMs = Math.min((missing - 1) * stepMs, horizonMs / 2)
    const aheadMs = count > 0 ? stepMs + leadMs : horizonMs - roomMs
    this.#reserveAgainAt =
      missing > 0 ? this.#dueAt(reservationOf(count)) - aheadMs : Number.NEGATIVE_INFINITY
  }
}

const processTime: Time = {
  now: () => performance.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}
