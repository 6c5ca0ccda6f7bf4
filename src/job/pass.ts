import { setMaxListeners } from 'node:events'
import type { LimitFunction } from 'p-limit'
import { sentenceOf } from '../domain/reason.ts'
import { outcomeOf, type RunResult, type RunStatus } from '../domain/run.ts'
import { farthestMs } from '../domain/schedule.ts'
import { type Answer, isUnasked } from '../domain/trade.ts'
import type { Settle } from '../settle/groups.ts'
import { type AnswerFor, reportedState } from '../settle/settle.ts'
import { type PreviewedWait, previewWait, settleUnpaid } from '../settle/unpaid.ts'
import type { ClaimedOrder, RunChores } from '../store/store.ts'
import {
  ask,
  type Checked,
  type Checking,
  merchantOf,
  previewAnswer,
  type Settlers,
  settleAnswer,
} from './check.ts'
import { type Answered, Plausibility } from './plausibility.ts'

/** What a run works with. */
export interface Scanning extends Checking {
  readonly batchSize: number
  /** Questions at a time, of all runs of the process; those that follow a close included. */
  readonly limit: LimitFunction
  readonly settleAnswer: Settle
}

/** A run that has been opened. */
export interface PassRequest {
  readonly runId: string
  /** What the next waits of its orders count from. */
  readonly waitFrom: Date
  readonly dryRun: boolean
  readonly chores: RunChores
  /** Asks one question at most, to find out whether the breaker may close. */
  readonly probeOnly: boolean
  /** No new question is asked after it aborts; those under way are settled. */
  readonly signal: AbortSignal
  /** Called once a whole batch was found and half of it is being asked: lanes are about to be free. */
  readonly onHalfAsked?: () => void
}

/** The state of one pass: what was claimed, asked, put off and given back. */
export class Pass {
  readonly results: RunResult[] = []
  claimedCount = 0
  readonly #scanning: Scanning
  readonly #ways: Settlers
  readonly #request: PassRequest
  readonly #deadline: AbortSignal
  /** How long questions may wait for their places in the quota. */
  #patience: AbortSignal
  readonly #doubts = new Plausibility()
  /** Not asked: given back as they were. */
  readonly #unspent: ClaimedOrder[] = []
  /** Told what every order would be told, it seems. */
  readonly #refused: ClaimedOrder[] = []
  /** Not asked because few questions about old orders may be. */
  readonly #aged: ClaimedOrder[] = []
  readonly #failed: ClaimedOrder[] = []
  /** Told that nobody has paid yet: to be written together. */
  #waits: Waiting[] = []

