/** A person's or a supervisor's wish that this process end. */
export interface StopRequest {
  /** Resolves at the first SIGTERM or SIGINT; a second one changes nothing: credits in flight end. */
  readonly asked: Promise<void>
  /** Listens no more. */
  end(): void
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const

export function listenForStop(): StopRequest {
  let ask = () => {}
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const listener = () => ask()
  for (const signal of stopSignals) process.on(signal, listener)
  return {
    asked,
    end: () => {
      for (const signal of stopSignals) process.off(signal, listener)
    },
  }
}
