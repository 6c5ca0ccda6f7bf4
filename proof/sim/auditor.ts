import type { Order, OrderEvent } from '../../src/domain/order.ts'
import type { Change, StoredTransfer, Tables } from './database/tables.ts'
import type { ExpiryChecks } from './expiry-checks.ts'
import type { Verdict } from './failure.ts'
import type { GatewayOrder, SentAnswer } from './gateway/gateway-order.ts'
import type { Notification } from './gateway/notification.ts'
import type { OutputChecks } from './output-checks.ts'

export interface AuditorParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gatewayOrders: ReadonlyMap<string, GatewayOrder>
  /** The database's time. */
  readonly now: () => Date
  /** An order never waits longer than this for its next question. */
  readonly waitMsMax: number
  readonly hasDeliveries: boolean
  readonly adoptAttach: string | null
  readonly expiryChecks: ExpiryChecks
  readonly outputChecks: OutputChecks
}

/**
 * Knows the gateway's truth and the committed rows, and nothing of how budan decides: it shares no
 * code with it. Looks at each commit, and at everything again at the end.
 */
export class Auditor {
  readonly #parts: AuditorParts
  /** Events that callbacks left behind, by the gateway's number of the callback. */
  readonly #callbacksSeen = new Set<string>()
  /** Append-only rows that were written. */
  #written = 0

  constructor(parts: AuditorParts) {
    this.#parts = parts
  }

  committed(change: Change): void {
    this.#parts.expiryChecks.record(change)
    for (const { before, after } of change.orders) {
      this.#checkFacts(before, { after, change })
      if (before?.stateSeq !== after.stateSeq || before.status !== after.status) {
        this.#checkStatusChange(before, { after, change })
      } else if (after.status === 'pending') {
        this.#checkSchedule(after)
      }
    }
    for (const transfer of change.transfers) this.#checkTransfer(transfer, change)
    for (const event of change.events) this.#checkEvent(event, change)
    // Whoever changes one after its commit has an error of its own.
    for (const row of [...change.events, ...change.transfers]) Object.freeze(row)
    this.#written += change.events.length + change.transfers.length
  }

  /** What a constraint had to refuse would have been wrong money, had the constraint been missing. */
  constraintRefused(constraint: string): void {
    this.#fail('the last line of defence', constraint)
  }

  acknowledged({ id, type }: Notification): void {
    if (!this.#callbacksSeen.has(id)) {
      this.#fail('I7', `callback ${id} (${type}) was acknowledged, and nothing of it is committed`)
    }
  }

  /** Everything once more, from the rows alone. */
  final(): void {
    const { tables } = this.#parts
    if (tables.events.length + tables.transfers.length !== this.#written) {
      this.#fail('I4', 'an event or a transfer was added or removed outside of a commit')
    }
    for (const order of tables.orders.values()) this.#checkRows(order)
    if (tables.transfers.length !== tables.transferByOrder.size) {
      this.#fail('I1', 'an order has two transfers')
    }
    if (tables.transfers.length !== tables.transferByTransaction.size) {
      this.#fail('I1', 'a payment has two transfers')
    }
  }

