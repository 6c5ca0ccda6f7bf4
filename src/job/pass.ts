import { setMaxListeners } from 'node:events'
import { merchantIdentity } from '../domain/merchant.ts'
import type { Actor } from '../domain/order.ts'
import { sentenceOf } from '../domain/reason.ts'
import { outcomeOf, type RunResult, type RunStatus } from '../domain/runs/run.ts'
import { farthestMs } from '../domain/runs/schedule.ts'
import { type Answer, isUnsent } from '../domain/trade.ts'
import { merchantOf } from '../gateway/gateway.ts'
import type { Settle } from '../settle/groups.ts'
import {
  type Provenance,
  preview,
  reportedState,
  type Settlement,
  type Settling,
} from '../settle/settle.ts'
import { type PreviewedWait, previewWait, settleUnpaid } from '../settle/unpaid.ts'
import type { ClaimedOrder } from '../store/store.ts'
import { Plausibility, type RunAnswer } from './plausibility.ts'
import { Progress } from './progress.ts'
import { closeAndQuery, type Querying, queryOrder } from './query.ts'

/** What a run needs. */
export interface Scanning extends Querying, Settling {
  readonly batchSize: number
  /** Queries at a time, of all runs of the process; those that follow a close included. */
  readonly concurrency: number
  /** Lets that many queries through. */
  readonly limit: <T>(query: () => Promise<T>) => Promise<T>
  readonly settleAnswer: Settle
  /**
   * How many orders are queried before the first of them is settled. 1 where the database is a server.
   * An embedded database works in this very thread: querying while it works slows both down by half
   * (measured: `npm run bench -- --only crediting`).
   */
  readonly queriedTogether: number
}

/** A run that has been opened. */
export interface PassRequest {
  readonly runId: string
  /** Who started the run; null: the schedule. */
  readonly actor: Actor | null
  /** What the next waits of its orders count from. */
  readonly waitFrom: Date
  readonly dryRun: boolean
  readonly lateCheckDue: boolean
  /** Sends one query at most, to find out whether the breaker may close. */
  readonly probeOnly: boolean
  /** No new query is sent after it aborts; those under way are settled. */
  readonly signal: AbortSignal
}

/**
 * One pass over the orders that are due. `Progress` has the state of each claimed order. A step in brackets
 * is not a state: until its answer is settled, the order stays `claimed` there, and the answer is
 * elsewhere, such as in `Plausibility` while it is quarantined.
 *
 *   claimed ─► (answered) ───────────────────────────────────► settled
 *      │          ├─► (quarantined): absent or unverified, ────►  ▲
 *      │          │   until the other orders are answered         │
 *      │          └─► (past its end): closed, queried again ──────┘
 *      │
 *      ├─► not_sent   no reservation in time, breaker open, stop: due as it was
 *      ├─► deferred   over the limit for old orders: due after the longest wait, less half the shortest
 *      ├─► refused    its answer was recorded, and its cause fails every query: due as it was. If another
 *      │              order was answered with a trade, the cause is its own: due after the shortest wait
 *      └─► failed     an error: due after the shortest wait
 *
 * `refused` and `failed` also follow an answer, once it is settled or cannot be settled.
 */
export class Pass {
  readonly #scanning: Scanning
  readonly #request: PassRequest
  /** Of all its answers. */
  readonly #by: Provenance
  readonly #deadline: AbortSignal
  /** Until when queries may wait for their reservations. */
  #patience: AbortSignal
  readonly #progress: Progress
  readonly #plausibility = new Plausibility()
  /** Previewed as unpaid, to be written in one statement. */
  #unpaid: PreviewedWait<RunAnswer>[] = []

  #noteHalfSent = () => {}
  /** Resolves when a whole batch was found and half of its queries were sent. */
  readonly halfSent = new Promise<void>((resolve) => {
    this.#noteHalfSent = resolve
  })

  constructor(scanning: Scanning, request: PassRequest) {
    this.#scanning = scanning
    this.#request = request
    const { runId, actor, waitFrom } = request
    this.#by = { source: 'compensation', actor, runId, waitFrom }
    this.#progress = new Progress(scanning.policy, request)
    this.#deadline = AbortSignal.timeout(Math.ceil(scanning.policy.runDeadlineMs))
    this.#patience = this.#untilOver()
  }

  get claimedCount(): number {
    return this.#progress.claimedCount
  }

  get results(): readonly RunResult[] {
    return this.#progress.results
  }

