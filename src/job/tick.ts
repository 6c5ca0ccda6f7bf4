import { farthestMs } from '../domain/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { BatchEnd, Engine, Tick, Work } from '../queue/engine.ts'
import { type Backlog, countMax } from './backlog.ts'
import type { Scanning } from './pass.ts'
import { type RunEnd, type RunRequest, scan } from './scan.ts'

/** The compensation job: one run at start, and one each interval. */
export interface Job {
  /** Starts the clock; again after a stop. Does nothing when it is running or disabled. */
  start(): void
  /** Sends no new query; resolves when the orders in progress have been settled. May be called twice. */
  stop(): Promise<void>
  /** Null while it is stopped, or about to be. */
  readonly runningMs: number | null
  /** Since this node last tried a slot, whether or not it got it. Null: never. */
  readonly lastTickAgeMs: number | null
}

export interface JobOptions {
  readonly scanning: Scanning
  readonly enabled: boolean
  readonly backlog: Backlog
  /** Calls the tick whenever it is due, until the signal aborts. */
  readonly engine: Engine
}

/** After a tick that failed, the next one comes within this time: the database may be back. */
const retryMsMax = 15_000

export function createJob(options: JobOptions): Job {
  const { emit } = options.scanning
  let running: Running | null = null
  let lastTickAt: number | null = null

  const begin = (after: Promise<void>): Running => {
    emit({ type: 'job_started', intervalMins: options.scanning.policy.intervalMs / 60_000 })
    const abort = new AbortController()
    const ticked = () => {
      lastTickAt = performance.now()
    }
    const work = workOf({ ...options, ticked })
    const ended = after.then(() => options.engine.run(work, abort.signal))
    return { abort, ended, since: performance.now() }
  }

  return {
    get runningMs() {
      if (running === null || running.abort.signal.aborted) return null
      return performance.now() - running.since
    },
    get lastTickAgeMs() {
      return lastTickAt === null ? null : performance.now() - lastTickAt
    },
    start() {
      if (!options.enabled) return emit({ type: 'job_disabled' })
      if (running !== null && !running.abort.signal.aborted) return
      // A start during a stop begins after the work that is still in progress.
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

/** The job as an engine calls it. */
function workOf(options: JobOptions & { ticked: () => void }): Work {
  const { emit, policy, limit, batchSize } = options.scanning
  let trigger: 'start' | 'schedule' = 'start'
  const failed = (error: unknown) => emit({ type: 'tick_failed', error })
  return {
    async tick(signal) {
      const request = { trigger, dryRun: false, intervalMs: policy.intervalMs, signal }
      trigger = 'schedule'
      options.ticked()
      try {
        return await tickSlot(options, request)
      } catch (error) {
        failed(error)
        return { kind: 'failed', nextInMs: Math.min(policy.intervalMs, retryMsMax), batches: 0 }
      }
    },
    // Enough to use the whole concurrency, one that is being claimed, and one that is being settled.
    batchesAtOnce: Math.ceil(limit.concurrency / batchSize) + 2,
    async batch(signal, onHalfSent) {
      try {
        const request = { trigger: 'schedule', dryRun: false, intervalMs: null, signal } as const
        return endOf(await scan(options.scanning, { ...request, onHalfSent }))
      } catch (error) {
        failed(error)
        return 'failed'
      }
    },
  }
}

function endOf(end: RunEnd): BatchEnd {
  return end.kind === 'ran' && end.full ? 'more' : 'done'
}

/** The slot's run. The node that made it also counts what is left, once an interval in the whole cluster. */
async function tickSlot(options: JobOptions, request: RunRequest): Promise<Tick> {
  const end = await scan(options.scanning, request)
  const batches = end.kind === 'ran' ? await batchesAfter(options, end) : 0
  return { kind: end.kind, nextInMs: Math.max(0, end.nextSlotAt - performance.now()), batches }
}

async function batchesAfter(options: JobOptions, end: RunEnd & { kind: 'ran' }): Promise<number> {
  const { backlog, scanning } = options
  const { store, emit, policy, gateway } = scanning
  try {
    const { thresholdMs } = policy
    const due = { merchant: merchantOf(gateway), thresholdMs, farthestMs: farthestMs(policy) }
    const remaining = await store.countDue({ ...due, countMax })
    const counted = backlog.count(remaining, performance.now())
    if (counted !== null) emit(counted)
    // A batch without any answer is an outage, which more queries would make worse.
    return end.full ? backlog.batchesFor(remaining) : 0
  } catch (error) {
    // The slot has had its run, so a failed count must not make the engine try the slot again.
    emit({ type: 'tick_failed', error })
    return 0
  }
}
