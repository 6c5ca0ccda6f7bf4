import { TimeQueue } from './queue.ts'
import type { Random } from './random.ts'
import type { Trace } from './trace.ts'

/** A process: what it waits for dies with it. */
export interface Owner {
  readonly name: string
  alive: boolean
  /** What waits for it while it stands still: a stopped process, a long collection of garbage. */
  parked: (() => void)[] | null
  /** How fast its timers run; 1 is right. */
  readonly timerRate: number
  /** What its calendar is off by. */
  readonly skewMs: number
}

/** One thing that will happen. `owner` null: the world's, which never dies. */
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

/** Something that was scheduled and may be called off. */
export interface Cancellable {
  cancelled: boolean
}

/**
 * Virtual time. One thing happens at a time; everything that follows from it without waiting (the
 * microtasks) is done before the next. So a seed always gives the same history.
 */
export class Loop {
  /** Virtual milliseconds since 1970. */
  now: number
  /** Whose code is running. */
  current: Owner | null = null
  fired = 0
  readonly startedAt: number
  readonly #queue = new TimeQueue<Waiting>()
  readonly #random: Random
  readonly #trace: Trace
  /** True: the process died just here, and never hears of it. */
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
    // Written out: half of all objects are made here.
    const waiting = { owner, label, fire, time, tie: this.#random.next(), cancelled: false }
    this.#queue.push(waiting)
    return waiting
  }

  /** Nothing reaches the process from now on, for so long. */
  pause(owner: Owner, ms: number): void {
    owner.parked ??= []
    this.after(ms, { owner: null, label: 'a process goes on', fire: () => this.resume(owner) })
  }

  resume(owner: Owner): void {
    const { parked } = owner
    owner.parked = null
    for (const unpark of parked ?? []) unpark()
  }

  /** Fires what is due until told to end, or until nothing is left. */
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

  /** False when there is nothing left to fire. */
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
 * Node.js drains all microtasks between two immediates of the same round, so each step is complete
 * before the next; a round of its own for each would cost three times as much.
 */
const stepsPerRound = 64
