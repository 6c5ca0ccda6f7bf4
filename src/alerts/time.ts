import { setTimeout as delay } from 'node:timers/promises'

/** The time that queues and watches wait by. Only tests replace it. */
export interface Time {
  /** In milliseconds, of a clock that is never set. */
  now(): number
  /** Resolves after that time, or when the signal aborts. Keeps no process alive. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

export const processTime: Time = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined),
}
