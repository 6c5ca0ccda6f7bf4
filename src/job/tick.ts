import { setTimeout as delay } from 'node:timers/promises'
import { farthestMs } from '../domain/runs/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { BatchEnd, BatchUnderWay, Engine, Tick, Work } from '../queue/engine.ts'
import { type Backlog, countMax } from './backlog.ts'
import type { Scanning } from './pass.ts'
import { PassesUnderWay } from './passes-under-way.ts'
import {
  type EndedPass,
  isHeld,
  type Running,
  type RunRequest,
  type RunStart,
  startRun,
} from './scan.ts'

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
  readonly running: Running
  readonly merchants: readonly MerchantWork[]
  readonly enabled: boolean
  /** Calls the tick whenever it is due, until the signal aborts. */
  readonly engine: Engine
}

/** What is one merchant's own, so that what stops it holds up no other. */
export interface MerchantWork extends Scanning {
  readonly backlog: Backlog
}

/** After a tick that failed, the next one comes within this time: the database may be back. */
const retryMsMax = 15_000

export function createJob(options: JobOptions): Job {
  const { emit, policy } = options.running
  let running: RunningClock | null = null
  let lastTickAt: number | null = null

  const begin = (after: Promise<void>): RunningClock => {
    emit({ type: 'job_started', intervalMins: policy.intervalMs / 60_000 })
    const abort = new AbortController()
    const ticked = () => {
      lastTickAt = performance.now()
    }
    const underWay = new PassesUnderWay()
    const work = workOf({ ...options, ticked, underWay })
    const ended = after
      .then(() => options.engine.run(work, abort.signal))
      .then(() => underWay.ended())
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

interface RunningClock {
  readonly abort: AbortController
  readonly ended: Promise<void>
  readonly since: number
}

interface Working extends JobOptions {
  readonly ticked: () => void
  readonly underWay: PassesUnderWay
}

/** The job as an engine calls it. */
function workOf(options: Working): Work {
  const { emit, policy } = options.running
  let trigger: 'start' | 'schedule' = 'start'
  let nextSlotAt = Infinity
  const failed = (error: unknown) => {
    emit({ type: 'tick_failed', error })
    return 'failed' as const
  }
  const batchesAtOnce = Math.max(...options.merchants.map(batchesAtOnceOf))
  return {
    async tick(signal) {
      const request = { trigger, dryRun: false, intervalMs: policy.intervalMs, signal }
      trigger = 'schedule'
      options.ticked()
      try {
        const tick = await tickSlot(options, request)
        nextSlotAt = performance.now() + tick.nextInMs
        return tick
      } catch (error) {
        return {
          kind: failed(error),
          nextInMs: Math.min(policy.intervalMs, retryMsMax),
          batches: 0,
        }
      }
    },
    batchesAtOnce,
    batch(signal) {
      const merchants = options.underWay.free(options.merchants, batchesAtOnce)
      if (merchants.length === 0) return nothingToDo
      const request = { trigger: 'schedule', dryRun: false, intervalMs: null, signal } as const
      const started = startRun(options.running, merchants, request)
      const ended = makeRun(options, started, nextSlotAt).then(endOf, failed)
      return { halfSent: halfSentOf(started, ended), ended }
    },
  }
}

/** All merchants have as many batches under way as they may. */
const nothingToDo: BatchUnderWay = { halfSent: Promise.resolve(), ended: Promise.resolve('done') }

/** With several merchants: resolves when the first of their passes has sent half of a whole batch. */
async function halfSentOf(started: Promise<RunStart>, ended: Promise<BatchEnd>): Promise<void> {
  const passes = started.then((run) => (run.kind === 'started' ? run.passes : []))
  const first = passes.then((all) => Promise.race(all.map(({ halfSent }) => halfSent)))
  await Promise.race([first.catch(() => ended), ended])
}

/** Enough to use the whole concurrency, one that is being claimed, and one that is being settled. */
function batchesAtOnceOf({ concurrency, batchSize }: Scanning): number {
  return Math.ceil(concurrency / batchSize) + 2
}

function endOf({ passes }: MadeRun): BatchEnd {
  return passes.some(({ full }) => full) ? 'more' : 'done'
}

/**
 * The slot's runs: one of the merchants whose gateways answer, and one of those whose breakers are open,
 * which let other nodes go first. A merchant whose last pass goes on is left out. The node that made the
 * runs also counts what is left, once an interval in the whole cluster.
 */
async function tickSlot(options: Working, request: RunRequest): Promise<Tick> {
  const free = await options.underWay.someFree(options.merchants)
  const groups = [free.filter((each) => !isHeld(each)), free.filter(isHeld)]
  const made = await Promise.all(
    groups
      .filter((group) => group.length > 0)
      .map((group) => makeRun(options, startRun(options.running, group, request))),
  )
  const nextSlotAt = Math.min(...made.map((each) => each.nextSlotAt))
  const nextInMs = () => Math.max(0, nextSlotAt - performance.now())
  if (made.every(({ kind }) => kind === 'taken')) {
    return { kind: 'taken', nextInMs: nextInMs(), batches: 0 }
  }
  const batches = await batchesAfter(
    options,
    made.flatMap(({ passes }) => passes),
  )
  return { kind: 'ran', nextInMs: nextInMs(), batches }
}

interface MadeRun {
  readonly kind: 'ran' | 'taken'
  readonly nextSlotAt: number
  /** Those that have ended. */
  readonly passes: readonly EndedPass[]
}

/**
 * Resolves when all passes of a run have ended. With several merchants also a moment after one of them has
 * found a whole batch, or when the next slot begins, so that a slow gateway holds up no other merchant:
 * what goes on is waited for when the job stops. `until`: when the next slot begins; absent: as the run says.
 */
async function makeRun(
  { running, underWay, merchants: all }: Working,
  starting: Promise<RunStart>,
  until?: number,
): Promise<MadeRun> {
  const started = await starting
  const { nextSlotAt } = started
  if (started.kind === 'taken') return { kind: 'taken', nextSlotAt, passes: [] }
  const passes: EndedPass[] = []
  const over = new AbortController()
  for (const pass of started.passes) {
    underWay.track(pass)
    void pass.ended.then((ended) => {
      passes.push(ended)
      if (ended.full) setTimeout(() => over.abort(), graceMs).unref()
    })
  }
  let isAwaited = true
  underWay.trackRun(
    started.ended.then(
      () => undefined,
      (error) => isAwaited || running.emit({ type: 'tick_failed', error }),
    ),
  )
  const leftMs = (until ?? nextSlotAt) - performance.now()
  const goingOn = all.length === 1 ? [] : [pauseUntil(over.signal, leftMs)]
  await Promise.race([started.ended, ...goingOn]).finally(() => {
    isAwaited = false
    over.abort()
  })
  return { kind: 'ran', nextSlotAt, passes }
}

/** The other passes of a run have as long to end once one of them has found a whole batch. */
const graceMs = 1_000

function pauseUntil(signal: AbortSignal, ms: number): Promise<void> {
  const longest = Math.min(Math.max(0, ms), timerMsMax)
  return delay(longest, undefined, { signal }).catch(() => undefined)
}

/** Node's timers cannot wait longer. */
const timerMsMax = 2 ** 31 - 1

/** What was a whole batch may have left more, and what was behind may be done. */
async function batchesAfter(options: Working, passes: readonly EndedPass[]): Promise<number> {
  const { emit } = options.running
  try {
    const counted = await Promise.all(
      options.merchants.map(async (merchant) => {
        const ended = passes.find(({ scanning }) => scanning === merchant)
        const isQuiet = options.merchants.length > 1 && !merchant.backlog.isCatchingUp
        if (ended === undefined || (isQuiet && !ended.full)) return 0
        return countBacklog(options, { merchant, full: ended.full })
      }),
    )
    return Math.max(0, ...counted)
  } catch (error) {
    // The slot has had its run, so a failed count must not make the engine try the slot again.
    emit({ type: 'tick_failed', error })
    return 0
  }
}

/** How many more batches the merchant needs until the next slot. */
async function countBacklog(
  { running: { store, policy } }: Working,
  { merchant, full }: { merchant: MerchantWork; full: boolean },
): Promise<number> {
  const { thresholdMs } = policy
  const due = {
    merchant: merchantOf(merchant.gateway),
    thresholdMs,
    farthestMs: farthestMs(policy),
  }
  const remaining = await store.countDue({ ...due, countMax })
  const counted = merchant.backlog.count(remaining, performance.now())
  if (counted !== null) merchant.emit(counted)
  // A batch without any answer is an outage, which more queries would make worse.
  return full ? merchant.backlog.batchesFor(remaining) : 0
}
