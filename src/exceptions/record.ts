import type { Emit } from '../domain/event.ts'
import type { Order, OrderKey } from '../domain/order.ts'
import type { Reason } from '../domain/reason.ts'
import {
  type Exception,
  type ExceptionChanges,
  type ExceptionKind,
  healedBy,
  type OpenedException,
} from '../domain/review/exception.ts'
import type { Answer, Trade } from '../domain/trade.ts'
import type { LockedOrder, Tx } from '../store/store.ts'
import { type WrittenNotice, writeNotices } from './notices.ts'
import { changesAfter } from './rules.ts'

/** Which exceptions a step opened and closed, for those who are notified after the commit. */
export interface Raised {
  readonly opened: readonly OpenedException[]
  readonly closed: readonly {
    readonly kind: ExceptionKind
    readonly orderNo: string
    readonly by: string
  }[]
  /** Of refunds that were noticed before their order was here. */
  readonly alarms: readonly { readonly orderNo: string; readonly reason: Reason }[]
}

export const nothingRaised: Raised = { opened: [], closed: [], alarms: [] }

/** In the transaction of the step, whose order is held locked: two steps at once see one another's. */
export async function recordExceptions(
  tx: Tx,
  { order, trade }: { readonly order: Order; readonly trade: Trade | null },
): Promise<Raised> {
  const notices = await tx.refundNotices(order.key)
  const known = await tx.exceptionsOf(order)
  return apply(tx, changesAfter({ order, trade, notices, known }))
}

/** Writes the changes; returns those that were made. */
export async function apply(tx: Tx, changes: ExceptionChanges): Promise<Raised> {
  const { opened, healed } = await tx.changeExceptions(changes)
  const closed = healed.map(({ exception: { kind, orderNo } }) => ({ kind, orderNo, by: healedBy }))
  return { opened, closed, alarms: [] }
}

interface Settled {
  /** As it was decided on. */
  readonly locked: LockedOrder
  /** As it is now. */
  readonly order: Order
  readonly answer: Answer
  readonly goesToReview?: boolean
}

/**
 * What an answer, with all that was known before, shows of money that differs from the books. Nearly every
 * answer shows nothing, and needs no statement for it. What came before the order was here is in its
 * timeline from now on.
 */
export async function raisedBy(
  tx: Tx,
  { locked, order, answer, goesToReview = false }: Settled,
): Promise<Raised> {
  if (answer.kind !== 'trade') return nothingRaised
  const { trade } = answer
  const { transactionId } = trade
  const { isConcerned } = locked
  const written = isConcerned ? await writeNotices(tx, { order, transactionId }) : []
  const isNeeded = isConcerned || isSuspect(locked.order, trade)
  const changed = isNeeded ? await recordExceptions(tx, { order, trade }) : nothingRaised
  const recorded = { ...changed, alarms: alarmsOf(order, written) }
  if (!goesToReview) return recorded
  const opened = [...recorded.opened, ...(await openedReviews(tx, order))]
  return { ...recorded, opened }
}

/**
 * Those orders of a credit about which something is known: a notice of a refund may have been committed
 * since the row was locked.
 */
export async function concernedAmong(
  tx: Tx,
  credited: readonly Order[],
): Promise<ReadonlySet<OrderKey>> {
  if (credited.length === 0) return new Set()
  return tx.concerned(credited.map(({ key, transactionId }) => ({ key, transactionId })))
}

export function alarmsOf({ orderNo }: Order, written: readonly WrittenNotice[]): Raised['alarms'] {
  return written.filter(({ alarm }) => alarm).map(({ reason }) => ({ orderNo, reason }))
}

/** Says of a credited order that it was refunded, or paid by another payment. */
function isSuspect({ status, transactionId }: Order, trade: Trade): boolean {
  if (status !== 'paid') return false
  const isOther = trade.transactionId !== transactionId
  return trade.state === 'refunded' || (trade.state === 'paid' && isOther)
}

/** A trigger of the database opens it when the order goes to review. */
async function openedReviews(tx: Tx, order: Order): Promise<readonly OpenedException[]> {
  const known = await tx.exceptionsOf(order)
  return known.filter(({ kind, state }) => kind === 'review' && state === 'open').map(openedOf)
}

function openedOf({ codedReason, reason, ...exception }: Exception): OpenedException {
  return { ...exception, reason: codedReason ?? reason }
}

/** After the commit. */
export function emitRaised(emit: Emit, { opened, closed, alarms }: Raised): void {
  for (const { kind, orderNo, transactionId, amountAtStake, currency, reason } of opened) {
    emit({
      type: 'exception_opened',
      ...{ kind, orderNo, transactionId, amountAtStake, currency, reason },
    })
  }
  for (const each of closed) emit({ type: 'exception_closed', ...each })
  for (const each of alarms) emit({ type: 'order_alarm', ...each, source: 'callback' })
}
