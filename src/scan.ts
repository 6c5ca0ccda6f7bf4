import pLimit from 'p-limit'
import { unreachable } from './assert.ts'
import { ask, type Checked, type Checking, type Found, settleAnswer } from './check.ts'
import type { Order } from './order.ts'
import type { Outcome, Run, RunResult, RunStatus, RunTrigger } from './run.ts'
import { foresee, reportedState } from './settle.ts'
import type { ClaimedOrder } from './store/store.ts'
import type { AbsentAnswer, Answer, UnknownAnswer } from './trade.ts'

/** What a run works with. */
export interface Scanning extends Checking {
  readonly batchSize: number
  readonly concurrency: number
}

export interface RunRequest {
  readonly trigger: RunTrigger
  readonly dryRun: boolean
  /** Width of the slots, for a run that may be made once per interval; null: now, whatever ran before. */
  readonly intervalMs: number | null
  /** No new question is asked after it aborts; those under way are settled. */
  readonly signal: AbortSignal
}

export type RunEnd =
  | {
      readonly kind: 'ran'
      readonly run: Run
      readonly results: readonly RunResult[]
      readonly nextSlotInMs: number
      /** Every order of a whole batch was asked about: there may be more. */
      readonly full: boolean
    }
  /** The interval had its run. */
  | { readonly kind: 'taken'; readonly nextSlotInMs: number }

/**
 * One pass: claim what is due, ask about each, settle each, record. One order's failure is its own
 * result. Throws `StoreError` when the orders cannot be had.
 */
export async function scan(scanning: Scanning, request: RunRequest): Promise<RunEnd> {
  const { trigger, dryRun, intervalMs } = request
  const startedAt = performance.now()
  const failed = (runId: string | null) => (error: unknown) => {
    const durationMs = performance.now() - startedAt
    scanning.emit({ type: 'scan_failed', runId, error, durationMs })
    throw error
  }
  const opened = await scanning.store
    .openRun({ trigger, intervalMs, dryRun, node: scanning.node })
    .catch(failed(null))
  if (opened.kind === 'taken') return opened

  const pass = new Pass(scanning, { ...request, runId: opened.run.id })
  scanning.emit({ type: 'run_started', runId: opened.run.id, trigger, dryRun })
  try {
    const { status, results } = await pass.make()
    const run = await scanning.store.finishRun(opened.run.id, { status, results })
    scanning.emit(
      pass.claimedCount === 0 ? { type: 'scan_empty', run } : { type: 'run_finished', run },
    )
    const full = status === 'finished' && results.length >= scanning.batchSize
    return { kind: 'ran', run, results, nextSlotInMs: opened.nextSlotInMs, full }
  } catch (error) {
    await scanning.store
      .finishRun(opened.run.id, { status: 'failed', results: pass.results })
      .catch(() => undefined) // The database is away; the run's record says "running" until it is pruned.
    return failed(opened.run.id)(error)
  }
}

/** The state of one pass: what was claimed, asked, put off and given back. */
class Pass {
  readonly results: RunResult[] = []
  claimedCount = 0
  readonly #scanning: Scanning
  readonly #request: RunRequest & { readonly runId: string }
  readonly #deadline: AbortSignal
  readonly #absent: { order: Order; answer: AbsentAnswer; startedAt: number }[] = []
  readonly #unasked: ClaimedOrder[] = []
  #tradeCount = 0

  constructor(scanning: Scanning, request: RunRequest & { readonly runId: string }) {
    this.#scanning = scanning
    this.#request = request
    this.#deadline = AbortSignal.timeout(Math.ceil(scanning.policy.runDeadlineMs))
  }

  async make(): Promise<{ status: RunStatus; results: readonly RunResult[] }> {
    const { batchSize, breaker } = this.#scanning
    // An open breaker lets one order through; if its answer heals, the rest of the batch follows.
    const probing = breaker.reason !== null && !this.#request.dryRun
    if (probing) await this.#checkBatch(1)
    if (breaker.reason === null || !probing) {
      await this.#checkBatch(batchSize - this.claimedCount)
    }
    await this.#settleAbsent()
    await this.#giveBack()
    const held = breaker.reason !== null || this.#request.signal.aborted || this.#deadline.aborted
    return { status: held ? 'stopped' : 'finished', results: this.results }
  }

