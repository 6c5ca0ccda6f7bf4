import type { Order, OrderEvent } from '../../src/domain/order.ts'
import type { Change, Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import { type GatewayOrder, isPayable, type SentAnswer } from './gateway/gateway-order.ts'

export interface ExpiryChecksParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  /** The database's time, and the world's. */
  readonly now: () => Date
  readonly worldNow: () => number
  /** An answer may be as old as this when it is written. */
  readonly leaseMs: number
}

/** For how long an order without a known end is watched, from its adoption or its first trade on. */
const watchMs = 16 * 86_400_000

/** Late checks, and answers that were under way when the order expired. */
const lateAnswersMax = 6

/** I5: which orders may end, and when. Keeps its own account of how long each has been watched. */
export class ExpiryChecks {
  readonly #parts: ExpiryChecksParts
  readonly #watchedFrom = new Map<string, number>()
  readonly #tradeSeen = new Set<string>()
  /** Orders that had an end at some time, though somebody may have taken it away since. */
  readonly #hadEnd = new Set<string>()
  readonly #lateAnswers = new Map<string, number>()

  constructor(parts: ExpiryChecksParts) {
    this.#parts = parts
  }

  /** Before anything of the change is judged. */
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

  /** Budan asks the gateway to close it: only what has an end that somebody gave. */
  closeRequested(orderNo: string): void {
    const order = this.#parts.tables.orders.get(orderNo)
    if (order?.expiresAt !== null || this.#hadEnd.has(orderNo)) return
    this.#fail('I5', `the trade of ${orderNo} is closed, and nobody said when it ends`)
  }

  expired(
    before: Order | null,
    { order, event }: { order: Order; event: OrderEvent | null },
  ): void {
    const gatewayOrder = this.#parts.gatewayOrders.get(order.orderNo)
    if (event?.kind === 'abandoned') this.#checkAbandoned(before, { order, gatewayOrder })
    else if (gatewayOrder === undefined)
      this.#fail('I5', `${order.orderNo} is unknown to the gateway's truth`)
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
    // Without an end a trade may be unpaid for as long as it is watched, and then nobody pays it.
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
      this.#fail('I8', `${orderNo} was only watched, and nobody will ask about it again`)
    }
  }

  /** A person gave it up: nobody can pay it, as far as the gateway has ever said. */
  #checkAbandoned(
    before: Order | null,
    { order, gatewayOrder }: { order: Order; gatewayOrder: GatewayOrder | undefined },
  ): void {
    const { orderNo } = order
    if (before?.status !== 'pending' || before.codeUrl !== null || before.standing === 'known') {
      this.#fail('I5', `${orderNo} was given up, and the gateway had accepted it`)
    }
    if (!gatewayOrder?.sentAnswers.some(({ kind }) => kind === 'absent')) {
      this.#fail('I5', `${orderNo} was given up, and the gateway never said that it has none`)
    }
    if (order.adopted && !this.#parts.tables.lateChecks.has(orderNo)) {
      this.#fail('I8', `${orderNo} was given up, and nobody will ask about it again`)
    }
  }

  #countLate(event: OrderEvent): void {
    const { orderNo, source, decision } = event
    if (source !== 'compensation' || decision !== 'keep' || !isAnswer(event)) return
    if (this.#parts.tables.orders.get(orderNo)?.status !== 'expired') return
    const count = (this.#lateAnswers.get(orderNo) ?? 0) + 1
    this.#lateAnswers.set(orderNo, count)
    if (count > lateAnswersMax) this.#fail('I9', `${orderNo} expired, and is asked about for ever`)
  }

  #watch(orderNo: string): void {
    this.#watchedFrom.set(orderNo, +this.#parts.now())
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

/** A trade, or "no such order"; whatever else came is asked for again. */
function isAnswer({ tradeState, evidence }: OrderEvent): boolean {
  return tradeState !== null || /^ORDER_?NOT_?EXIST/.test(String(evidence?.code))
}

/** The gateway itself said of this very trade that nobody can pay it any more. */
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
