import { TimeQueue } from './queue.ts'
import type { Random } from './random.ts'
import type { Trace } from './trace.ts'

/** A simulated process. Its scheduled events are dropped when it dies. */
export interface Owner {
  readonly name: string
  alive: boolean
  /** Events held back while the process is paused (SIGSTOP, a long garbage collection); null: not paused. */
  parked: (() => void)[] | null
  /** The factor of its timers' lengths; 1 is exact. */
  readonly timerRate: number
  /** Its clock minus the true time. */
  readonly skewMs: number
}

/** One future event. `owner` null: an event outside of all processes, which always fires. */
export interface Scheduled {
  readonly owner: Owner | null
  readonly label: string
  readonly fire: () => void
}

interface Waiting extends Scheduled {
  readonly time: number
  readonly tie: number
  cancelled: boolean
}

/** A scheduled event that can be cancelled. */
export interface Cancellable {
  cancelled: boolean
}

/**
 * Virtual time. One event fires at a time, and all its microtasks run before the next event. So a seed
 * always gives the same history.
 */
export class Loop {
  /** Virtual milliseconds since 1970. */
  now: number
  /** The process whose code is running. */
  current: Owner | null = null
  fired = 0
  readonly startedAt: number
  readonly #queue = new TimeQueue<Waiting>()
  readonly #random: Random
  readonly #trace: Trace
  /** Called before each event of a process. True: the process has died, and the event is dropped. */
  interrupt: (owner: Owner, label: string) => boolean = () => false

  constructor(options: { random: Random; trace: Trace; startAt: number }) {
    this.#random = options.random
    this.#trace = options.trace
    this.now = options.startAt
    this.startedAt = options.startAt
  }

  after(ms: number, scheduled: Scheduled): Cancellable {
    const { owner, label, fire } = scheduled
    const time = this.now + Math.max(0, ms)
    // Written out without a spread for speed: half of all objects are created here.
    const waiting = { owner, label, fire, time, tie: this.#random.next(), cancelled: false }
    this.#queue.push(waiting)
    return waiting
  }

  /** Holds back all events of the process for `ms`. */
  pause(owner: Owner, ms: number): void {
    owner.parked ??= []
    this.after(ms, { owner: null, label: 'process resumes', fire: () => this.resume(owner) })
  }

  resume(owner: Owner): void {
    const { parked } = owner
    owner.parked = null
    for (const unpark of parked ?? []) unpark()
  }

  /** Fires events in order of time, until `isOver` returns true or none is left. */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let ended = false
      const step = () => {
        if (ended) return
        try {
          ended = isOver() || !this.#fireNext()
          if (ended) resolve()
        } catch (error) {
          ended = true
          reject(error)
        }
      }
      const round = () => {
        if (ended) return
        for (let count = 0; count < stepsPerRound; count += 1) setImmediate(step)
        setImmediate(round)
      }
      round()
    })
  }

  /** Returns false when no event is left. */
  #fireNext(): boolean {
    const next = this.#queue.pop()
    if (next === undefined) return false
    const { owner } = next
    if (next.cancelled || owner?.alive === false) return true
    this.now = Math.max(this.now, next.time)
    if (owner !== null && owner.parked !== null) {
      owner.parked.push(() => this.#queue.push({ ...next, time: this.now }))
      return true
    }
    if (owner !== null && this.interrupt(owner, next.label)) return true
    this.current = owner
    this.fired += 1
    this.#trace.fired(this.now, owner?.name ?? 'world', next.label)
    next.fire()
    return true
  }
}

/**
 * Node.js runs all microtasks between two immediates of the same round, so each step is complete
 * before the next. One round for each step would take three times as long.
 */
const stepsPerRound = 64
