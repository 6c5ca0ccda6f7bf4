import pLimit, { type LimitFunction } from 'p-limit'
import { ask, type Checking, foreseeAnswer, merchantOf, settleAnswer, type Ways } from './check.ts'
import type { Order } from './order.ts'
import { outcomeOf, type RunResult, type RunStatus } from './run.ts'
import { reportedState, settle } from './settle.ts'
import { SettleGroups } from './settle-groups.ts'
import type { ClaimedOrder } from './store/store.ts'
import type { AbsentAnswer, Answer, UnknownAnswer } from './trade.ts'

/** What a run works with. */
export interface Scanning extends Checking {
  readonly batchSize: number
  readonly concurrency: number
}

/** A run that has been opened. */
export interface PassRequest {
  readonly runId: string
  /** What the next waits of its orders count from. */
  readonly waitFrom: Date
  readonly dryRun: boolean
  /** No new question is asked after it aborts; those under way are settled. */
  readonly signal: AbortSignal
}

/** The state of one pass: what was claimed, asked, put off and given back. */
export class Pass {
  readonly results: RunResult[] = []
  claimedCount = 0
  readonly #scanning: Scanning
  readonly #ways: Ways
  readonly #inLane: LimitFunction
  readonly #request: PassRequest
  readonly #deadline: AbortSignal
  readonly #absent: { order: Order; answer: AbsentAnswer; startedAt: number }[] = []
  readonly #unasked: ClaimedOrder[] = []
  readonly #failed: ClaimedOrder[] = []
  #tradeCount = 0
  #unverifiedCount = 0

