import { type Fen, fenMax } from '../domain/money.ts'
import type { Order, OrderEvent } from '../domain/order.ts'
import {
  type Exception,
  type ExceptionChanges,
  type Healing,
  type NewException,
  noChanges,
} from '../domain/review/exception.ts'
import type { Trade } from '../domain/trade.ts'
import { type NoticedRefund, refundsIn } from './refunds.ts'

/** An order after a step, and all that is known of its payments then. */
export interface PaymentFacts {
  readonly order: Order
  /** What the gateway has just said; null: a notice of a refund was all. */
  readonly trade: Trade | null
  /** Of refunds of the order, oldest first. */
  readonly notices: readonly OrderEvent[]
  /** Exceptions of the order's number, open and closed. */
  readonly known: readonly Exception[]
}

/**
 * Which exceptions open and heal. Pure, and worked out from all facts each time, so that it does not
 * matter in which order they came, or how often: what is known already is not opened again.
 *
 * An order in review is in the queue by its review: nothing else is opened for it. What was paid and
 * refunded before a credit counts once the order is credited.
 */
export function changesAfter(facts: PaymentFacts): ExceptionChanges {
  const { order, trade, known } = facts
  const found = order.status === 'paid' || order.status === 'review' ? withOrder(known, trade) : []
  const ofOrder = { ...noChanges, healed: found }
  const { transactionId } = order
  if (order.status !== 'paid' || transactionId === null) return ofOrder
  const refunds = refundsIn(facts.notices, { credited: transactionId })
  const credited = { ...facts, refunds, transactionId }
  return [otherPayments(credited), refundsOfCredit(credited)].reduce(together, ofOrder)
}

type CreditedFacts = PaymentFacts & {
  readonly refunds: readonly NoticedRefund[]
  /** Of the payment that was credited. */
  readonly transactionId: string
}

function together(some: ExceptionChanges, more: ExceptionChanges): ExceptionChanges {
  return {
    opened: [...some.opened, ...more.opened],
    healed: [...some.healed, ...more.healed],
    named: [...some.named, ...more.named],
  }
}

/** A payment that was seen under the number before the order was here. */
function withOrder(known: readonly Exception[], trade: Trade | null): readonly Healing[] {
  const healed = known.filter(
    ({ kind, state, transactionId }) =>
      kind === 'unknown_payment' && state === 'open' && transactionId === trade?.transactionId,
  )
  return healed.map((exception) => ({ exception, reason: { code: 'payment_has_order' } }))
}

/**
 * Payments beside the one that was credited. One that was refunded in whole is none: what came in went
 * back. A notice that names another payment shows that there was one.
 */
function otherPayments(facts: CreditedFacts): ExceptionChanges {
  const opened: NewException[] = []
  const healed: Healing[] = []
  for (const [transactionId, sum] of paidBeside(facts)) {
    const amount = boundedOr(facts.order.amount, sum)
    const refunded = sumOf(facts.refunds.filter((each) => each.transactionId === transactionId))
    const known = facts.known.find(
      (each) => each.kind === 'duplicate_payment' && each.transactionId === transactionId,
    )
    if (known === undefined && refunded < amount) {
      opened.push(duplicateOf(facts, { transactionId, amount }))
    }
    if (known?.state === 'open' && refunded >= known.amountAtStake && refunded > 0n) {
      healed.push({ exception: known, reason: { code: 'payment_refunded' } })
    }
  }
  return { ...noChanges, opened, healed }
}

/** The sum of each by its transaction id; null: not said. */
function paidBeside({
  order,
  trade,
  refunds,
  transactionId: credited,
}: CreditedFacts): ReadonlyMap<string, Fen | null> {
  const sums = new Map<string, Fen | null>()
  for (const { transactionId, total } of refunds) {
    if (transactionId !== credited) sums.set(transactionId, total)
  }
  if (trade !== null && isPaymentOf(order, trade)) {
    const { transactionId, amount } = trade
    if (transactionId !== null && transactionId !== credited) sums.set(transactionId, amount)
  }
  return sums
}

/** Under whatever app id: the number is the merchant's. An answer about another number is no payment of it. */
function isPaymentOf({ orderNo, mchid }: Order, trade: Trade): boolean {
  const isPaid = trade.state === 'paid' || trade.state === 'refunded'
  return isPaid && trade.orderNo === orderNo && trade.mchid === mchid
}