  #checkRows(order: Order): void {
    const { tables, hasDeliveries } = this.#parts
    const { orderNo, status } = order
    const transfers = tables.transfers.filter((transfer) => transfer.orderNo === orderNo)
    const wanted = status === 'paid' ? 1 : 0
    if (transfers.length !== wanted) {
      this.#fail('I3', `${orderNo} is ${status} and has ${transfers.length} transfers`)
    }
    const deliveries = tables.deliveries.filter((delivery) => delivery.orderNo === orderNo)
    if (deliveries.length !== (hasDeliveries ? wanted : 0)) {
      this.#fail('I1', `${orderNo} is ${status} and was delivered ${deliveries.length} times`)
    }
    const states = tables.events.filter(
      (event) => event.orderNo === orderNo && event.stateSeq !== null,
    )
    if (states.length !== order.stateSeq || states.at(-1)?.toStatus !== status) {
      this.#fail('I6', `${orderNo} is ${status} and its events do not tell how`)
    }
  }

  /** I2, I6: of an adopted order a person may correct them, by name and while nothing is credited. */
  #checkFacts(before: Order | null, { after, change }: { after: Order; change: Change }): void {
    if (before === null || sameFacts(before, after)) return
    const { orderNo, status, adopted, createdAt, mchid, currency } = after
    const matching = change.events.filter(
      (event) => event.orderNo === orderNo && event.kind === 'corrected',
    )
    const fixed =
      +createdAt === +before.createdAt && mchid === before.mchid && currency === before.currency
    if (!adopted || !fixed || status === 'paid' || status !== before.status) {
      this.#fail('I2', `the facts of ${orderNo} changed`)
    }
    if (matching.length !== 1 || !matching[0]?.operator || !matching[0].reason) {
      this.#fail('I6', `${orderNo} was corrected, and nobody tells by whom, and why`)
    }
  }

  #checkStatusChange(
    before: Order | null,
    { after, change }: { after: Order; change: Change },
  ): void {
    const { orderNo, status, stateSeq } = after
    const matching = change.events.filter(
      (event) =>
        event.orderNo === orderNo && event.stateSeq === stateSeq && event.toStatus === status,
    )
    if (matching.length !== 1) this.#fail('I6', `${orderNo} became ${status} without its event`)
    if (stateSeq !== (before?.stateSeq ?? 0) + 1) this.#fail('I6', `${orderNo} skipped a state`)
    if (before === null && after.adopted) this.#parts.outputChecks.adopted(after)
    if (before === null && status !== 'pending') this.#fail('I6', `${orderNo} began as ${status}`)
    if (before?.status === 'paid') this.#fail('I1', `${orderNo} was paid, and became ${status}`)
    if (before?.status === 'review') this.#fail('I6', `${orderNo} left review`)
    if (status === 'expired') {
      this.#parts.expiryChecks.expired(before, { order: after, event: matching[0] ?? null })
    }
    if (status === 'review') this.#checkReview(after)
    const credited = change.transfers.some((transfer) => transfer.orderNo === orderNo)
    if ((status === 'paid') !== credited)
      this.#fail('I3', `${orderNo} is ${status}, credited: ${credited}`)
  }

  #checkReview(order: Order): void {
    const reason = this.#answersSent(order).some(
      (one) =>
        one.kind === 'trade' &&
        (one.state === 'REFUND' || (one.state === 'SUCCESS' && !this.#isAsOrdered(one, order))),
    )
    if (!reason) this.#fail('I8', `${order.orderNo} went into review, and nobody gave a reason`)
  }

  #checkSchedule(order: Order): void {
    const waitMs = +order.nextCheckAt - +this.#parts.now()
    if (waitMs > this.#parts.waitMsMax) {
      this.#fail('I9', `${order.orderNo} is to wait ${waitMs} ms for its next question`)
    }
    const answered = this.#parts.gatewayOrders.get(order.orderNo)?.answeredCount ?? 0
    if (order.checks > answered) {
      this.#fail('I8', `${order.orderNo} spent ${order.checks} checks on ${answered} answers`)
    }
  }

  /** I1, I2, I3. */
  #checkTransfer(transfer: StoredTransfer, change: Change): void {
    const { orderNo, transactionId, entries } = transfer
    const order = change.orders.find(({ after }) => after.orderNo === orderNo)?.after
    if (order === undefined) {
      this.#fail('I3', `${orderNo} was credited and did not change`)
      return
    }
    const alike = this.#parts.tables.transfers.filter(
      (one) => one.orderNo === orderNo || one.transactionId === transactionId,
    )
    if (alike.length !== 1) this.#fail('I1', `${orderNo} or ${transactionId} was credited twice`)
    const [debit, deposit] = entries
    const balanced =
      entries.length === 2 &&
      debit.amount + deposit.amount === 0n &&
      deposit.amount === order.amount &&
      deposit.account === `user:${order.userId}`
    if (!balanced) this.#fail('I3', `the entries of ${orderNo} do not balance`)
    const said = this.#answersSent(order).some(
      (one) =>
        one.kind === 'trade' &&
        one.state === 'SUCCESS' &&
        one.transactionId === transactionId &&
        this.#isAsOrdered(one, order),
    )
    if (!said) this.#fail('I2', `${orderNo} was credited for ${transactionId}, which never paid it`)
  }

  #checkEvent(event: OrderEvent, change: Change): void {
    if (event.stateSeq !== null) {
      const turned = change.orders.some(
        ({ after }) => after.orderNo === event.orderNo && after.stateSeq === event.stateSeq,
      )
      if (!turned) this.#fail('I6', `an event tells of a state that ${event.orderNo} does not have`)
    }
    if (event.source !== 'callback') return
    const id = String(event.evidence?.event_id)
    if (!id.startsWith('EV-')) this.#fail('I7', `${id} was rejected, and left an event behind`)
    this.#callbacksSeen.add(id)
  }

  /** By the facts that are in force: those of the row in this very commit. */
  #isAsOrdered(said: Extract<SentAnswer, { kind: 'trade' }>, order: Order): boolean {
    const { adoptAttach } = this.#parts
    const attachFits =
      !order.adopted ||
      adoptAttach === null ||
      said.attach === adoptAttach.split('{user_id}').join(order.userId)
    return (
      attachFits &&
      said.orderNo === order.orderNo &&
      BigInt(said.amount) === order.amount &&
      said.currency === order.currency &&
      said.mchid === order.mchid &&
      said.appid === order.appid
    )
  }

  #answersSent({ orderNo }: Order): readonly SentAnswer[] {
    return this.#parts.gatewayOrders.get(orderNo)?.sentAnswers ?? []
  }

  #fail(invariant: string, message: string): void {
    this.#parts.verdict.fail(invariant, message)
  }
}

function sameFacts(one: Order, other: Order): boolean {
  return (
    one.amount === other.amount &&
    one.currency === other.currency &&
    one.userId === other.userId &&
    one.mchid === other.mchid &&
    one.appid === other.appid &&
    +one.createdAt === +other.createdAt &&
    one.expiresAt?.getTime() === other.expiresAt?.getTime()
  )
}
