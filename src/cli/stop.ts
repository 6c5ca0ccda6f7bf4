const stopSignals = ['SIGTERM', 'SIGINT'] as const

/**
 * Resolves when a person or a supervisor asks this process to end. From now on it ends when its
 * work does: a second signal changes nothing, so that no credit in flight is cut short.
 */
export function listenForStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of stopSignals) process.on(signal, () => resolve())
  })
}

/** What a person is told who has asked for it: nothing happens at once. */
export const stopping = 'Stopping: what is in flight is finished first.'
