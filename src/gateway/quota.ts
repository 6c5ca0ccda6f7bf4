import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { startDeadline, unlessAborted } from './deadline.ts'

/** The questions a second that the whole merchant may ask, first come first served. */
export interface Quota {
  /** Waits for a place; false when none came before the signal. Nothing is spent then. */
  take(signal: AbortSignal): Promise<boolean>
  /** The gateway said "too many": everybody waits a while, and longer each time in a row. */
  slowDown(): Promise<void>
  /** The gateway answered: the next "too many" is the first of its row. */
  speedUp(): void
}

const merchant = 'merchant'
/** A tenth of a second's worth at once: even enough for the gateway, coarse enough for timers. */
const sliceSecs = 0.1
const pauseMsMin = 500
/** A pause beyond what callers wait (`timeoutMs`, commonly 5 s) would only turn into timeouts. */
const pauseMsMax = 2_000

export function createQuota(maxQps: number): Quota {
  const points = Math.max(1, Math.floor(maxQps * sliceSecs))
  const limiter = new RateLimiterMemory({ points, duration: points / maxQps })
  let line: Promise<unknown> = Promise.resolve()
  let pauseMs = pauseMsMin
  let pausedUntil = 0

  return {
    take(signal) {
      const turn = line.then(() => takePlace(limiter, signal))
      line = turn.catch(() => undefined)
      return unlessAborted(turn, signal).then((taken) => taken === true)
    },
    async slowDown() {
      // Calls that were under way together are told together: that is one "too many".
      if (Date.now() < pausedUntil) return
      pausedUntil = Date.now() + pauseMs
      await limiter.block(merchant, pauseMs / 1000)
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    },
    speedUp() {
      if (Date.now() >= pausedUntil) pauseMs = pauseMsMin
    },
  }
}

/** For a gateway without a limit. */
export const unlimited: Quota = {
  take: async (signal) => !signal.aborted,
  slowDown: async () => {},
  speedUp: () => {},
}

async function takePlace(limiter: RateLimiterMemory, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const waitMs = await tryPlace(limiter)
    if (waitMs === 0) return true
    await pause(waitMs, signal)
  }
  return false
}

/** 0: taken; otherwise the milliseconds until it is worth trying again. */
async function tryPlace(limiter: RateLimiterMemory): Promise<number> {
  try {
    await limiter.consume(merchant)
    return 0
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    return Math.max(1, refusal.msBeforeNext)
  }
}

function pause(ms: number, parent: AbortSignal): Promise<void> {
  const { signal, end } = startDeadline(ms, parent)
  return new Promise((resolve) => {
    const wake = () => {
      end()
      resolve()
    }
    if (signal.aborted) wake()
    else signal.addEventListener('abort', wake, { once: true })
  })
}
