import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** Calls `holds` every `everyMs` until it is true; false if it is not by the deadline. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  { withinMs, everyMs = 100 }: { withinMs: number; everyMs?: number },
): Promise<boolean> {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await holds()) return true
    if (performance.now() >= deadline) return false
    await delay(everyMs)
  }
}

/** Its signal may have any number of listeners. */
export function newAbortController(): AbortController {
  const end = new AbortController()
  setMaxListeners(0, end.signal)
  return end
}

/** Waits `ms`; false if the signal aborts first. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(Math.max(0, ms), undefined, { signal })
    return true
  } catch {
    return false
  }
}
