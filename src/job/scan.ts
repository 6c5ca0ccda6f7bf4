import { setTimeout as delay } from 'node:timers/promises'
import type { Emit } from '../domain/event.ts'
import type { Actor } from '../domain/order.ts'
import type { OpenedMerchant, OpenedRun } from '../domain/runs/run.ts'
import {
  countResults,
  type Run,
  type RunResult,
  type RunStatus,
  type RunTrigger,
} from '../domain/runs/run.ts'
import { farthestMs, type SchedulePolicy } from '../domain/runs/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { Store } from '../store/store.ts'
import { Pass, type Scanning } from './pass.ts'

export interface RunRequest {
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  /** Who started it by hand. */
  readonly actor?: Actor | null
  /** Width of the slots, for a run that is made once per interval; null: run now, whatever ran before. */
  readonly intervalMs: number | null
  /** No new query is sent after it aborts; those under way are settled. */
  readonly signal: AbortSignal
}

/** What the runs of a process share. */
export interface Running {
  readonly store: Store
  readonly emit: Emit
  readonly policy: SchedulePolicy
  readonly node: string
}

export type RunStart =
  | {
      readonly kind: 'started'
      /** By `performance.now()`. */
      readonly nextSlotAt: number
      readonly passes: readonly StartedPass[]
      /** Rejects with a `StoreError` when orders could not be read. */
      readonly ended: Promise<EndedRun>
    }
  /** The interval had its run. */
  | { readonly kind: 'taken'; readonly nextSlotAt: number }

/** The pass of a run over one merchant's orders. */
export interface StartedPass {
  readonly scanning: Scanning
  /** See `Pass`. */
  readonly halfSent: Promise<void>
  /** Never rejects; `ended` of its run does. */
  readonly ended: Promise<EndedPass>
}

export interface EndedPass {
  readonly scanning: Scanning
  /** A whole batch was found, and the gateway answers: there may be more. */
  readonly full: boolean
}

export interface EndedRun {
  readonly run: Run
  readonly results: readonly RunResult[]
}

/**
 * One run: open it, make a pass over the due orders of each merchant, record it. The passes go on side by
 * side, so a merchant whose gateway is slow holds up no other's orders. One order's failure is its own
 * result. Throws `StoreError` when the run cannot be opened.
 */
export async function startRun(
  running: Running,
  merchants: readonly Scanning[],
  request: RunRequest,
): Promise<RunStart> {
  const { emit } = running
  const { trigger, dryRun } = request
  const startedAt = performance.now()
  const failed = (error: unknown, runId?: string) => {
    const durationMs = performance.now() - startedAt
    emit({ type: 'scan_failed', error, durationMs, ...(runId !== undefined && { runId }) })
    throw error
  }
  const opened = await openRun(running, merchants, request).catch((error) => failed(error))
  const nextSlotAt = performance.now() + opened.nextSlotInMs
  if (opened.kind === 'taken') return { kind: 'taken', nextSlotAt }

  const { run } = opened
  emit({ type: 'run_started', runId: run.id, trigger, dryRun })
  const passes = passesOf(merchants, opened, request)
  const ended = Promise.all(passes.map(({ made }) => made)).then(
    () => recordEnd(running, { opened, passes }),
    async (error) => {
      await Promise.allSettled(passes.map(({ made }) => made))
      const end = { run, status: 'failed', results: resultsOf(passes), opened } as const
      await record(running, end)
      return failed(error, run.id)
    },
  )
  return { kind: 'started', nextSlotAt, passes: passes.map(startedOf), ended }
}

interface MadePass {
  readonly scanning: Scanning
  readonly pass: Pass
  readonly made: Promise<RunStatus>
}

function passesOf(
  merchants: readonly Scanning[],
  opened: Opening & { kind: 'opened' },
  { dryRun, actor = null, signal }: RunRequest,
): readonly MadePass[] {
  const { run, probeOnly } = opened
  return opened.merchants.filter(hasWork).flatMap(({ merchant, lateCheckDue }) => {
    const scanning = merchants.find(({ gateway }) => isFor(gateway, merchant))
    if (scanning === undefined) return []
    const pass = new Pass(scanning, {
      ...{ runId: run.id, waitFrom: waitStart(run), dryRun, signal, lateCheckDue, probeOnly },
      actor,
    })
    return [{ scanning, pass, made: pass.make() }]
  })
}

