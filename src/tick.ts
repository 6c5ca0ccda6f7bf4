import type { Tick } from './engine/local.ts'
import type { Scanning } from './pass.ts'
import { type RunEnd, type RunRequest, scan } from './scan.ts'

/** The compensation job: one run at start, and one each interval. */
export interface Job {
  /** Starts the clock; again after a stop. Does nothing when it is running or disabled. */
  start(): void
  /** No new question after this; resolves when what is under way has been settled. May be called twice. */
  stop(): Promise<void>
  /** Null while it is stopped, or about to be. */
  readonly runningMs: number | null
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
  let running: Running | null = null

  const begin = (after: Promise<void>): Running => {
    emit({ type: 'job_started', intervalMins: options.scanning.policy.intervalMs / 60_000 })
    const abort = new AbortController()
    const ended = after.then(() => options.engine(tickOf(options), abort.signal))
    return { abort, ended, since: performance.now() }
  }

  return {
    get runningMs() {
      if (running === null || running.abort.signal.aborted) return null
      return performance.now() - running.since
    },
    start() {
      if (!options.enabled) return emit({ type: 'job_disabled' })
      if (running !== null && !running.abort.signal.aborted) return
      // A start that comes during a stop: after what is still under way.
      running = begin(running?.ended ?? Promise.resolve())
    },
    async stop() {
      const stopping = running
      if (stopping === null) return
      const first = !stopping.abort.signal.aborted
      stopping.abort.abort()
      await stopping.ended
      if (first) emit({ type: 'job_stopped' })
      if (running === stopping) running = null
    },
  }
}

interface Running {
  readonly abort: AbortController
  readonly ended: Promise<void>
  readonly since: number
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
  const first = await scan(options.scanning, request)
  let last: RunEnd = first
  while (options.drain && last.kind === 'ran' && last.full && !request.signal.aborted) {
    last = await scan(options.scanning, { ...request, intervalMs: null })
  }
  return Math.max(0, first.nextSlotAt - performance.now())
}