  async #checkBatch(limit: number): Promise<void> {
    if (limit <= 0) return
    const claimed = await this.#claim(limit)
    if (claimed.length === 0) return
    this.claimedCount += claimed.length
    this.#scanning.emit({
      type: 'scan_found',
      runId: this.#request.runId,
      count: claimed.length,
    })
    const limited = pLimit(this.#scanning.concurrency)
    const probing = this.#scanning.breaker.reason !== null
    await Promise.all(claimed.map((one) => limited(() => this.#checkOne(one, probing))))
  }

  async #claim(limit: number): Promise<readonly ClaimedOrder[]> {
    const { store, policy } = this.#scanning
    const { thresholdMs, leaseMs } = policy
    if (!this.#request.dryRun) return store.claimDue({ thresholdMs, limit, leaseMs })
    const due = await store.peekDue({ thresholdMs, limit })
    return due.map((order) => ({ order, dueAt: order.nextCheckAt }))
  }

  async #checkOne(claimed: ClaimedOrder, probing: boolean): Promise<void> {
    if (this.#mayNotAsk(probing)) {
      this.#unasked.push(claimed)
      return
    }
    const { order } = claimed
    const startedAt = performance.now()
    try {
      const answer = await ask(this.#scanning, order, 'compensation')
      if (answer.kind === 'trade') this.#tradeCount += 1
      if (answer.kind === 'absent') this.#absent.push({ order, answer, startedAt })
      else await this.#settle({ order, answer, absenceCredible: false, startedAt })
    } catch (error) {
      this.#noteFailure({ order, answer: null, startedAt }, error)
    }
  }

  #mayNotAsk(probing: boolean): boolean {
    const held = this.#scanning.breaker.reason !== null && !probing && !this.#request.dryRun
    return held || this.#request.signal.aborted || this.#deadline.aborted
  }

  /**
   * Absent answers wait for the others of the run. When most of a run is absent, it is we who ask
   * for the wrong merchant: then they count as no answer at all, and the breaker opens.
   */
  async #settleAbsent(): Promise<void> {
    const absentCount = this.#absent.length
    const mostly = absentCount > this.#tradeCount
    const open = this.#scanning.breaker.reason !== null
    const systemic = mostly && (open || absentCount >= absentSystemicMin)
    if (systemic && !this.#request.dryRun) {
      this.#scanning.breaker.observeMostlyAbsent(
        `${absentCount} of ${absentCount + this.#tradeCount} answers were "no such order": is the merchant number right?`,
      )
    }
    for (const { order, answer, startedAt } of this.#absent) {
      const believed = systemic ? doubted(answer) : answer
      await this.#settle({ order, answer: believed, absenceCredible: !mostly, startedAt })
    }
  }

  async #settle(found: Questioned & { answer: Answer; absenceCredible: boolean }): Promise<void> {
    const { runId, dryRun } = this.#request
    const { startedAt, ...rest } = found
    const asked = { ...rest, source: 'compensation', runId } as const
    try {
      const checked = dryRun
        ? await foreseeAnswer(this.#scanning, asked)
        : await settleAnswer(this.#scanning, asked)
      if (checked === null) throw new Error('The order is gone')
      this.results.push({
        orderNo: found.order.orderNo,
        tradeState: reportedState(checked.answer),
        outcome: outcomeOf(checked),
        reason: checked.decision.reason,
        durationMs: durationSince(startedAt),
      })
    } catch (error) {
      this.#noteFailure(found, error)
    }
  }

  async #giveBack(): Promise<void> {
    if (this.#unasked.length === 0 || this.#request.dryRun) return
    await this.#scanning.store.release(this.#unasked)
  }

  #noteFailure({ order, answer, startedAt }: Questioned, error: unknown): void {
    const { orderNo } = order
    this.#scanning.emit({ type: 'settle_failed', orderNo, source: 'compensation', answer, error })
    this.results.push({
      orderNo,
      tradeState: answer && reportedState(answer),
      outcome: 'error',
      reason: error instanceof Error ? error.message : String(error),
      durationMs: durationSince(startedAt),
    })
  }
}

interface Questioned {
  readonly order: Order
  readonly answer: Answer | null
  readonly startedAt: number
}

async function foreseeAnswer(scanning: Scanning, found: Found): Promise<Checked | null> {
  const { order, answer, ...asked } = found
  const seen = await foresee(scanning, { ...asked, orderNo: order.orderNo, answer })
  return seen && { ...seen, answer }
}

function durationSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

/**
 * Fewer absent answers than this may be chance: abandoned orders whose prepay failed. They end
 * nothing (the majority rule holds for any number), but they do not stop the run either.
 */
const absentSystemicMin = 3

function doubted(answer: AbsentAnswer): UnknownAnswer {
  return {
    kind: 'unknown',
    cause: 'forbidden',
    message: 'most answers of the run were "no such order": not believed',
    systemic: true,
    evidence: answer.evidence,
  }
}

function outcomeOf({ decision, answer }: Checked): Outcome {
  switch (decision.kind) {
    case 'pay':
      return 'credited'
    case 'expire':
      return 'expired'
    case 'review':
      return 'review'
    case 'keep':
      return 'kept'
    case 'wait':
    case 'close':
      return answer.kind === 'unknown' ? 'unknown' : 'waiting'
    default:
      return unreachable(decision)
  }
}