function hasWork({ due, lateCheckDue }: OpenedMerchant): boolean {
  return due || lateCheckDue
}

function isFor(
  gateway: Scanning['gateway'],
  { gateway: name, mchid }: OpenedMerchant['merchant'],
): boolean {
  return gateway.name === name && gateway.mchid === mchid
}

function startedOf({ scanning, pass, made }: MadePass): StartedPass {
  const ended = made.then(
    (status) => ({ scanning, full: isFull(scanning, { status, results: pass.results }) }),
    () => ({ scanning, full: false }),
  )
  return { scanning, halfSent: pass.halfSent, ended }
}

/** A batch without any answer is an outage, which more queries would make worse. */
function isFull(
  { batchSize }: Scanning,
  { status, results }: { status: RunStatus; results: readonly RunResult[] },
): boolean {
  const { failed, total } = countResults(results)
  return status === 'finished' && failed < total && total >= batchSize
}

async function recordEnd(
  running: Running,
  { opened, passes }: { opened: Opening & { kind: 'opened' }; passes: readonly MadePass[] },
): Promise<EndedRun> {
  const results = resultsOf(passes)
  const statuses = await Promise.all(passes.map(({ made }) => made))
  const status = statuses.includes('stopped') ? 'stopped' : 'finished'
  const run = await record(running, { run: opened.run, status, results, opened })
  const claimed = passes.reduce((count, { pass }) => count + pass.claimedCount, 0)
  running.emit(claimed === 0 ? { type: 'scan_empty', run } : { type: 'run_finished', run })
  return { run, results }
}

function resultsOf(passes: readonly MadePass[]): readonly RunResult[] {
  return passes.flatMap(({ pass }) => pass.results)
}

/** By then every other node has tried the slot, and there is still time within the interval. */
const yieldMs = 500

type Opening = OpenedRun & { readonly probeOnly: boolean }

/**
 * A node whose breakers are open leaves the slots to the other nodes, whose queries may succeed: it tries
 * last, and if the slots were taken, only probes for itself.
 */
async function openRun(
  { store, node, policy }: Running,
  scannings: readonly Scanning[],
  { trigger, dryRun, intervalMs, signal }: RunRequest,
): Promise<Opening> {
  const merchants = scannings.map(({ gateway }) => merchantOf(gateway))
  const { thresholdMs } = policy
  const run = { trigger, dryRun, node, merchants, thresholdMs, farthestMs: farthestMs(policy) }
  const yielding = intervalMs !== null && scannings.every(isHeld)
  if (yielding) await pause(Math.min(yieldMs, policy.intervalMs / 10), signal)
  const opened = await store.openRun({ ...run, intervalMs })
  if (opened.kind === 'opened' || !yielding || signal.aborted)
    return { ...opened, probeOnly: false }
  const probing = await store.openRun({ ...run, intervalMs: null })
  return { ...probing, nextSlotInMs: opened.nextSlotInMs, probeOnly: true }
}

/** Its breaker is open. */
export function isHeld({ breaker }: Scanning): boolean {
  return breaker.reason !== null
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal }).catch(() => undefined)
}

/**
 * A scheduled run stands for its slot. Waits are counted from the slot's start, so that they end with a
 * slot, too. A run at the start of a process begins anywhere within its slot.
 */
function waitStart({ trigger, slot, startedAt }: Run): Date {
  return trigger === 'schedule' && slot !== null ? slot : startedAt
}

/** Retries for about 1.5 s to record a run. If the database stays away, the run is reported unrecorded. */
const recordTriesMax = 4
const recordPauseMs = 250

interface RunToRecord {
  readonly run: Run
  readonly status: RunStatus
  readonly results: readonly RunResult[]
  readonly opened: Opening & { kind: 'opened' }
}

/** Stores how the run ended, and returns the run; returns it also if the database is away. */
async function record(
  { store, emit }: Running,
  { run, status, results, opened }: RunToRecord,
): Promise<Run> {
  const merchants = opened.merchants.map(({ merchant }) => merchant)
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.finishRun(run.id, { status, results, merchants })
    } catch (error) {
      if (tries < recordTriesMax) {
        await delay(recordPauseMs * tries)
        continue
      }
      // The orders are settled, each with its events; a later run marks this one as stopped.
      emit({ type: 'run_unrecorded', runId: run.id, error })
      return { ...run, status, ...countResults(results) }
    }
  }
}
