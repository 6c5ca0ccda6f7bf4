/** The longest wait of `setTimeout`. A longer timer is armed again after it. */
const armMsMax = 2 ** 31 - 1

interface Timer {
  readonly at: number
  readonly work: () => Promise<void>
}

export type Cancel = () => void

/**
 * The simulator's time and its timers. A clock runs with the system's, or (`stepped`) stands still
 * until it is advanced. A running clock can be advanced too. Timers fire in the order of their times.
 */
export class SimulatorClock {
  readonly stepped: boolean
  readonly #base: () => number
  #offsetMs = 0
  #timers: Timer[] = []
  #armed: NodeJS.Timeout | null = null
  readonly #working = new Set<Promise<void>>()

  constructor(options: { readonly stepped: boolean; readonly startAt?: Date }) {
    this.stepped = options.stepped
    const start = (options.startAt ?? new Date()).getTime()
    const offset = start - Date.now()
    this.#base = options.stepped ? () => start : () => Date.now() + offset
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#base() + this.#offsetMs
  }

  /** Runs the work at that time; immediately if the time has passed. */
  at(time: number, work: () => Promise<void>): Cancel {
    const timer = { at: time, work }
    if (time <= this.now()) {
      this.#begin(timer)
      return () => {}
    }
    this.#insert(timer)
    this.#arm()
    return () => this.#remove(timer)
  }

  /**
   * Moves the time forward. Each timer fires at its own time, and its work is awaited before the next
   * one, so that timers which that work adds within the span fire too.
   */
  async advance(ms: number): Promise<void> {
    const until = this.now() + ms
    await this.quiet()
    for (let timer = this.#timers[0]; timer && timer.at <= until; timer = this.#timers[0]) {
      this.#timers.shift()
      this.#moveTo(timer.at)
      this.#begin(timer)
      await this.quiet()
    }
    this.#moveTo(until)
    this.#arm()
  }

  /** Resolves when no work of a timer is running. */
  async quiet(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  /** Removes all timers. */
  clear(): void {
    this.#timers = []
    if (this.#armed) clearTimeout(this.#armed)
    this.#armed = null
  }

  #moveTo(time: number): void {
    this.#offsetMs += Math.max(0, time - this.now())
  }

  #begin(timer: Timer): void {
    const working = timer.work().finally(() => this.#working.delete(working))
    this.#working.add(working)
  }

  #insert(timer: Timer): void {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle]?.at ?? 0) <= timer.at) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, timer)
  }

  #remove(timer: Timer): void {
    const index = this.#timers.indexOf(timer)
    if (index >= 0) this.#timers.splice(index, 1)
  }

  #arm(): void {
    if (this.stepped) return
    if (this.#armed) clearTimeout(this.#armed)
    const next = this.#timers[0]
    if (!next) return
    const waitMs = Math.min(armMsMax, Math.max(0, next.at - this.now()))
    this.#armed = setTimeout(() => this.#fire(), Math.ceil(waitMs))
  }

  #fire(): void {
    const now = this.now()
    for (let timer = this.#timers[0]; timer && timer.at <= now; timer = this.#timers[0]) {
      this.#timers.shift()
      this.#begin(timer)
    }
    this.#arm()
  }
}

const beijingOffsetMs = 8 * 3_600_000

/** RFC 3339 in whole seconds at +08:00, as WeChat Pay writes times. */
export function beijingTime(ms: number): string {
  return `${new Date(ms + beijingOffsetMs).toISOString().slice(0, 19)}+08:00`
}
