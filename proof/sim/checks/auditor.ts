import type { Order } from '../../../src/domain/order.ts'
import type { Change, StoredEvent, StoredTransfer, Tables } from '../database/tables.ts'
import type { Verdict } from '../failure.ts'
import type { SentAnswer } from '../gateway/gateway-order.ts'
import type { Gateways } from '../gateway/gateways.ts'
import type { Notification } from '../gateway/notification.ts'
import type { ExpiryChecks } from './expiry-checks.ts'
import type { OutputChecks } from './output-checks.ts'

export interface AuditorParts {
  readonly verdict: Verdict
  readonly tables: Tables
  readonly gateways: Gateways
  /** The time of the database's clock. */
  readonly now: () => Date
  /** The longest time between now and an order's `next_check_at`. */
  readonly waitMsMax: number
  readonly hasDeliveries: boolean
  readonly adoptAttach: string | null
  readonly expiryChecks: ExpiryChecks
  readonly outputChecks: OutputChecks
}

/**
 * Checks the invariants from two sources alone: the gateway's true state and the committed rows. It
 * shares no code with budan's decisions, so that it cannot repeat their mistakes. It checks each
 * commit, and all rows once more at the end.
 */
export class Auditor {
  readonly #parts: AuditorParts
  /** The gateway's ids of the callbacks whose event is committed. */
  readonly #callbacksSeen = new Set<string>()
  /** How many append-only rows were committed. */
  #written = 0

  constructor(parts: AuditorParts) {
    this.#parts = parts
  }

  committed(change: Change): void {
    this.#parts.expiryChecks.record(change)
    for (const { before, after } of change.orders) {
      this.#checkFacts(before, { after, change })
      this.#checkUser(after)
      if (before?.stateSeq !== after.stateSeq || before.status !== after.status) {
        this.#checkStatusChange(before, { after, change })
      } else if (after.status === 'pending') {
        this.#checkSchedule(after)
      }
    }
    for (const transfer of change.transfers) this.#checkTransfer(transfer, change)
    for (const event of change.events) this.#checkEvent(event, change)
    // Code that changes an append-only row after its commit throws.
    for (const row of [...change.events, ...change.transfers]) Object.freeze(row)
    this.#written += change.events.length + change.transfers.length
  }

  /** A statement that only a constraint stopped would have booked wrong money without it. */
  constraintRefused(constraint: string): void {
    this.#fail('a constraint refused', constraint)
  }

  acknowledged({ id, type }: Notification): void {
    if (!this.#callbacksSeen.has(id)) {
      this.#fail('I7', `callback ${id} (${type}) was acknowledged, but its event is not committed`)
    }
  }

  /** I7: it was settled at the path of another merchant. */
  misdirected({ id }: Notification): void {
    this.#fail('I7', `callback ${id} was accepted at the path of another merchant`)
  }

  /** Checks all rows once more, without the history of their changes. */
  final(): void {
    const { tables } = this.#parts
    if (tables.events.length + tables.transfers.length !== this.#written) {
      this.#fail('I4', 'an event or a transfer was added or removed outside of a commit')
    }
    for (const order of tables.orders.values()) this.#checkRows(order)
    const names = [...tables.orders.values()].map(({ mchid, orderNo }) => `${mchid} ${orderNo}`)
    if (new Set(names).size !== names.length) {
      this.#fail('I1', 'a merchant has two orders with one number')
    }
    if (tables.transfers.length !== tables.transferByOrder.size) {
      this.#fail('I1', 'an order has two transfers')
    }
    if (tables.transfers.length !== tables.transferByTransaction.size) {
      this.#fail('I1', 'a payment has two transfers')
    }
  }

