import { type Order, type Standing, standings } from '../../../src/domain/order.ts'
import type { Tables } from '../database/tables.ts'
import type { Verdict } from '../failure.ts'
import { type GatewayOrder, type GatewayTrade, isPaid } from '../gateway/gateway-order.ts'
import { type OrderCounts, runsUntilClaimed } from './capacity.ts'

export interface LivenessParts {
  readonly verdict: Verdict
  readonly tables: Tables
  /** Whose orders are checked: no other merchant's faults or orders may delay them. */
  readonly mchid: string
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  readonly batchSize: number
  readonly intervalMs: number
  readonly thresholdMs: number
  /** The longest wait of any schedule or lease. */
  readonly waitMsMax: number
  /** The database's clock minus the true time. */
  readonly skewMs: number
  readonly callbacksHeal: boolean
  /** A breaker is open: each run of its node then queries a single order. */
  readonly isBreakerOpen: () => boolean
  readonly isLong: boolean
}

/** For calls, locks and waits that are under way when the faults stop, until they time out. */
const settlingMs = 90_000

/** How many orders the probes of an open breaker cover before they start again, in `src/job/pass.ts`. */
const probeRoundMax = 50

/** When an order that was only watched has its last late check, after its expiry. */
const lateMsMax = 30 * 86_400_000

/**
 * Checks I8 and I9 for one merchant after its faults have stopped, whatever another merchant's do. How long may an order wait for its next query?
 *
 * At most the number of runs until it is claimed, by the shares of `capacity.ts`. Within a standing,
 * orders are claimed by `next_check_at`, and a queried order gets a later time than any order that is
 * already due. Each slot has one run. One slot is added because the order may fall due just after a
 * run has claimed, and one more because a node that died may have taken the slot in which the faults
 * stopped. A claimed order is queried within its run, which without faults ends within its slot.
 *
 * While a breaker is open, each run queries one order: a different one each time, among the youngest
 * `probeRoundMax` that are due. So after one round of probes each of them was queried, or one of them
 * closed the breaker. From then on the shares of a batch hold again for the remaining orders.
 * `OutputChecks` checks that no breaker opens for orders that the gateway never knew.
 */
export class Liveness {
  readonly #parts: LivenessParts
  readonly #startedAt: number
  /** The maximum over time: a node that was paused may place more orders when it continues. */
  #counts: OrderCounts = { known: 0, new: 0, unknown: 0, late: 0 }
  #wasBreakerOpen = false

  constructor(parts: LivenessParts, now: number) {
    this.#parts = parts
    this.#startedAt = now
    this.#count()
  }

  /** How long an order that is due may wait for its query. */
  #overdueMsMax(standing: Standing): number {
    const { batchSize, intervalMs } = this.#parts
    const { known, new: fresh, unknown, late } = this.#counts
    // One probe a run until the breaker closes; after that, the shares of each batch.
    const heldRuns = this.#wasBreakerOpen ? probeRoundMax + known + fresh + unknown + late : 0
    const runs = heldRuns + runsUntilClaimed(standing, batchSize, this.#counts)
    return (runs + 2) * intervalMs + settlingMs
  }

