import type { Order, OrderEvent } from '../../src/domain/order.ts'
import type { Change, Tables } from './database/tables.ts'
import type { Verdict } from './failure.ts'
import { type Dossier, isPayable, type Statement } from './gateway/book.ts'

export interface EndsParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly dossiers: ReadonlyMap<string, Dossier>
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
export class Ends {
  readonly #parts: EndsParts
  readonly #watchedFrom = new Map<string, number>()
  readonly #heard = new Set<string>()
  /** Orders that had an end at some time, though somebody may have taken it away since. */
  readonly #ended = new Set<string>()
  readonly #lateAnswers = new Map<string, number>()

  constructor(parts: EndsParts) {
    this.#parts = parts
  }

  /** Before anything of the change is judged. */
  note({ orders, events }: Change): void {
    for (const { before, after } of orders) {
      if (after.expiresAt !== null) this.#ended.add(after.orderNo)
      if (before === null || (before.expiresAt !== null && after.expiresAt === null)) {
        this.#watch(after.orderNo)
      }
    }
    for (const event of events) {
      if (event.tradeState === null || this.#heard.has(event.orderNo)) continue
      this.#heard.add(event.orderNo)
      this.#watch(event.orderNo)
    }
    for (const event of events) this.#countLate(event)
  }

  /** Budan asks the gateway to close it: only what has an end that somebody gave. */
  closing(orderNo: string): void {
    const order = this.#parts.tables.orders.get(orderNo)
    if (order?.expiresAt !== null || this.#ended.has(orderNo)) return
    this.#fail('I5', `the trade of ${orderNo} is closed, and nobody said when it ends`)
  }

  expired(
    before: Order | null,
    { order, event }: { order: Order; event: OrderEvent | null },
  ): void {
    const dossier = this.#parts.dossiers.get(order.orderNo)
    if (event?.kind === 'abandoned') this.#checkAbandoned(before, { order, dossier })
    else if (dossier === undefined)
      this.#fail('I5', `${order.orderNo} is unknown to the gateway's truth`)
    else this.#checkExpired(order, dossier)
  }

  #checkExpired(order: Order, dossier: Dossier): void {
    const { trade, statements } = dossier
    const saysEnded = isToldEnded(order, statements)
    if (order.expiresAt === null && !saysEnded) this.#checkUnwatched(order)
    const wasEnded = trade !== null && trade.closedAt !== null
    if (isPayable(dossier, this.#parts.worldNow()) && !wasEnded) {
      this.#fail('I5', `${order.orderNo} expired while its trade is ${trade?.state}`)
    }
    if (wasEnded || saysEnded) return
    if (order.expiresAt !== null && this.#parts.now() < order.expiresAt) {
      this.#fail('I5', `${order.orderNo} expired before its end`)
    }
    // Without an end a trade may be unpaid for as long as it is watched, and then nobody pays it.
    if (order.expiresAt === null && this.#heard.has(order.orderNo)) return
    const absences = statements.filter(({ kind }) => kind === 'absent')
    if (absences.length < 3) {
      this.#fail('I5', `${order.orderNo} expired for ${absences.length} answers of "no such order"`)
    }
  }

  #checkUnwatched({ orderNo }: Order): void {
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
    { order, dossier }: { order: Order; dossier: Dossier | undefined },
  ): void {
    const { orderNo } = order
    if (before?.status !== 'pending' || before.codeUrl !== null || before.standing === 'known') {
      this.#fail('I5', `${orderNo} was given up, and the gateway had accepted it`)
    }
    if (!dossier?.statements.some(({ kind }) => kind === 'absent')) {
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
function isToldEnded(order: Order, statements: readonly Statement[]): boolean {
  return statements.some(
    (one) =>
      one.kind === 'trade' &&
      (one.state === 'CLOSED' || one.state === 'REVOKED') &&
      one.orderNo === order.orderNo &&
      one.mchid === order.mchid &&
      one.appid === order.appid,
  )
}