  /** Resolves when every order has its result or was released. Throws when orders cannot be claimed. */
  async make(): Promise<RunStatus> {
    const { breaker } = this.#scanning
    const { dryRun, probeOnly } = this.#request
    // An open breaker lets one order through. If its answer closes the breaker, the batch follows.
    if (breaker.reason !== null && !dryRun) await this.#probe()
    if (!probeOnly && (breaker.reason === null || dryRun)) await this.#checkBatch()
    const released = this.#plausibility.release(dryRun ? null : breaker)
    await Promise.all(released.map((answer) => this.#settle(answer)))
    await this.#releaseClaims()
    return breaker.reason !== null || this.#isOver() ? 'stopped' : 'finished'
  }

  /**
   * Another order each time, from the youngest: an order that was never queried shows most, and one
   * that is refused for a reason of its own must not be the probe for ever. Where no other order is
   * due, a late check is the probe: otherwise the breaker would stay open, and late checks would wait,
   * until the next order.
   */
  async #probe(): Promise<void> {
    const nth = this.#scanning.breaker.nextProbe()
    let probe = await this.#claim(1, { youngestFrom: nth % probesMax })
    if (probe.length === 0) probe = await this.#claim(1, { youngestFrom: 0 })
    if (probe.length === 0) probe = await this.#claimLate(1)
    await this.#check(probe)
  }

  /** Old orders over their limit are deferred, and younger ones are claimed in their stead. */
  async #checkBatch(): Promise<void> {
    const { batchSize, breaker } = this.#scanning
    if (!this.#request.dryRun) {
      this.#patience = this.#untilOver(breaker.held)
      await this.#checkLate()
    }
    for (let round = 0; round < roundsMax; round += 1) {
      const room = batchSize - this.claimedCount + this.#progress.count('deferred')
      if (room <= 0 || this.#mayNotQuery()) return
      const claimed = await this.#claim(room)
      await this.#check(claimed)
      // Nothing else is due. A dry run claims nothing: the next read would find the same orders.
      if (claimed.length < room || this.#request.dryRun) return
    }
  }

  /** A few, before the others: a payment that they find was made weeks ago. */
  async #checkLate(): Promise<void> {
    const { lateCheckDue, runId } = this.#request
    const limit = lateCheckDue ? lateMax(this.#scanning.batchSize, runId) : 0
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
    const { store, policy, gateway } = this.#scanning
    const { thresholdMs, leaseMs } = policy
    const merchant = merchantOf(gateway)
    const due = { merchant, thresholdMs, limit, farthestMs: farthestMs(policy), ...from }
    if (!this.#request.dryRun) return store.claimDue({ ...due, leaseMs })
    const orders = await store.peekDue(due)
    return orders.map((order) => ({ order, dueAt: order.nextCheckAt }))
  }

  /** Queries and settles what was claimed. */
  async #check(claimed: readonly ClaimedOrder[]): Promise<void> {
    if (claimed.length === 0) return
    for (const each of claimed) this.#progress.note(each, 'claimed')
    const { runId } = this.#request
    this.#scanning.emit({ type: 'scan_found', runId, count: claimed.length })
    const { queriedTogether } = this.#scanning
    const sending = { left: claimed.length, half: Math.floor(claimed.length / 2) }
    if (queriedTogether === 1) {
      await Promise.all(claimed.map((each) => this.#checkGroup([each], sending)))
    } else {
      for (let at = 0; at < claimed.length; at += queriedTogether) {
        await this.#checkGroup(claimed.slice(at, at + queriedTogether), sending)
      }
    }
    await this.#settleUnpaid()
  }

  async #checkGroup(group: readonly ClaimedOrder[], sending: Sending): Promise<void> {
    const { limit } = this.#scanning
    const queries = group.map((each) => limit(() => this.#query(each, sending)))
    const answers = await Promise.all(queries)
    await Promise.all(answers.map((answer) => answer && this.#settleSoon(answer)))
  }

  /** Null when there is nothing to settle now: not sent, quarantined, or failed. */
  async #query(claimed: ClaimedOrder, sending: Sending): Promise<RunAnswer | null> {
    sending.left -= 1
    const isWholeBatch = this.claimedCount >= this.#scanning.batchSize
    if (sending.left === sending.half && isWholeBatch) this.#noteHalfSent()
    const patience = this.#patience
    if (patience.aborted) return this.#progress.note(claimed, 'not_sent')

    const { order } = claimed
    const by = this.#by
    const startedAt = performance.now()
    try {
      const call = { patience, ahead: sending.left }
      const answer = await queryOrder(this.#scanning, order, { by, call })
      if (isUnsent(answer)) {
        return this.#progress.note(
          claimed,
          answer.cause === 'old_order_limit' ? 'deferred' : 'not_sent',
        )
      }
      const { key, stateSeq: queriedAtSeq } = order
      const answered = { key, answer, by, queriedAtSeq, claimed, startedAt }
      return this.#plausibility.quarantine(answered)
    } catch (error) {
      return this.#fail({ claimed, startedAt, answer: null }, error)
    }
  }

  /** Most orders are not paid yet. Their answers move no money, and are written in one statement. */
  async #settleSoon(answer: RunAnswer): Promise<void> {
    const wait = this.#request.dryRun ? null : previewWait(this.#scanning, answer)
    if (wait === null) return this.#settle(answer)
    this.#unpaid.push(wait)
    if (this.#unpaid.length >= unpaidMax) await this.#settleUnpaid()
  }

  async #settleUnpaid(): Promise<void> {
    const waits = this.#unpaid
    this.#unpaid = []
    try {
      const settled = await settleUnpaid(this.#scanning, waits)
      await Promise.all(
        waits.map(({ answer }) => {
          const settlement = settled.get(answer)
          return settlement === undefined ? this.#settle(answer) : this.#end(answer, settlement)
        }),
      )
    } catch (error) {
      // The statement may have been committed: settling these answers again would count them twice.
      for (const { answer } of waits) this.#fail(answer, error)
    }
  }

  async #settle(answer: RunAnswer): Promise<void> {
    try {
      const settlement = this.#request.dryRun
        ? await preview(this.#scanning, answer)
        : await this.#scanning.settleAnswer(answer)
      if (settlement === null) throw new Error('The order is gone')
      if (settlement.decision.kind === 'close' && !this.#request.dryRun) {
        await this.#closeAndSettle(answer, settlement)
      } else {
        this.#end(answer, settlement)
      }
    } catch (error) {
      this.#fail(answer, error)
    }
  }

  /**
   * The order is unpaid past its end: closes it at the gateway, and settles it by the answer after the
   * close.
   */
  async #closeAndSettle(answer: RunAnswer, first: Settlement): Promise<void> {
    const request = { by: this.#by, call: { patience: this.#patience } }
    const { order } = answer.claimed
    const afterClose = await this.#scanning.limit(async () =>
      // The breaker may have opened, or a stop begun, while it waited for the limit.
      this.#mayNotQuery() ? null : closeAndQuery(this.#scanning, order, request),
    )
    if (afterClose === null) return this.#end(answer, first)
    const second = await this.#scanning.settleAnswer({
      ...answer,
      answer: afterClose,
      closeTried: true,
    })
    if (second === null) throw new Error('The order is gone')
    this.#end(answer, second, afterClose)
  }

  #untilOver(...others: readonly AbortSignal[]): AbortSignal {
    const over = AbortSignal.any([this.#request.signal, this.#deadline, ...others])
    // Each query in progress listens to it, so more listeners than Node's default limit are normal.
    setMaxListeners(0, over)
    return over
  }

  #mayNotQuery(): boolean {
    const held = this.#scanning.breaker.reason !== null && !this.#request.dryRun
    return held || this.#isOver()
  }

  #isOver(): boolean {
    return this.#request.signal.aborted || this.#deadline.aborted
  }

  /** Releases the orders that were claimed and not settled. If this fails, their leases end instead. */
  async #releaseClaims(): Promise<void> {
    if (this.#request.dryRun) return
    const claims = this.#progress.toRelease({ hadTrade: this.#plausibility.hadTrade })
    if (claims.length > 0) await this.#scanning.store.release(claims).catch(() => undefined)
  }

  /** `last`: the answer by which the order was settled, if it is not the first one. */
  #end(answered: RunAnswer, { decision }: Settlement, last: Answer = answered.answer): void {
    const { claimed, answer, startedAt } = answered
    const isRefused = answer.kind === 'unknown' && answer.systemic
    this.#progress.note(claimed, isRefused ? 'refused' : 'settled', {
      orderNo: claimed.order.orderNo,
      merchant: merchantIdentity(claimed.order),
      tradeState: reportedState(last),
      outcome: outcomeOf({ decision, answer: last }),
      reason: sentenceOf(decision.reason),
      codedReason: decision.reason,
      durationMs: durationSince(startedAt),
    })
  }

  #fail({ claimed, answer, startedAt }: Failure, error: unknown): null {
    const { orderNo } = claimed.order
    this.#scanning.emit({ type: 'settle_failed', orderNo, source: 'compensation', answer, error })
    return this.#progress.note(claimed, 'failed', {
      orderNo,
      merchant: merchantIdentity(claimed.order),
      tradeState: answer && reportedState(answer),
      outcome: 'error',
      reason: error instanceof Error ? error.message : String(error),
      codedReason: null,
      durationMs: durationSince(startedAt),
    })
  }
}

interface Failure extends Pick<RunAnswer, 'claimed' | 'startedAt'> {
  /** Null: the query itself failed. */
  readonly answer: Answer | null
}

/** How many queries of a claim were not sent yet, and how many are left when half of them were sent. */
interface Sending {
  left: number
  readonly half: number
}

function durationSince(startedAt: number): number {
  return Math.round(performance.now() - startedAt)
}

/**
 * This many of the youngest orders are probes in turn. The first probe already shows that most causes
 * are gone.
 */
const probesMax = 50

/**
 * A tenth of a batch, so that late checks delay no due order; where a batch is smaller than ten, one
 * in every tenth run.
 */
function lateMax(batchSize: number, runId: string): number {
  if (batchSize >= 10) return Math.floor(batchSize / 10)
  return Number(runId) % 10 === 0 ? 1 : 0
}

/** At most this many batches of old orders are deferred in one run; each claim takes about a millisecond. */
const roundsMax = 20

/**
 * At most this many answers are written together. After a crash, that many orders are queried again
 * when their leases end.
 */
const unpaidMax = 250