  #checkRows(order: Order): void {
    const { tables, hasDeliveries } = this.#parts
    const { orderNo, key, status } = order
    const transfers = tables.transfers.filter((transfer) => transfer.key === key)
    const wanted = status === 'paid' ? 1 : 0
    if (transfers.length !== wanted) {
      this.#fail('I3', `${orderNo} is ${status} and has ${transfers.length} transfers`)
    }
    const deliveries = tables.deliveries.filter((delivery) => delivery.key === key)
    if (deliveries.length !== (hasDeliveries ? wanted : 0)) {
      this.#fail('I1', `${orderNo} is ${status} and was delivered ${deliveries.length} times`)
    }
    const states = tables.events.filter((event) => event.key === key && event.stateSeq !== null)
    if (states.length !== order.stateSeq || states.at(-1)?.toStatus !== status) {
      this.#fail('I6', `${orderNo} is ${status} but its events do not record that state`)
    }
  }

  /** I2, I6: an operator may correct the facts of an adopted order, by name and before any credit. */
  #checkFacts(before: Order | null, { after, change }: { after: Order; change: Change }): void {
    if (before === null || sameFacts(before, after)) return
    const { orderNo, key, status, adopted, createdAt, mchid, currency } = after
    const matching = change.events.filter(
      (event) => event.key === key && event.kind === 'corrected',
    )
    const fixed =
      +createdAt === +before.createdAt && mchid === before.mchid && currency === before.currency
    if (!adopted || !fixed || status === 'paid' || status !== before.status) {
      this.#fail('I2', `the facts of ${orderNo} changed`)
    }
    if (matching.length !== 1 || !matching[0]?.operator || !matching[0].reason) {
      this.#fail(
        'I6',
        `${orderNo} was corrected without an event that names the operator and the reason`,
      )
    }
  }

  /** I2: users of a merchant with a prefix have it before their ids, and no other merchant's. */
  #checkUser({ orderNo, userId, mchid }: Order): void {
    const { userPrefix } = this.#parts.gateways.of(mchid).merchant
    const own = userPrefix ?? ''
    if (userId.startsWith(own) && !userId.slice(own.length).includes(':')) return
    this.#fail('I2', `${orderNo} of merchant ${mchid} is for the user ${userId}`)
  }

  #checkStatusChange(
    before: Order | null,
    { after, change }: { after: Order; change: Change },
  ): void {
    const { orderNo, key, status, stateSeq } = after
    const matching = change.events.filter(
      (event) => event.key === key && event.stateSeq === stateSeq && event.toStatus === status,
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
    const credited = change.transfers.some((transfer) => transfer.key === key)
    if ((status === 'paid') !== credited)
      this.#fail('I3', `${orderNo} is ${status}, credited: ${credited}`)
  }

  #checkReview(order: Order): void {
    const reason = this.#answersSent(order).some(
      (one) =>
        one.kind === 'trade' &&
        (one.state === 'REFUND' || (one.state === 'SUCCESS' && !this.#isAsOrdered(one, order))),
    )
    if (!reason)
      this.#fail(
        'I8',
        `${order.orderNo} went into review, but no answer of the gateway is a reason for it`,
      )
  }

  #checkSchedule(order: Order): void {
    const waitMs = +order.nextCheckAt - +this.#parts.now()
    if (waitMs > this.#parts.waitMsMax) {
      this.#fail('I9', `${order.orderNo} is scheduled ${waitMs} ms ahead, beyond the longest wait`)
    }
    const answered = this.#parts.gateways.orderOf(order)?.answeredCount ?? 0
    if (order.checks > answered) {
      this.#fail(
        'I8',
        `${order.orderNo} counts ${order.checks} checks, but the gateway answered ${answered} queries`,
      )
    }
  }

  /** I1, I2, I3. */
  #checkTransfer(transfer: StoredTransfer, change: Change): void {
    const { orderNo, key, transactionId, entries } = transfer
    const order = change.orders.find(({ after }) => after.key === key)?.after
    if (order === undefined) {
      this.#fail('I3', `${orderNo} was credited, but its row did not change`)
      return
    }
    const alike = this.#parts.tables.transfers.filter(
      (one) => one.key === key || one.transactionId === transactionId,
    )
    if (alike.length !== 1) this.#fail('I1', `${orderNo} or ${transactionId} was credited twice`)
    const [debit, deposit] = entries
    const balanced =
      entries.length === 2 &&
      debit.amount + deposit.amount === 0n &&
      deposit.amount === order.amount &&
      debit.account === `gateway:${order.gateway}:${order.mchid}` &&
      deposit.account === `user:${order.userId}`
    if (!balanced) this.#fail('I3', `the entries of ${orderNo} do not balance`)
    const said = this.#answersSent(order).some(
      (one) =>
        one.kind === 'trade' &&
        one.state === 'SUCCESS' &&
        one.transactionId === transactionId &&
        this.#isAsOrdered(one, order),
    )
    if (!said)
      this.#fail(
        'I2',
        `${orderNo} was credited for ${transactionId}, but no answer says that it paid as ordered`,
      )
  }

  #checkEvent(event: StoredEvent, change: Change): void {
    if (event.stateSeq !== null) {
      const turned = change.orders.some(
        ({ after }) => after.key === event.key && after.stateSeq === event.stateSeq,
      )
      if (!turned) this.#fail('I6', `an event records a state that ${event.orderNo} does not have`)
    }
    if (event.source !== 'callback') return
    const id = String(event.evidence?.event_id)
    if (!id.startsWith('EV-'))
      this.#fail('I7', `callback ${id} had to be rejected, but an event is committed`)
    this.#callbacksSeen.add(id)
  }

  /** Compares with the facts in force: those of the row in this commit, after any correction. */
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

  #answersSent(order: Order): readonly SentAnswer[] {
    return this.#parts.gateways.orderOf(order)?.sentAnswers ?? []
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
