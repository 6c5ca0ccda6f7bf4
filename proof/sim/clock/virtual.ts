import { AsyncLocalStorage } from 'node:async_hooks'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'
import type { Cancellable, Loop } from './loop.ts'
import type { Random } from './random.ts'

/** The time and the random numbers of one simulation. */
export interface VirtualClock {
  readonly loop: Loop
  readonly random: Random
}

const clocks = new AsyncLocalStorage<VirtualClock>()

/**
 * Runs a simulation. Its clock is that of all code that it calls, now or later, and of no other code of
 * the process: a timer that was set before goes on in real time.
 */
export function inVirtualTime<T>(clock: VirtualClock, work: () => Promise<T>): Promise<T> {
  return clocks.run(clock, work)
}

/** Null outside of all simulations. */
function currentClock(): VirtualClock | null {
  return clocks.getStore() ?? null
}

/**
 * Replaces each function of Node.js from which the production code reads the time or random numbers.
 * Outside of `inVirtualTime()` the replacements call the real functions. Returns a function that
 * restores the originals.
 */
export function virtualise(): () => void {
  const undo = [
    replace(globalThis, 'setTimeout', virtualTimeout()),
    replace(globalThis, 'clearTimeout', clearVirtual(globalThis.clearTimeout)),
    replace(globalThis, 'setInterval', virtualInterval()),
    replace(globalThis, 'clearInterval', clearVirtual(globalThis.clearInterval)),
    replace(globalThis, 'Date', virtualDate()),
    replace(performance, 'now', virtualNow()),
    replace(AbortSignal, 'timeout', virtualAbortTimeout()),
    replace(Math, 'random', virtualRandom()),
    replace(timers, 'setTimeout', virtualDelay()),
    replace(crypto, 'randomUUID', virtualUuid()),
    replace(crypto, 'randomInt', virtualInt()),
  ]
  // Also updates the bindings that other modules imported by name.
  syncBuiltinESMExports()
  return () => {
    for (const each of undo.reverse()) each()
    syncBuiltinESMExports()
  }
}

function replace<T extends object, K extends keyof T>(
  owner: T,
  name: K,
  value: unknown,
): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}

/** A timer of the process whose code is running. */
class VirtualTimer {
  readonly #waiting: Cancellable

  constructor(loop: Loop, options: { ms: number; label: string; fire: () => void }) {
    const owner = loop.current
    const ms = Math.max(1, options.ms) * (owner?.timerRate ?? 1)
    this.#waiting = loop.after(ms, { owner, label: options.label, fire: options.fire })
  }

  cancel(): void {
    this.#waiting.cancelled = true
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** Each time is a timer of its own, of the process that began it. */
class VirtualInterval {
  #timer: VirtualTimer

  constructor(loop: Loop, { ms, fire }: { ms: number; fire: () => void }) {
    const next = (): VirtualTimer =>
      new VirtualTimer(loop, {
        ...{ ms, label: 'interval' },
        fire: () => {
          this.#timer = next()
          fire()
        },
      })
    this.#timer = next()
  }

  cancel(): void {
    this.#timer.cancel()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

function virtualTimeout() {
  const real = globalThis.setTimeout
  return (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const clock = currentClock()
    if (clock === null) return real(callback, ms, ...values)
    return new VirtualTimer(clock.loop, { ms, label: 'timer', fire: () => callback(...values) })
  }
}

function virtualInterval() {
  const real = globalThis.setInterval
  return (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const clock = currentClock()
    if (clock === null) return real(callback, ms, ...values)
    return new VirtualInterval(clock.loop, { ms, fire: () => callback(...values) })
  }
}

function clearVirtual(real: (timer: NodeJS.Timeout | undefined) => void) {
  return (timer: NodeJS.Timeout | VirtualTimer | VirtualInterval | undefined) => {
    if (timer instanceof VirtualTimer || timer instanceof VirtualInterval) timer.cancel()
    else real(timer)
  }
}

function virtualDelay() {
  const real = timers.setTimeout
  return <T>(ms?: number, value?: T, options: { signal?: AbortSignal; ref?: boolean } = {}) => {
    const clock = currentClock()
    if (clock === null) return real(ms, value, options)
    return delay(clock.loop, { ms: ms ?? 1, value, signal: options.signal })
  }
}

function delay<T>(
  loop: Loop,
  { ms, value, signal }: { ms: number; value: T; signal: AbortSignal | undefined },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new DOMException('The operation was aborted', 'AbortError'))
    if (signal?.aborted) return aborted()
    const end = () => {
      timer.cancel()
      aborted()
    }
    const timer = new VirtualTimer(loop, {
      ms,
      label: 'delay',
      fire: () => {
        signal?.removeEventListener('abort', end)
        resolve(value)
      },
    })
    signal?.addEventListener('abort', end, { once: true })
  })
}

function virtualAbortTimeout() {
  const real = AbortSignal.timeout
  return (ms: number) => {
    const clock = currentClock()
    if (clock === null) return real.call(AbortSignal, ms)
    const controller = new AbortController()
    const fire = () => controller.abort(new DOMException('The time is out', 'TimeoutError'))
    new VirtualTimer(clock.loop, { ms, label: 'deadline', fire })
    return controller.signal
  }
}

function virtualDate() {
  const RealDate = globalThis.Date
  const nowMs = () => {
    const clock = currentClock()
    if (clock === null) return RealDate.now()
    return Math.floor(clock.loop.now + (clock.loop.current?.skewMs ?? 0))
  }
  return class VirtualDate extends RealDate {
    constructor(...given: [] | [number | string | Date]) {
      super(given.length === 0 ? nowMs() : (given[0] ?? Number.NaN))
    }

    static override now(): number {
      return nowMs()
    }
  }
}

function virtualNow() {
  const real = performance.now.bind(performance)
  return () => {
    const clock = currentClock()
    return clock === null ? real() : clock.loop.now - clock.loop.startedAt
  }
}

function virtualRandom() {
  const real = Math.random
  return () => currentClock()?.random.next() ?? real()
}

function virtualUuid() {
  const real = crypto.randomUUID
  return () => {
    const clock = currentClock()
    if (clock === null) return real()
    const hex = () => clock.random.whole(0, 0xffff).toString(16).padStart(4, '0')
    return `${hex()}${hex()}-${hex()}-4${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`
  }
}

function virtualInt() {
  const real = crypto.randomInt
  return (...ends: [number] | [number, number]) => {
    const clock = currentClock()
    if (clock === null) return ends.length === 1 ? real(ends[0]) : real(ends[0], ends[1])
    const [min, beyond] = ends.length === 1 ? [0, ends[0]] : ends
    return clock.random.whole(min, beyond - 1)
  }
}
