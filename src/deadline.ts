/** Every wait that must end: for a time, or until a signal. */

/** Runs `work` with a signal that aborts after `timeoutMs`, or with the caller's own. */
export async function withDeadline<T>(
  { timeoutMs }: { readonly timeoutMs: number },
  { signal: parent }: { readonly signal?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  parent?.addEventListener('abort', abort, { once: true })
  if (parent?.aborted) abort()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    parent?.removeEventListener('abort', abort)
  }
}

/** The result of `work`, or `aborted` as soon as the signal aborts; `work` itself goes on. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | 'aborted'> {
  // Nobody waits for it after the abort, and an unhandled rejection would end the process.
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

/**
 * The result of `work`; throws what `late` makes if it takes longer than `ms`. `work` itself goes on.
 * The deadline passes one turn of the event loop after its time: if this process was busy for longer
 * than that, a result that has arrived meanwhile is read first, and is not late.
 */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  late = () => new Error(`no answer within ${ms} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(late())), ms)
  })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, passed])
  } finally {
    clearTimeout(timer)
  }
}