  constructor(scanning: Scanning, request: PassRequest) {
    this.#scanning = scanning
    this.#ways = {
      settle: scanning.settleAnswer,
      // A closing that waited for its lane comes too late when the run is being held or stopped.
      limit: (questions) => scanning.limit(async () => (this.#mayNotAsk() ? null : questions())),
    }
    this.#request = request
    this.#deadline = AbortSignal.timeout(Math.ceil(scanning.policy.runDeadlineMs))
    this.#patience = this.#untilOver()
  }

  /** Resolves when every order has its result, or was given back. Throws when they cannot be claimed. */
  async make(): Promise<RunStatus> {
    const { breaker } = this.#scanning
    const { dryRun, probeOnly, chores } = this.#request
    if (chores.schedulesStray) await this.#repairSchedules()
    // An open breaker lets one order through; if its answer heals, the rest of the batch follows.
    if (breaker.reason !== null && !dryRun) await this.#probe()
    if (!probeOnly && (breaker.reason === null || dryRun)) await this.#checkBatch()
    const judged = this.#doubts.release(dryRun ? null : breaker)
    await Promise.all(judged.map((found) => this.#settle(found)))
    await this.#giveBack()
    const held = breaker.reason !== null || this.#isOver()
    return held ? 'stopped' : 'finished'
  }

  /**
   * From the youngest, another one each time: orders that were never asked about say most, and
   * none that is refused for a reason of its own may be asked for ever. Where nothing else is due, a
   * late check does: the breaker would stay open, and no late check be made, until the next order.
   */
  async #probe(): Promise<void> {
    const turn = this.#scanning.breaker.nextProbe()
    let probes = await this.#claim(1, { youngestFrom: turn % probesMax })
    if (probes.length === 0) probes = await this.#claim(1, { youngestFrom: 0 })
    if (probes.length === 0) probes = await this.#claimLate(1)
    await this.#check(probes)
  }

  async #repairSchedules(): Promise<void> {
    const { store, gateway, policy } = this.#scanning
    const far = { merchant: merchantOf(gateway), farthestMs: farthestMs(policy) }
    await store.repairSchedules(far)
  }

  /** Old orders that may not be asked about now are put off, and younger ones take their places. */
  async #checkBatch(): Promise<void> {
    const { batchSize } = this.#scanning
    if (!this.#request.dryRun) {
      this.#patience = this.#untilOver(this.#scanning.breaker.held)
      await this.#checkLate()
    }
    for (let round = 0; round < roundsMax; round += 1) {
      const room = batchSize - this.claimedCount + this.#aged.length
      if (room <= 0 || this.#mayNotAsk()) return
      const claimed = await this.#claim(room)
      await this.#check(claimed)
      // What was read without a claim would be read again.
      if (claimed.length === 0 || this.#request.dryRun) return
    }
  }

  /** A few, before the others: what they find was paid weeks ago. */
  async #checkLate(): Promise<void> {
    const { chores, runId } = this.#request
    const limit = chores.lateCheckDue ? lateMax(this.#scanning.batchSize, runId) : 0
    if (limit > 0) await this.#check(await this.#claimLate(limit))
  }

  #claimLate(limit: number): Promise<readonly ClaimedOrder[]> {
    const { store, policy, gateway } = this.#scanning
    const { leaseMs } = policy
    return store.claimLate({ merchant: merchantOf(gateway), limit, leaseMs })
  }

  async #claim(
    limit: number,
    from: { readonly youngestFrom?: number } = {},
  ): Promise<readonly ClaimedOrder[]> {
    const { store, policy } = this.#scanning
    const { thresholdMs, leaseMs } = policy
    const merchant = merchantOf(this.#scanning.gateway)
    const due = { merchant, thresholdMs, limit, farthestMs: farthestMs(policy), ...from }
    if (!this.#request.dryRun) return store.claimDue({ ...due, leaseMs })
    const orders = await store.peekDue(due)
    return orders.map((order) => ({ order, dueAt: order.nextCheckAt }))
  }

  async #check(claimed: readonly ClaimedOrder[]): Promise<void> {
    if (claimed.length === 0) return
    this.claimedCount += claimed.length
    this.#scanning.emit({
      type: 'scan_found',
      runId: this.#request.runId,
      count: claimed.length,
    })
    const line = { left: claimed.length, half: Math.floor(claimed.length / 2) }
    if (this.#scanning.store.kind === 'postgres') {
      await Promise.all(claimed.map((one) => this.#checkWave([one], line)))
    } else {
      const waveSize = Math.max(embeddedWave, this.#scanning.limit.concurrency)
      for (let at = 0; at < claimed.length; at += waveSize) {
        await this.#checkWave(claimed.slice(at, at + waveSize), line)
      }
    }
    await this.#settleWaits()
  }

  /** Asks about each, then settles what was answered. The lanes are for questions alone. */
  async #checkWave(wave: readonly ClaimedOrder[], line: Line): Promise<void> {
    const asked = wave.map((one) =>
      this.#scanning.limit(() => {
        line.left -= 1
        const wholeBatch = this.claimedCount >= this.#scanning.batchSize
        if (line.left === line.half && wholeBatch) this.#request.onHalfAsked?.()
        return this.#askOne(one, { ahead: line.left })
      }),
    )
    const answered = await Promise.all(asked)
    await Promise.all(answered.map((found) => found && this.#settleSoon(found)))
  }

  /** What moves no money waits for others like it: written together, they cost one statement. */
  async #settleSoon(found: Answered): Promise<void> {
    const brought = this.#broughtBy(found)
    const { claimed } = found
    const foreseen = this.#request.dryRun ? null : previewWait(this.#scanning, { claimed, brought })
    if (foreseen === null) return this.#settle(found)
    this.#waits.push({ foreseen, found, durationMs: durationSince(found.startedAt) })
    if (this.#waits.length >= waitsMax) await this.#settleWaits()
  }

  async #settleWaits(): Promise<void> {
    const waits = this.#waits
    this.#waits = []
    if (waits.length === 0) return
    try {
      const settled = await settleUnpaid(
        this.#scanning,
        waits.map(({ foreseen }) => foreseen),
      )
      await Promise.all(
        waits.map(({ foreseen, found, durationMs }) => {
          const settlement = settled.get(foreseen)
          if (settlement === undefined) return this.#settle(found)
          return this.#noteResult(found, { ...settlement, answer: found.answer, durationMs })
        }),
      )
    } catch (error) {
      // They may be written: an answer must not count twice.
      for (const { found } of waits) this.#noteFailure(found, error)
    }
  }

