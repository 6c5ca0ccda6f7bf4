export interface Deadline {
  readonly signal: AbortSignal
  /** Gives back the timer and the listener. */
  end(): void
}

/** Aborts after `ms`, or with `parent`. */
export function startDeadline(ms: number, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, ms)
  parent?.addEventListener('abort', abort, { once: true })
  if (parent?.aborted) abort()
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      parent?.removeEventListener('abort', abort)
    },
  }
}

/** Work that ends after `timeoutMs`, or with the caller's signal. */
export async function withDeadline<T>(
  { timeoutMs }: { timeoutMs: number },
  { signal: parent }: { readonly signal?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, end } = startDeadline(timeoutMs, parent)
  try {
    return await work(signal)
  } finally {
    end()
  }
}

/** What `work` comes to, or `aborted` as soon as the signal says so; `work` itself goes on. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | 'aborted'> {
  // Nobody waits for it once the signal has aborted, and what nobody handles ends the process.
  work.catch(() => undefined)
  if (signal.aborted) return 'aborted'
  let leave = () => {}
  const aborted = new Promise<'aborted'>((resolve) => {
    leave = () => resolve('aborted')
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
