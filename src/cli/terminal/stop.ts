const stopSignals = ['SIGTERM', 'SIGINT'] as const

/**
 * Resolves at the first signal to stop. From this call on, signals do not end the process, which ends
 * when its work has ended: a second signal has no effect, so that no credit in flight is interrupted.
 */
export function listenForStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) process.on(signal, () => resolve())
  })
}

/** Printed at the signal, because the command does not end at once. */
export const stopping = 'Stopping: what is in flight is finished first.'
