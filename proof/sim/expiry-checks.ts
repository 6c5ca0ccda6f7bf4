import type { Order, OrderEvent } from '../../src/domain/order.ts'
import type { Change, Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import { type GatewayOrder, isPayable, type SentAnswer } from './gateway/gateway-order.ts'

export interface ExpiryChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  /** `now`: the time of the database's clock; `worldNow`: the true time. */
  readonly now: () => Date
  readonly worldNow: () => number
  /** The largest age of an answer when its result is written. */
  readonly leaseMs: number
}

/** How long an order without a known end is watched, from its adoption or its first trade on. */
const watchMs = 16 * 86_400_000

/** Three late checks, and the answers that were under way when the order expired. */
const lateAnswersMax = 6

/** I5: which orders may expire, and when. Measures by itself how long each order was watched. */
export class ExpiryChecks {
  readonly #parts: ExpiryChecksParts
  readonly #watchedFrom = new Map<string, number>()
  readonly #tradeSeen = new Set<string>()
  /** Orders that had a known end at some time, even if a correction has removed it since. */
  readonly #hadEnd = new Set<string>()
  readonly #lateAnswers = new Map<string, number>()

  constructor(parts: ExpiryChecksParts) {
    this.#parts = parts
  }

  /** Must run before the checks of the same commit. */
  record({ orders, events }: Change): void {
    for (const { before, after } of orders) {
      if (after.expiresAt !== null) this.#hadEnd.add(after.orderNo)
      if (before === null || (before.expiresAt !== null && after.expiresAt === null)) {
        this.#watch(after.orderNo)
      }
    }
    for (const event of events) {
      if (event.tradeState === null || this.#tradeSeen.has(event.orderNo)) continue
      this.#tradeSeen.add(event.orderNo)
      this.#watch(event.orderNo)
    }
    for (const event of events) this.#countLate(event)
  }

  /** budan sent a close: allowed only for an order whose end is known. */
  closeRequested(orderNo: string): void {
    const order = this.#parts.tables.orders.get(orderNo)
    if (order?.expiresAt !== null || this.#hadEnd.has(orderNo)) return
    this.#fail('I5', `the trade of ${orderNo} is closed, but its end is not known`)
  }

  expired(
    before: Order | null,
    { order, event }: { order: Order; event: OrderEvent | null },
  ): void {
    const gatewayOrder = this.#parts.gatewayOrders.get(order.orderNo)
    if (event?.kind === 'abandoned') this.#checkAbandoned(before, { order, gatewayOrder })
    else if (gatewayOrder === undefined)
      this.#fail('I5', `${order.orderNo} expired, but the simulated gateway has no record of it`)
    else this.#checkExpired(order, gatewayOrder)
  }

  #checkExpired(order: Order, gatewayOrder: GatewayOrder): void {
    const { trade, sentAnswers } = gatewayOrder
    const isSaidEnded = gatewaySaidEnded(order, sentAnswers)
    if (order.expiresAt === null && !isSaidEnded) this.#checkWatchEnded(order)
    const wasEnded = trade !== null && trade.closedAt !== null
    if (isPayable(gatewayOrder, this.#parts.worldNow()) && !wasEnded) {
      this.#fail('I5', `${order.orderNo} expired while its trade is ${trade?.state}`)
    }
    if (wasEnded || isSaidEnded) return
    if (order.expiresAt !== null && this.#parts.now() < order.expiresAt) {
      this.#fail('I5', `${order.orderNo} expired before its end`)
    }
    // An order without a known end may expire with an unpaid trade, once its watch is over.
    if (order.expiresAt === null && this.#tradeSeen.has(order.orderNo)) return
    const absences = sentAnswers.filter(({ kind }) => kind === 'absent')
    if (absences.length < 3) {
      this.#fail('I5', `${order.orderNo} expired for ${absences.length} answers of "no such order"`)
    }
  }

  #checkWatchEnded({ orderNo }: Order): void {
    const { now, leaseMs, tables } = this.#parts
    const from = this.#watchedFrom.get(orderNo) ?? 0
    if (+now() < from + watchMs - leaseMs) {
      this.#fail('I5', `${orderNo} expired after ${+now() - from} ms, while it was to be watched`)
    }
    if (!tables.lateChecks.has(orderNo)) {
      this.#fail('I8', `${orderNo} was only watched, but has no late checks`)
    }
  }

  /** An operator gave it up: allowed only if the gateway never showed a trade that can be paid. */
  #checkAbandoned(
    before: Order | null,
    { order, gatewayOrder }: { order: Order; gatewayOrder: GatewayOrder | undefined },
  ): void {
    const { orderNo } = order
    if (before?.status !== 'pending' || before.codeUrl !== null || before.standing === 'known') {
      this.#fail('I5', `${orderNo} was given up, but the gateway had accepted it`)
    }
    if (!gatewayOrder?.sentAnswers.some(({ kind }) => kind === 'absent')) {
      this.#fail(
        'I5',
        `${orderNo} was given up, but the gateway never answered that it has no such order`,
      )
    }
    if (order.adopted && !this.#parts.tables.lateChecks.has(orderNo)) {
      this.#fail('I8', `${orderNo} was given up, but has no late checks`)
    }
  }

  #countLate(event: OrderEvent): void {
    const { orderNo, source, decision } = event
    if (source !== 'compensation' || decision !== 'keep' || !isAnswer(event)) return
    if (this.#parts.tables.orders.get(orderNo)?.status !== 'expired') return
    const count = (this.#lateAnswers.get(orderNo) ?? 0) + 1
    this.#lateAnswers.set(orderNo, count)
    if (count > lateAnswersMax) this.#fail('I9', `${orderNo} expired, but is queried without end`)
  }

  #watch(orderNo: string): void {
    this.#watchedFrom.set(orderNo, +this.#parts.now())
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** A trade, or "no such order". After any other reply the query is repeated. */
function isAnswer({ tradeState, evidence }: OrderEvent): boolean {
  return tradeState !== null || /^ORDER_?NOT_?EXIST/.test(String(evidence?.code))
}

/** The gateway has answered that this order's own trade can no longer be paid. */
function gatewaySaidEnded(order: Order, sentAnswers: readonly SentAnswer[]): boolean {
  return sentAnswers.some(
    (one) =>
      one.kind === 'trade' &&
      (one.state === 'CLOSED' || one.state === 'REVOKED') &&
      one.orderNo === order.orderNo &&
      one.mchid === order.mchid &&
      one.appid === order.appid,
  )
}