function duplicateOf(
  { order, transactionId: ours }: CreditedFacts,
  { transactionId, amount }: { transactionId: string; amount: Fen },
): NewException {
  const difference = { fact: 'transaction_id', theirs: transactionId, ours } as const
  return {
    ...of(order),
    kind: 'duplicate_payment',
    ...{ about: transactionId, transactionId, refundId: null, amountAtStake: amount },
    reason: { code: 'another_payment', difference },
  }
}

/**
 * Each refund that was made is one, with its own sum: together they are what went back. It is whole where
 * all refunds so far make up what was credited.
 *
 * That one was started, as a query says, is one until its sum is known. A notice about the whole sum is
 * then about that refund. Of a part nobody knows whether it is that one, so it is one of its own.
 */
function refundsOfCredit(facts: CreditedFacts): ExceptionChanges {
  const { order, trade, known, transactionId } = facts
  const before = known.filter(
    ({ kind }) => kind === 'refunded_after_credit' || kind === 'partly_refunded',
  )
  const started = before.find(({ about, refundId }) => about === transactionId && refundId === null)
  const changes = { opened: [] as NewException[], healed: [] as Healing[] }
  let inAll = 0n
  for (const refund of facts.refunds) {
    if (refund.transactionId !== transactionId || !isMade(refund)) continue
    inAll += refund.refunded ?? 0n
    if (before.some((each) => isAbout(each, refund))) continue
    const isFirst = changes.opened.length === 0 && before.every((each) => each === started)
    const isWhole = refund.refunded === null || refund.refunded >= order.amount
    if (started !== undefined && isFirst && isWhole) {
      const { refundId } = refund
      return refundId === null
        ? noChanges
        : { ...noChanges, named: [{ exception: started, refundId }] }
    }
    if (started?.state === 'open' && isFirst) {
      const reason = { code: 'refund_sum_known', refundId: refund.id } as const
      changes.healed.push({ exception: started, reason })
    }
    changes.opened.push(refundOf(facts, { refund, inAll }))
  }
  const isStarted = trade?.state === 'refunded' && isOfCredit(facts, trade)
  if (isStarted && before.length === 0 && changes.opened.length === 0) {
    changes.opened.push(startedRefundOf(facts))
  }
  return { ...noChanges, ...changes }
}

function isMade({ state, refunded }: NoticedRefund): boolean {
  return state === 'succeeded' && refunded !== 0n
}

function isAbout({ about, refundId }: Exception, refund: NoticedRefund): boolean {
  return about === refund.id || (refundId !== null && refundId === refund.refundId)
}

function isOfCredit({ order, transactionId }: CreditedFacts, trade: Trade): boolean {
  return isPaymentOf(order, trade) && (trade.transactionId ?? transactionId) === transactionId
}

function refundOf(
  { order, transactionId }: CreditedFacts,
  { refund, inAll }: { refund: NoticedRefund; inAll: Fen },
): NewException {
  const { id, refundId, refunded } = refund
  const isPart = refunded !== null && inAll < order.amount
  return {
    ...of(order),
    kind: isPart ? 'partly_refunded' : 'refunded_after_credit',
    ...{ about: id, transactionId, refundId },
    amountAtStake: boundedOr(order.amount, refunded),
    reason: {
      code: 'refunded_after_credit',
      refunded: refunded === null ? null : String(refunded),
      ...{ inAll: String(inAll), amount: String(order.amount) },
    },
  }
}

/** How much is not said: up to the whole. */
function startedRefundOf({ order, transactionId }: CreditedFacts): NewException {
  return {
    ...of(order),
    kind: 'refunded_after_credit',
    ...{ about: transactionId, transactionId, refundId: null, amountAtStake: order.amount },
    reason: { code: 'refund_started_after_credit' },
  }
}

function of({ key, orderNo, gateway, mchid, currency }: Order) {
  return { key, orderNo, gateway, mchid, currency }
}

function sumOf(refunds: readonly NoticedRefund[]): Fen {
  return refunds.filter(isMade).reduce((sum, { refunded }) => sum + (refunded ?? 0n), 0n)
}

/** What cannot be stored, or was not said, must not stop the step that saw it. */
function boundedOr(otherwise: Fen, sum: Fen | null): Fen {
  return sum !== null && sum >= 0n && sum <= fenMax ? sum : otherwise
}