  /** After this time every check has either passed or failed. */
  get limitMs(): number {
    const overdueMs = Math.max(...standings.map((standing) => this.#overdueMsMax(standing)))
    const { waitMsMax, thresholdMs, isLong } = this.#parts
    return waitMsMax + 2 * overdueMs + thresholdMs + (isLong ? lateMsMax + overdueMs : 0)
  }

  /** Called repeatedly. Returns true when no order has a query or a credit to come. */
  check(now: number): boolean {
    this.#count()
    const open = this.#open()
    const waiting = open.filter((order) => this.#hasQueryToCome(order, now))
    return waiting.length === 0 && this.#unpaidHere().length === 0
  }

  /** At the end: each order paid at the gateway must be paid here or in review. */
  final(): void {
    for (const order of this.#unpaidHere()) {
      this.#fail('I8', `${order.orderNo} is paid at the gateway, but ${order.status} here`)
    }
  }

  /** I9. True while this order has a query to come; fails if that is overdue. */
  #hasQueryToCome(order: Order, now: number): boolean {
    const queriedAt = this.#parts.gatewayOrders.get(order.orderNo)?.lastQueryAt ?? 0
    // An order whose answer was not believed keeps its due time.
    const since = Math.max(queriedAt, this.#startedAt)
    const dueAt = this.#dueAt(order)
    const overdueMs = this.#overdueMsMax(order.standing)
    if (now > Math.max(dueAt, since) + overdueMs) this.#failOverdue(order, now)
    // Independent of its row: an answer under way may have added one wait, but not two.
    const latest = Math.max(since, this.#oldEnoughAt(order)) + this.#parts.waitMsMax
    if (now > latest + overdueMs) this.#failOverdue(order, now)
    if (queriedAt < this.#startedAt) return true
    return this.#mustExpire(order, { queriedAt, now })
  }

  /** True for an order that was queried after its end, is unpaid and still open: it must expire now. */
  #mustExpire(order: Order, { queriedAt, now }: { queriedAt: number; now: number }): boolean {
    const { skewMs, gatewayOrders } = this.#parts
    const { trade, firstShownAt } = gatewayOrders.get(order.orderNo) ?? {}
    // A trade of another merchant or app id must not be closed.
    if (trade?.mchid !== order.mchid || trade.appid !== order.appid) return false
    const unpaid = !['SUCCESS', 'REFUND', 'USERPAYING'].includes(trade.state)
    if (!unpaid || this.#wasBreakerOpen || queriedAt + skewMs < +endOf(order, trade) + 1000)
      return false
    // A query just after the faults stopped may belong to a run that was stopped before; see
    // `#hasQueryToCome`. A trade that the payer's next try opened after the query is not its subject.
    const wasThere = queriedAt >= (firstShownAt ?? Number.POSITIVE_INFINITY)
    const wasSettled = wasThere && queriedAt > this.#startedAt + settlingMs
    if (wasSettled && now - queriedAt > settlingMs) {
      this.#fail('I9', `${order.orderNo} is ${trade.state}, past its end, queried, and still open`)
    }
    return true
  }

  #unpaidHere(): readonly Order[] {
    const { gatewayOrders } = this.#parts
    return this.#orders().filter((order) => {
      if (order.status !== 'pending' && order.status !== 'expired') return false
      const trade = gatewayOrders.get(order.orderNo)?.trade
      if (trade == null || !isPaid(trade)) return false
      return order.status === 'pending' || this.#mustBeCredited(order, trade)
    })
  }

  /**
   * Money after the expiry arrives by its callback, or by a late check of an order that was only
   * watched. Not required if the gateway answered "no such order" to the last late check, because no
   * query follows it.
   */
  #mustBeCredited({ orderNo, key, mchid }: Order, trade: GatewayTrade): boolean {
    const { tables, gatewayOrders, skewMs, callbacksHeal, isLong } = this.#parts
    const expiry = tables.events.find((event) => event.key === key && event.toStatus === 'expired')
    const isEnded = expiry?.tradeState === 'CLOSED' || expiry?.tradeState === 'REVOKED'
    const paidAt = (trade.paidAt ?? 0) + skewMs
    const lastAt = +(expiry?.at ?? 0) + lateMsMax
    const isDenied = gatewayOrders
      .get(orderNo)
      ?.sentAnswers.some(({ kind, at }) => kind === 'absent' && at + skewMs >= lastAt - 2000)
    const isChecked = !isEnded && !isDenied && paidAt < lastAt - 2000
    // After weeks the gateway may have stopped to send its callback.
    // A callback that names another merchant is refused.
    const isCalledBack = callbacksHeal && !isLong && trade.mchid === mchid
    return isChecked || (isCalledBack && trade.state !== 'REFUND')
  }

  #count(): void {
    const { tables, mchid, isBreakerOpen } = this.#parts
    const open = this.#open()
    const of = (standing: Standing) =>
      Math.max(this.#counts[standing], open.filter((order) => order.standing === standing).length)
    const late = Math.max(
      this.#counts.late,
      [...tables.lateChecks.values()].filter((check) => check.mchid === mchid).length,
    )
    this.#counts = { known: of('known'), new: of('new'), unknown: of('unknown'), late }
    this.#wasBreakerOpen ||= isBreakerOpen()
  }

  #orders(): readonly Order[] {
    const { tables, mchid } = this.#parts
    return [...tables.orders.values()].filter((order) => order.mchid === mchid)
  }

  #open(): readonly Order[] {
    return this.#orders().filter(({ status }) => status === 'pending')
  }

  /** When the job may query it, in true time. */
  #dueAt(order: Order): number {
    return Math.max(+order.nextCheckAt - this.#parts.skewMs, this.#oldEnoughAt(order))
  }

  #oldEnoughAt({ createdAt }: Order): number {
    return +createdAt + this.#parts.thresholdMs - this.#parts.skewMs
  }

  #failOverdue(order: Order, now: number): void {
    const overdue = Math.round((now - this.#dueAt(order)) / 1000)
    this.#fail('I9', `${order.orderNo} waits for its query, ${overdue} s overdue`)
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** When an unpaid order must expire. Without a known end, a closed trade is enough. */
function endOf({ expiresAt, watchedUntil }: Order, { state }: GatewayTrade): Date {
  if (expiresAt !== null) return expiresAt
  if (state === 'CLOSED' || state === 'REVOKED') return new Date(0)
  return watchedUntil ?? new Date(8.64e15)
}
