import { type Order, type Standing, standings } from '../../src/domain/order.ts'
import { type OrderCounts, runsUntilClaimed } from './capacity.ts'
import type { Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import { type GatewayOrder, type GatewayTrade, isPaid } from './gateway/gateway-order.ts'

export interface LivenessParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  readonly batchSize: number
  readonly intervalMs: number
  readonly thresholdMs: number
  /** The longest wait that a schedule or a lease may give. */
  readonly waitMsMax: number
  /** The database's clock minus the world's. */
  readonly skewMs: number
  readonly callbacksHeal: boolean
  /** A breaker is open: then a run of its node asks a single order. */
  readonly isBreakerOpen: () => boolean
  readonly isLong: boolean
}

/** For what is on its way when the faults stop: calls, locks and waits that have yet to time out. */
const settlingMs = 90_000

/** As far as probes go back before they begin again, in `src/job/pass.ts`. */
const probeRoundMax = 50

/** After its expiry an order that was only watched is asked about for the last time. */
const lateMsMax = 30 * 86_400_000

/**
 * Demands I8 and I9 once faults have stopped. How long may an order wait for its next question?
 *
 * As many runs as it takes until it is claimed, by the shares of `capacity.ts`: within a standing,
 * claims go by `next_check_at`, and one that was asked comes back with a later time than that of any
 * order that is due already. There is a run in each slot. One slot more, because the order may fall
 * due just after a run has claimed; and one more, because the slot of the moment when faults stopped
 * may have been taken by a node that died. A claim is asked within its run, which without faults ends
 * within its slot.
 *
 * While a breaker is open a run asks one order, another each time, over the youngest `probeRoundMax`
 * that are due; so after a whole round of probes each has been asked, or one of them has healed it.
 * Then the shares of a batch hold again, for all who are left. That no breaker opens for numbers that
 * the gateway never knew is demanded elsewhere.
 */
export class Liveness {
  readonly #parts: LivenessParts
  readonly #startedAt: number
  /** As many as there were at any time: a node that stood still may place more when it goes on. */
  #counts: OrderCounts = { known: 0, new: 0, unknown: 0, late: 0 }
  #wasBreakerOpen = false

  constructor(parts: LivenessParts, now: number) {
    this.#parts = parts
    this.#startedAt = now
    this.#count()
  }

  /** How long an order that is due may wait for its question, in milliseconds. */
  #overdueMsMax(standing: Standing): number {
    const { batchSize, intervalMs } = this.#parts
    const { known, new: fresh, unknown, late } = this.#counts
    // One probe a run until the breaker closes, and then the shares of each batch.
    const heldRuns = this.#wasBreakerOpen ? probeRoundMax + known + fresh + unknown + late : 0
    const runs = heldRuns + runsUntilClaimed(standing, batchSize, this.#counts)
    return (runs + 2) * intervalMs + settlingMs
  }

