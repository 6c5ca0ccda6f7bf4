import { setTimeout as delay } from 'node:timers/promises'

/** Does one tick's work and says when the next is due, in milliseconds. */
export type Tick = (signal: AbortSignal) => Promise<number>

/** A timer may be early by a fraction of a millisecond, and would find its own slot taken. */
const marginMs = 5

/**
 * The clock of one process: ticks at once, and then whenever the tick before asks for, until
 * `signal` aborts. Resolves when the last tick has ended. Ticks never overlap.
 *
 * The tick names its successor's time from the database's clock, so that a node whose own clock is
 * off, or whose timer drifts, still meets every slot.
 */
export async function tickLocally(tick: Tick, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const nextInMs = await tick(signal)
    await delay(nextInMs + marginMs, undefined, { signal, ref: true }).catch(() => undefined)
  }
}