  constructor(scanning: Scanning, request: PassRequest) {
    this.#scanning = scanning
    // At most so many questions at a time, those that follow a close included; settling is no question.
    this.#inLane = pLimit(scanning.concurrency)
    this.#ways = {
      settle: settlingOf(scanning),
      // A closing that waited for its lane comes too late when the run is being held or stopped.
      inLane: (questions) => this.#inLane(async () => (this.#mayNotAsk() ? null : questions())),
    }
    this.#request = request
    this.#deadline = AbortSignal.timeout(Math.ceil(scanning.policy.runDeadlineMs))
  }

  /** Resolves when every order has its result, or was given back. Throws when they cannot be claimed. */
  async make(): Promise<RunStatus> {
    const { batchSize, breaker } = this.#scanning
    // An open breaker lets one order through; if its answer heals, the rest of the batch follows.
    const probing = breaker.reason !== null && !this.#request.dryRun
    if (probing) await this.#checkBatch(1, true)
    if (breaker.reason === null || !probing) {
      await this.#checkBatch(batchSize - this.claimedCount, false)
    }
    await this.#settleAbsent()
    this.#watchVerification()
    await this.#giveBack()
    const held = breaker.reason !== null || this.#request.signal.aborted || this.#deadline.aborted
    return held ? 'stopped' : 'finished'
  }

  async #checkBatch(limit: number, probing: boolean): Promise<void> {
    if (limit <= 0) return
    const claimed = await this.#claim(limit)
    if (claimed.length === 0) return
    this.claimedCount += claimed.length
    this.#scanning.emit({
      type: 'scan_found',
      runId: this.#request.runId,
      count: claimed.length,
    })
    if (this.#scanning.store.kind === 'postgres') {
      await Promise.all(claimed.map((one) => this.#checkWave([one], probing)))
      return
    }
    const waveSize = Math.max(embeddedWave, this.#scanning.concurrency)
    for (let at = 0; at < claimed.length; at += waveSize) {
      await this.#checkWave(claimed.slice(at, at + waveSize), probing)
    }
  }

  async #claim(limit: number): Promise<readonly ClaimedOrder[]> {
    const { store, policy } = this.#scanning
    const { thresholdMs, leaseMs } = policy
    const due = { merchant: merchantOf(this.#scanning.gateway), thresholdMs, limit }
    if (!this.#request.dryRun) return store.claimDue({ ...due, leaseMs })
    const orders = await store.peekDue(due)
    return orders.map((order) => ({ order, dueAt: order.nextCheckAt }))
  }

  /** Asks about each, then settles what was answered. The lanes are for questions alone. */
  async #checkWave(wave: readonly ClaimedOrder[], probing: boolean): Promise<void> {
    const asked = wave.map((one) => this.#inLane(() => this.#askOne(one, probing)))
    const answered = await Promise.all(asked)
    await Promise.all(answered.map((found) => found && this.#settle(found)))
  }

  /** Null when there is nothing to settle now: not asked, absent, or failed. */
  async #askOne(claimed: ClaimedOrder, probing: boolean): Promise<Answered | null> {
    if (this.#mayNotAsk() && !(probing && this.#mayProbe())) {
      this.#unasked.push(claimed)
      return null
    }
    const { order } = claimed
    const startedAt = performance.now()
    try {
      const answer = await ask(this.#scanning, order, 'compensation')
      if (answer.kind === 'trade') this.#tradeCount += 1
      if (isUnverified(answer)) this.#unverifiedCount += 1
      if (answer.kind !== 'absent') return { order, answer, absenceCredible: false, startedAt }
      this.#absent.push({ order, answer, startedAt })
    } catch (error) {
      this.#noteFailure({ order, answer: null, startedAt }, error)
    }
    return null
  }

  #mayNotAsk(): boolean {
    const held = this.#scanning.breaker.reason !== null && !this.#request.dryRun
    return held || !this.#mayProbe()
  }

  #mayProbe(): boolean {
    return !this.#request.signal.aborted && !this.#deadline.aborted
  }

  /**
   * Absent answers wait for the others of the run. When most answers about orders that the gateway
   * ought to know are absent, none may end such an order: it may be we who ask for the wrong
   * merchant. When there are many and no trade at all, it is: one trade proves the number right.
   * Then they count as no answer.
   */
  async #settleAbsent(): Promise<void> {
    const surprisingCount = this.#absent.filter(({ order }) => isPlaced(order)).length
    const mostly = surprisingCount > this.#tradeCount
    const systemic = mostly && this.#isSystemic(surprisingCount)
    const settled = this.#absent.map(({ order, answer, startedAt }) => {
      const believed = systemic ? doubted(answer) : answer
      const absenceCredible = !mostly || !isPlaced(order)
      return this.#settle({ order, answer: believed, absenceCredible, startedAt })
    })
    await Promise.all(settled)
  }

  #isSystemic(surprisingCount: number): boolean {
    const { breaker } = this.#scanning
    if (this.#request.dryRun || this.#tradeCount > 0) return false
    if (surprisingCount < systemicMin && breaker.reason === null) return false
    breaker.observeRun('absent', `all ${surprisingCount} answers were "no such order"`)
    return true
  }

  /** One answer that cannot be verified may be a probe; all of them are a wrong key, or a proxy in between. */
  #watchVerification(): void {
    const { breaker } = this.#scanning
    const answers = this.#tradeCount + this.#absent.length
    if (this.#request.dryRun || answers > 0 || this.#unverifiedCount < systemicMin) return
    breaker.observeRun('unverified', `none of ${this.#unverifiedCount} answers could be verified`)
  }

  async #settle(found: Answered): Promise<void> {
    const { runId, waitFrom, dryRun } = this.#request
    const { startedAt, ...rest } = found
    const asked = { ...rest, source: 'compensation', runId, waitFrom } as const
    try {
      const checked = dryRun
        ? await foreseeAnswer(this.#scanning, asked)
        : await settleAnswer({ ...this.#scanning, ...this.#ways }, asked)
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

  /** What was not asked is due as it was; what could not be settled, after the shortest wait. */
  async #giveBack(): Promise<void> {
    const claimed = [...this.#unasked, ...this.#failed]
    if (claimed.length === 0 || this.#request.dryRun) return
    // If this fails they are due again when their lease runs out.
    await this.#scanning.store.release(claimed).catch(() => undefined)
  }

  #failedDueAt(): Date {
    const { waitFrom } = this.#request
    return new Date(+waitFrom + Math.min(...this.#scanning.policy.recheckMs))
  }

  #noteFailure({ order, answer, startedAt }: Questioned, error: unknown): void {
    const { orderNo } = order
    this.#failed.push({ order, dueAt: this.#failedDueAt() })
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

/** Together while there are many; an embedder's own work may take its time, so there each alone. */
function settlingOf(scanning: Scanning): Ways['settle'] {
  if (scanning.onPaid === undefined) {
    const groups = new SettleGroups(scanning)
    return (brought) => groups.settle(brought)
  }
  const alone = pLimit(scanning.concurrency)
  return (brought) => alone(() => settle(scanning, brought))
}

interface Questioned {
  readonly order: Order
  readonly answer: Answer | null
  readonly startedAt: number
}

interface Answered extends Questioned {
  readonly answer: Answer
  readonly absenceCredible: boolean
}

function durationSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

/**
 * The embedded database works in this very thread: asking while it works slows both down by half
 * (measured: `npm run bench -- --only crediting`), so it settles a wave while no question is out. A
 * server works elsewhere, and settles each answer as it comes.
 */
const embeddedWave = 25 // and no smaller than the concurrency, which it would limit

/**
 * Fewer answers of a kind than this may be chance: orders that another system never placed, or
 * signature probes. Absent ones end nothing then either, but the run goes on.
 */
const systemicMin = 3

function isUnverified(answer: Answer): boolean {
  return answer.kind === 'unknown' && answer.cause === 'unverified'
}

/** Whether the gateway ought to know it. An order of ours without a code was never placed there. */
function isPlaced(order: Order): boolean {
  return order.adopted || order.codeUrl !== null
}

function doubted(answer: AbsentAnswer): UnknownAnswer {
  return {
    kind: 'unknown',
    cause: 'forbidden',
    message: 'most answers of the run were "no such order": not believed',
    systemic: true,
    evidence: answer.evidence,
  }
}