  /** After this long everything that is demanded has happened, or has failed. */
  get limitMs(): number {
    const overdueMs = Math.max(...standings.map((standing) => this.#overdueMsMax(standing)))
    const { waitMsMax, thresholdMs, isLong } = this.#parts
    return waitMsMax + 2 * overdueMs + thresholdMs + (isLong ? lateMsMax + overdueMs : 0)
  }

  /** To be called again and again; true when there is nothing left to wait for. */
  check(now: number): boolean {
    this.#count()
    const open = openOrders(this.#parts.tables)
    const waiting = open.filter((order) => this.#hasQueryToCome(order, now))
    return waiting.length === 0 && this.#unpaidHere().length === 0
  }

  /** At the end: what is truly paid, and neither paid here nor in review. */
  final(): void {
    for (const order of this.#unpaidHere()) {
      this.#fail('I8', `${order.orderNo} is paid at the gateway, and ${order.status} here`)
    }
  }

  /** I9. True while this order has a question to come that is not late. */
  #hasQueryToCome(order: Order, now: number): boolean {
    const queriedAt = this.#parts.gatewayOrders.get(order.orderNo)?.lastQueryAt ?? 0
    // One that was asked and not believed is due as it was before.
    const since = Math.max(queriedAt, this.#startedAt)
    const dueAt = this.#dueAt(order)
    const overdueMs = this.#overdueMsMax(order.standing)
    if (now > Math.max(dueAt, since) + overdueMs) this.#failOverdue(order, now)
    // Whatever its row says: an answer that was on its way may have given it one wait more, not two.
    const latest = Math.max(since, this.#oldEnoughAt(order)) + this.#parts.waitMsMax
    if (now > latest + overdueMs) this.#failOverdue(order, now)
    if (queriedAt < this.#startedAt) return true
    return this.#mustExpire(order, { queriedAt, now })
  }

  /** Asked about after its end, unpaid, and still open: it must be closed and expired at once. */
  #mustExpire(order: Order, { queriedAt, now }: { queriedAt: number; now: number }): boolean {
    const { skewMs, gatewayOrders } = this.#parts
    const { trade, firstShownAt } = gatewayOrders.get(order.orderNo) ?? {}
    // A trade of somebody else's must not be closed.
    if (trade?.mchid !== order.mchid || trade.appid !== order.appid) return false
    const unpaid = !['SUCCESS', 'REFUND', 'USERPAYING'].includes(trade.state)
    if (!unpaid || this.#wasBreakerOpen || queriedAt + skewMs < +endOf(order, trade) + 1000)
      return false
    // Whoever asked just after the faults stopped may have been told to stop before; see `#isOwed`. A
    // trade that was opened since, by the payer's next try, is not what was asked about.
    const wasThere = queriedAt >= (firstShownAt ?? Number.POSITIVE_INFINITY)
    const wasSettled = wasThere && queriedAt > this.#startedAt + settlingMs
    if (wasSettled && now - queriedAt > settlingMs) {
      this.#fail('I9', `${order.orderNo} is ${trade.state}, past its end, asked, and still open`)
    }
    return true
  }

  #unpaidHere(): readonly Order[] {
    const { tables, gatewayOrders } = this.#parts
    return [...tables.orders.values()].filter((order) => {
      if (order.status !== 'pending' && order.status !== 'expired') return false
      const trade = gatewayOrders.get(order.orderNo)?.trade
      if (trade == null || !isPaid(trade)) return false
      return order.status === 'pending' || this.#mustBeCredited(order, trade)
    })
  }

  /**
   * Late money: its callback tells of it, or one of the late checks of an order that was only watched.
   * Not demanded where the gateway answered "no such order" to the last of these: no query follows it.
   */
  #mustBeCredited({ orderNo }: Order, trade: GatewayTrade): boolean {
    const { tables, gatewayOrders, skewMs, callbacksHeal, isLong } = this.#parts
    const expiry = tables.events.find(
      (event) => event.orderNo === orderNo && event.toStatus === 'expired',
    )
    const isEnded = expiry?.tradeState === 'CLOSED' || expiry?.tradeState === 'REVOKED'
    const paidAt = (trade.paidAt ?? 0) + skewMs
    const lastAt = +(expiry?.at ?? 0) + lateMsMax
    const isDenied = gatewayOrders
      .get(orderNo)
      ?.sentAnswers.some(({ kind, at }) => kind === 'absent' && at + skewMs >= lastAt - 2000)
    const isChecked = !isEnded && !isDenied && paidAt < lastAt - 2000
    // After weeks the gateway may have given its callback up.
    return isChecked || (callbacksHeal && !isLong && trade.state !== 'REFUND')
  }

  #count(): void {
    const { tables, isBreakerOpen } = this.#parts
    const open = openOrders(tables)
    const of = (standing: Standing) =>
      Math.max(this.#counts[standing], open.filter((order) => order.standing === standing).length)
    const late = Math.max(this.#counts.late, tables.lateChecks.size)
    this.#counts = { known: of('known'), new: of('new'), unknown: of('unknown'), late }
    this.#wasBreakerOpen ||= isBreakerOpen()
  }

  /** In the world's time: when the job may ask about it. */
  #dueAt(order: Order): number {
    return Math.max(+order.nextCheckAt - this.#parts.skewMs, this.#oldEnoughAt(order))
  }

  #oldEnoughAt({ createdAt }: Order): number {
    return +createdAt + this.#parts.thresholdMs - this.#parts.skewMs
  }

  #failOverdue(order: Order, now: number): void {
    const overdue = Math.round((now - this.#dueAt(order)) / 1000)
    this.#fail('I9', `${order.orderNo} waits for its question, ${overdue} s overdue`)
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** When an unpaid order is to end. Without a known end, the gateway's word that it is closed is enough. */
function endOf({ expiresAt, watchedUntil }: Order, { state }: GatewayTrade): Date {
  if (expiresAt !== null) return expiresAt
  if (state === 'CLOSED' || state === 'REVOKED') return new Date(0)
  return watchedUntil ?? new Date(8.64e15)
}

function openOrders(tables: Tables): readonly Order[] {
  return [...tables.orders.values()].filter(({ status }) => status === 'pending')
}
