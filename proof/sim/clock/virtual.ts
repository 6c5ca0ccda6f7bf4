import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'
import type { Cancellable, Loop } from './loop.ts'
import type { Random } from './random.ts'

/** Whose time it is now; null: the real one. */
export interface Era {
  readonly loop: Loop
  readonly random: Random
}

/**
 * Puts virtual time and seeded chance in the place of everything of Node.js that the production
 * code reads time or chance from. Returns how to take it back. While no era is on, all of it is
 * the real thing.
 */
export function virtualise(eraNow: () => Era | null): () => void {
  const undo = [
    replace(globalThis, 'setTimeout', timeoutOf(eraNow)),
    replace(globalThis, 'clearTimeout', clearOf()),
    replace(globalThis, 'Date', dateOf(eraNow)),
    replace(performance, 'now', nowOf(eraNow)),
    replace(AbortSignal, 'timeout', abortOf(eraNow)),
    replace(Math, 'random', chanceOf(eraNow)),
    replace(timers, 'setTimeout', delayOf(eraNow)),
    replace(crypto, 'randomUUID', uuidOf(eraNow)),
    replace(crypto, 'randomInt', wholeOf(eraNow)),
  ]
  // What others imported by name follows.
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

type EraNow = () => Era | null

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

function timeoutOf(eraNow: EraNow) {
  const real = globalThis.setTimeout
  return (callback: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
    const era = eraNow()
    if (era === null) return real(callback, ms, ...values)
    return new VirtualTimer(era.loop, { ms, label: 'timer', fire: () => callback(...values) })
  }
}

function clearOf() {
  const real = globalThis.clearTimeout
  return (timer: NodeJS.Timeout | VirtualTimer | undefined) => {
    if (timer instanceof VirtualTimer) timer.cancel()
    else real(timer)
  }
}

function delayOf(eraNow: EraNow) {
  const real = timers.setTimeout
  return <T>(ms?: number, value?: T, options: { signal?: AbortSignal; ref?: boolean } = {}) => {
    const era = eraNow()
    if (era === null) return real(ms, value, options)
    return delay(era.loop, { ms: ms ?? 1, value, signal: options.signal })
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

function abortOf(eraNow: EraNow) {
  const real = AbortSignal.timeout
  return (ms: number) => {
    const era = eraNow()
    if (era === null) return real.call(AbortSignal, ms)
    const controller = new AbortController()
    const fire = () => controller.abort(new DOMException('The time is out', 'TimeoutError'))
    new VirtualTimer(era.loop, { ms, label: 'deadline', fire })
    return controller.signal
  }
}

function dateOf(eraNow: EraNow) {
  const RealDate = globalThis.Date
  const nowMs = () => {
    const era = eraNow()
    if (era === null) return RealDate.now()
    return Math.floor(era.loop.now + (era.loop.current?.skewMs ?? 0))
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

function nowOf(eraNow: EraNow) {
  const real = performance.now.bind(performance)
  return () => {
    const era = eraNow()
    return era === null ? real() : era.loop.now - era.loop.startedAt
  }
}

function chanceOf(eraNow: EraNow) {
  const real = Math.random
  return () => eraNow()?.random.next() ?? real()
}

function uuidOf(eraNow: EraNow) {
  const real = crypto.randomUUID
  return () => {
    const era = eraNow()
    if (era === null) return real()
    const hex = () => era.random.whole(0, 0xffff).toString(16).padStart(4, '0')
    return `${hex()}${hex()}-${hex()}-4${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`
  }
}

function wholeOf(eraNow: EraNow) {
  const real = crypto.randomInt
  return (...ends: [number] | [number, number]) => {
    const era = eraNow()
    if (era === null) return ends.length === 1 ? real(ends[0]) : real(ends[0], ends[1])
    const [min, beyond] = ends.length === 1 ? [0, ends[0]] : ends
    return era.random.whole(min, beyond - 1)
  }
}
