import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits until `holds`, asking again each `everyMs`; false when it did not by the deadline. */
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

/** A signal that any number of waits may listen to. */
export function newAbortController(): AbortController {
  const end = new AbortController()
  setMaxListeners(0, end.signal)
  return end
}

/** Waits so long, or until the signal aborts; false then. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(Math.max(0, ms), undefined, { signal })
    return true
  } catch {
    return false
  }
}
