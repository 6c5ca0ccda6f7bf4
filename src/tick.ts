import type { Tick } from './engine/local.ts'
import { type RunEnd, type RunRequest, type Scanning, scan } from './scan.ts'

/** The compensation job: one run at start, and one each interval. */
export interface Job {
  /** Starts the clock; again after a stop. Does nothing when it is running or disabled. */
  start(): void
  /** No new question after this; resolves when what is under way has been settled. May be called twice. */
  stop(): Promise<void>
  /** Null while it is not running. */
  readonly startedAt: Date | null
}

export interface JobOptions {
  readonly scanning: Scanning
  readonly enabled: boolean
  /** A run that found a full batch goes on at once. */
  readonly drain: boolean
  /** Calls the tick whenever it is due, until the signal aborts. */
  readonly engine: (tick: Tick, signal: AbortSignal) => Promise<void>
}

/** After a tick that failed, the next comes no later than this: the database may be back. */
const retryMsMax = 15_000

export function createJob(options: JobOptions): Job {
  const { emit } = options.scanning
  let running: {
    readonly abort: AbortController
    readonly ended: Promise<void>
    readonly at: Date
  } | null = null

  return {
    get startedAt() {
      return running?.at ?? null
    },
    start() {
      if (!options.enabled) return emit({ type: 'job_disabled' })
      if (running !== null) return
      emit({ type: 'job_started', intervalMins: options.scanning.policy.intervalMs / 60_000 })
      const abort = new AbortController()
      const ended = options.engine(tickOf(options), abort.signal)
      running = { abort, ended, at: new Date() }
    },
    async stop() {
      if (running === null) return
      const { abort, ended } = running
      abort.abort()
      await ended
      if (running?.abort !== abort) return
      running = null
      emit({ type: 'job_stopped' })
    },
  }
}

function tickOf(options: JobOptions): Tick {
  const { intervalMs } = options.scanning.policy
  let trigger: 'start' | 'schedule' = 'start'
  return async (signal) => {
    const request: RunRequest = { trigger, dryRun: false, intervalMs, signal }
    trigger = 'schedule'
    try {
      return await runSlot(options, request)
    } catch (error) {
      options.scanning.emit({ type: 'tick_failed', error })
      return Math.min(intervalMs, retryMsMax)
    }
  }
}

/** The slot's run, and with `drain` more of them while batches are full. Returns the wait to the next slot. */
async function runSlot(options: JobOptions, request: RunRequest): Promise<number> {
  const startedAt = performance.now()
  const first = await scan(options.scanning, request)
  let last: RunEnd = first
  while (options.drain && last.kind === 'ran' && last.full && !request.signal.aborted) {
    last = await scan(options.scanning, { ...request, intervalMs: null })
  }
  return Math.max(0, first.nextSlotInMs - (performance.now() - startedAt))
}
