import type { Order, OrderKey } from '../../../src/domain/order.ts'
import type { Change, StoredEvent, Tables } from '../database/tables.ts'
import type { Verdict } from '../failure.ts'
import { type GatewayOrder, isPayable, type SentAnswer } from '../gateway/gateway-order.ts'
import type { Gateways } from '../gateway/gateways.ts'

export interface ExpiryChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gateways: Gateways
  /** `now`: the time of the database's clock; `worldNow`: the true time. */
  readonly now: () => Date
  readonly worldNow: () => number
  /** Whether the process of this name has the merchant in its configuration. */
  readonly isConfigured: (configured: { node: string | null; mchid: string }) => boolean
  /** The largest age of an answer when its result is written. */
  readonly leaseMs: number
}

interface Abandonment {
  readonly order: Order
  readonly event: StoredEvent
  readonly gatewayOrder: GatewayOrder | undefined
}

/** How long an order without a known end is watched, from its adoption or its first trade on. */
const watchMs = 16 * 86_400_000

/** Three late checks, and the answers that were under way when the order expired. */
const lateAnswersMax = 6

/** I5: which orders may expire, and when. Measures by itself how long each order was watched. */
export class ExpiryChecks {
  readonly #parts: ExpiryChecksParts
  readonly #watchedFrom = new Map<OrderKey, number>()
  readonly #tradeSeen = new Set<OrderKey>()
  /** Orders that had a known end at some time, even if a correction has removed it since. */
  readonly #hadEnd = new Set<OrderKey>()
  readonly #lateAnswers = new Map<OrderKey, number>()

  constructor(parts: ExpiryChecksParts) {
    this.#parts = parts
  }

  /** Must run before the checks of the same commit. */
  record({ orders, events }: Change): void {
    for (const { before, after } of orders) {
      if (after.expiresAt !== null) this.#hadEnd.add(after.key)
      if (before === null || (before.expiresAt !== null && after.expiresAt === null)) {
        this.#watch(after.key)
      }
    }
    for (const event of events) {
      if (event.tradeState === null || this.#tradeSeen.has(event.key)) continue
      this.#tradeSeen.add(event.key)
      this.#watch(event.key)
    }
    for (const event of events) this.#countLate(event)
  }

  /** budan sent a close: allowed only for an order whose end is known. */
  closeRequested({ orderNo, mchid }: { orderNo: string; mchid: string }): void {
    const order = this.#parts.tables.orderOf({ gateway: 'wechatpay', mchid, orderNo })
    if (order === null) {
      this.#fail('I5', `${orderNo} is closed at merchant ${mchid}, which has no such order`)
      return
    }
    if (order.expiresAt !== null || this.#hadEnd.has(order.key)) return
    this.#fail('I5', `the trade of ${orderNo} is closed, but its end is not known`)
  }

  expired(
    before: Order | null,
    { order, event }: { order: Order; event: StoredEvent | null },
  ): void {
    const gatewayOrder = this.#parts.gateways.orderOf(order)
    if (event?.kind === 'abandoned') this.#checkAbandoned(before, { order, event, gatewayOrder })
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
    if (order.expiresAt === null && this.#tradeSeen.has(order.key)) return
    const absences = sentAnswers.filter(({ kind }) => kind === 'absent')
    if (absences.length < 3) {
      this.#fail('I5', `${order.orderNo} expired for ${absences.length} answers of "no such order"`)
    }
  }

  #checkWatchEnded({ orderNo, key }: Order): void {
    const { now, leaseMs, tables } = this.#parts
    const from = this.#watchedFrom.get(key) ?? 0
    if (+now() < from + watchMs - leaseMs) {
      this.#fail('I5', `${orderNo} expired after ${+now() - from} ms, while it was to be watched`)
    }
    if (!tables.lateChecks.has(key)) {
      this.#fail('I8', `${orderNo} was only watched, but has no late checks`)
    }
  }

  /**
   * An operator gave it up: allowed only if the gateway never showed a trade that can be paid. Who does not
   * have the merchant cannot query: then only an order that was placed here, and whose code was never
   * returned, may be given up.
   */
  #checkAbandoned(before: Order | null, { order, event, gatewayOrder }: Abandonment): void {
    const { orderNo } = order
    if (before?.status !== 'pending' || before.codeUrl !== null || before.standing === 'known') {
      this.#fail('I5', `${orderNo} was given up, but the gateway had accepted it`)
    }
    const { node } = event
    const canQuery = order.adopted || this.#parts.isConfigured({ node, mchid: order.mchid })
    if (canQuery && !gatewayOrder?.sentAnswers.some(({ kind }) => kind === 'absent')) {
      this.#fail(
        'I5',
        `${orderNo} was given up, but the gateway never answered that it has no such order`,
      )
    }
    if (order.adopted && !this.#parts.tables.lateChecks.has(order.key)) {
      this.#fail('I8', `${orderNo} was given up, but has no late checks`)
    }
  }

  #countLate(event: StoredEvent): void {
    const { orderNo, key, source, decision } = event
    if (source !== 'compensation' || decision !== 'keep' || !isAnswer(event)) return
    if (this.#parts.tables.orders.get(key)?.status !== 'expired') return
    const count = (this.#lateAnswers.get(key) ?? 0) + 1
    this.#lateAnswers.set(key, count)
    if (count > lateAnswersMax) this.#fail('I9', `${orderNo} expired, but is queried without end`)
  }

  #watch(key: OrderKey): void {
    this.#watchedFrom.set(key, +this.#parts.now())
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** A trade, or "no such order". After any other reply the query is repeated. */
function isAnswer({ tradeState, evidence }: StoredEvent): boolean {
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
