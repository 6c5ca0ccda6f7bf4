import { setTimeout as delay } from 'node:timers/promises'
import {
  countResults,
  type Run,
  type RunResult,
  type RunStatus,
  type RunTrigger,
} from '../domain/run.ts'
import { farthestMs } from '../domain/schedule.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { OpenedRun } from '../store/store.ts'
import { Pass, type Scanning } from './pass.ts'

export interface RunRequest {
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  /** Width of the slots, for a run that is made once per interval; null: run now, whatever ran before. */
  readonly intervalMs: number | null
  /** No new query is sent after it aborts; those under way are settled. */
  readonly signal: AbortSignal
  /** See `PassRequest`. */
  readonly onHalfSent?: () => void
}

export type RunEnd =
  | {
      readonly kind: 'ran'
      readonly run: Run
      readonly results: readonly RunResult[]
      /** By `performance.now()`. */
      readonly nextSlotAt: number
      /** A whole batch was found, and the gateway answers: there may be more. */
      readonly full: boolean
    }
  /** The interval had its run. */
  | { readonly kind: 'taken'; readonly nextSlotAt: number }

/**
 * One run: open it, make its pass over the orders that are due, record it. One order's failure is its
 * own result. Throws `StoreError` when the orders cannot be read.
 */
export async function scan(scanning: Scanning, request: RunRequest): Promise<RunEnd> {
  const { emit } = scanning
  const { trigger, dryRun, signal } = request
  const startedAt = performance.now()
  const failed = (error: unknown, runId?: string) => {
    const durationMs = performance.now() - startedAt
    emit({ type: 'scan_failed', error, durationMs, ...(runId !== undefined && { runId }) })
    throw error
  }
  const opened = await openRun(scanning, request).catch((error) => failed(error))
  const nextSlotAt = performance.now() + opened.nextSlotInMs
  if (opened.kind === 'taken') return { kind: 'taken', nextSlotAt }

  emit({ type: 'run_started', runId: opened.run.id, trigger, dryRun })
  const pass = new Pass(scanning, {
    ...{ runId: opened.run.id, waitFrom: waitStart(opened.run), dryRun, signal },
    ...{ lateCheckDue: opened.lateCheckDue, probeOnly: opened.probeOnly },
    ...(request.onHalfSent && { onHalfSent: request.onHalfSent }),
  })
  const status = await pass.make().catch(async (error) => {
    await record(scanning, { run: opened.run, status: 'failed', results: pass.results })
    return failed(error, opened.run.id)
  })
  const { results } = pass
  const run = await record(scanning, { run: opened.run, status, results })
  emit(pass.claimedCount === 0 ? { type: 'scan_empty', run } : { type: 'run_finished', run })
  // A batch without any answer is an outage, which more queries would make worse.
  const full = status === 'finished' && run.failed < run.total && run.total >= scanning.batchSize
  return { kind: 'ran', run, results, nextSlotAt, full }
}

/** By then every other node has tried the slot, and there is still time within the interval. */
const yieldMs = 500

type Opening = OpenedRun & { readonly probeOnly: boolean }

/**
 * A node whose breaker is open leaves the slot to the other nodes, whose queries may succeed: it tries
 * last, and if the slot was taken, only probes for itself.
 */
async function openRun(
  { store, gateway, node, breaker, policy }: Scanning,
  { trigger, dryRun, intervalMs, signal }: RunRequest,
): Promise<Opening> {
  const ofOrders = { merchant: merchantOf(gateway), farthestMs: farthestMs(policy) }
  const run = { trigger, dryRun, node, ofOrders: dryRun ? null : ofOrders }
  const yielding = intervalMs !== null && breaker.reason !== null
  if (yielding) await pause(Math.min(yieldMs, policy.intervalMs / 10), signal)
  const opened = await store.openRun({ ...run, intervalMs })
  if (opened.kind === 'opened' || !yielding || signal.aborted)
    return { ...opened, probeOnly: false }
  const probing = await store.openRun({ ...run, intervalMs: null })
  return { ...probing, nextSlotInMs: opened.nextSlotInMs, probeOnly: true }
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

/** Stores how the run ended, and returns the run; returns it also if the database is away. */
async function record(
  { store, emit }: Scanning,
  end: { run: Run; status: RunStatus; results: readonly RunResult[] },
): Promise<Run> {
  const { run, status, results } = end
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.finishRun(run.id, { status, results })
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