  /** Null when there is nothing to settle now: not asked, doubted, or failed. */
  async #askOne(
    claimed: ClaimedOrder,
    { ahead }: { readonly ahead: number },
  ): Promise<Answered | null> {
    const patience = this.#patience
    if (patience.aborted) {
      this.#unspent.push(claimed)
      return null
    }
    const startedAt = performance.now()
    try {
      const checking = { ...this.#scanning, patience, ahead, runId: this.#request.runId }
      const answer = await ask(checking, claimed.order, 'compensation')
      if (!isUnasked(answer)) {
        return this.#doubts.quarantine({ claimed, answer, absenceCredible: false, startedAt })
      }
      const putOff = answer.cause === 'aged' ? this.#aged : this.#unspent
      putOff.push(claimed)
    } catch (error) {
      this.#noteFailure({ claimed, answer: null, startedAt }, error)
    }
    return null
  }

  #untilOver(...others: readonly AbortSignal[]): AbortSignal {
    const over = AbortSignal.any([this.#request.signal, this.#deadline, ...others])
    // Each lane of the run may wait for it.
    setMaxListeners(0, over)
    return over
  }

  #mayNotAsk(): boolean {
    const held = this.#scanning.breaker.reason !== null && !this.#request.dryRun
    return held || this.#isOver()
  }

  #isOver(): boolean {
    return this.#request.signal.aborted || this.#deadline.aborted
  }

  async #settle(found: Answered): Promise<void> {
    const { runId, dryRun } = this.#request
    const asked = { ...this.#broughtBy(found), order: found.claimed.order }
    try {
      const checked = dryRun
        ? await previewAnswer(this.#scanning, asked)
        : await settleAnswer(
            { ...this.#scanning, patience: this.#patience, runId, ...this.#ways },
            asked,
          )
      if (checked === null) throw new Error('The order is gone')
      this.#noteResult(found, { ...checked, durationMs: durationSince(found.startedAt) })
    } catch (error) {
      this.#noteFailure(found, error)
    }
  }

  #broughtBy({ claimed, answer, absenceCredible }: Answered): AnswerFor {
    const { runId, waitFrom } = this.#request
    const { orderNo } = claimed.order
    return { orderNo, answer, source: 'compensation', runId, waitFrom, absenceCredible }
  }

  #noteResult(
    { claimed, answer }: Answered,
    checked: Checked & { readonly durationMs: number },
  ): void {
    if (answer.kind === 'unknown' && answer.systemic) this.#refused.push(claimed)
    this.results.push({
      orderNo: claimed.order.orderNo,
      tradeState: reportedState(checked.answer),
      outcome: outcomeOf(checked),
      reason: sentenceOf(checked.decision.reason),
      codedReason: checked.decision.reason,
      durationMs: checked.durationMs,
    })
  }

  /**
   * What was not asked is due as it was; what could not be settled, after the shortest wait. So are
   * those that were refused while others of the run were answered: at the head of the line they
   * would have the breaker opened before anybody behind them is asked, run after run.
   *
   * Old orders come back after the longest wait, so that they do not stand before younger ones again
   * soon; a little less, so that they stand before the old ones that were asked meanwhile.
   */
  async #giveBack(): Promise<void> {
    const { recheckMs } = this.#scanning.policy
    const shortestMs = Math.min(...recheckMs)
    const putOffMs = Math.max(...recheckMs) - shortestMs / 2
    const failed = this.#doubts.heardTrade ? [...this.#failed, ...this.#refused] : this.#failed
    const claimed = [
      ...this.#unspent,
      ...(this.#doubts.heardTrade ? [] : this.#refused),
      ...failed.map((one) => this.#dueIn(one, shortestMs)),
      ...this.#aged.map((one) => this.#dueIn(one, putOffMs)),
    ]
    if (claimed.length === 0 || this.#request.dryRun) return
    // If this fails they are due again when their lease runs out.
    await this.#scanning.store.release(claimed).catch(() => undefined)
  }

  /** Half the wait passes in any case since the claim: a run may take longer than its slot. */
  #dueIn({ order }: ClaimedOrder, waitMs: number): ClaimedOrder {
    const claimedAt = +order.nextCheckAt - this.#scanning.policy.leaseMs
    return {
      order,
      dueAt: new Date(Math.max(+this.#request.waitFrom + waitMs, claimedAt + waitMs / 2)),
    }
  }

  #noteFailure({ claimed, answer, startedAt }: Questioned, error: unknown): void {
    const { orderNo } = claimed.order
    this.#failed.push(claimed)
    this.#scanning.emit({ type: 'settle_failed', orderNo, source: 'compensation', answer, error })
    this.results.push({
      orderNo,
      tradeState: answer && reportedState(answer),
      outcome: 'error',
      reason: error instanceof Error ? error.message : String(error),
      codedReason: null,
      durationMs: durationSince(startedAt),
    })
  }
}

interface Questioned extends Omit<Answered, 'answer' | 'absenceCredible'> {
  readonly answer: Answer | null
}

/** The questions of a claim that no lane has taken yet, and how many those are at half of them. */
interface Line {
  left: number
  readonly half: number
}

interface Waiting {
  readonly foreseen: PreviewedWait
  readonly found: Answered
  readonly durationMs: number
}

function durationSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

/** As far as probes go back before they begin again: most are answered at once when the cause is gone. */
const probesMax = 50

/** A tenth of a batch, so that late checks do not hold up what is due: of a small one, in each tenth run. */
function lateMax(batchSize: number, runId: string): number {
  if (batchSize >= 10) return Math.floor(batchSize / 10)
  return Number(runId) % 10 === 0 ? 1 : 0
}

/** A claim takes a millisecond; so many times a whole batch of old orders is passed over in one run. */
const roundsMax = 20

/** Written together at most: a process that dies asks again about so many, when their lease ends. */
const waitsMax = 250

/**
 * The embedded database works in this very thread: asking while it works slows both down by half
 * (measured: `npm run bench -- --only crediting`), so it settles a wave while no question is out. A
 * server works elsewhere, and settles each answer as it comes.
 */
const embeddedWave = 25 // and no smaller than the concurrency, which it would limit
