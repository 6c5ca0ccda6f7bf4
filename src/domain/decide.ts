import { unreachable } from './assert.ts'
import type { Order, OrderFacts } from './order.ts'
import type { DecisionKind } from './order-states.ts'
import type { ComparedFact, Difference, Reason } from './reason.ts'
import { type Answer, isNotBegun, type Trade, type UnknownAnswer } from './trade.ts'

/**
 * What happens to an order, given an answer:
 *
 *   pay      credit it                      review   an operator decides, or decides again
 *   wait     query again on schedule        expire   it can no longer be paid
 *   close    close its trade, query again   keep     it is settled; record the evidence
 */
export type Decision =
  | { readonly kind: 'pay'; readonly trade: Trade; readonly reason: Reason; readonly alarm: false }
  | {
      readonly kind: Exclude<DecisionKind, 'pay'>
      readonly reason: Reason
      /** An operator has to look at this. */
      readonly alarm: boolean
    }

/** What a decision takes into account besides the order and the answer. */
export interface Facts {
  /** The database's time, read with the locked row. */
  readonly now: Date
  /** Another order that was credited for this answer's transaction id. */
  readonly transactionOwner: string | null
  /** Notices of refunds say that all of this answer's payment went back. */
  readonly wentBack?: boolean
  /** Whether an absent answer may end an order. Not while most answers are absent: the mchid may be wrong. */
  readonly absenceCredible: boolean
  /** Whether other clocks disagree with `now`. Then no order ends because of it. */
  readonly clocksDisagree?: boolean
  /** How far apart the first and the last of several absent answers must be. */
  readonly absenceSpreadMs: number
  /** A close was sent to the gateway, and answered, before this answer. */
  readonly closeTried?: boolean
  /** The order's state changed after the query: the answer may be older than the state. */
  readonly overtaken?: boolean
  /** `recharge.adopt_attach`: what the trade of an adopted order must carry; null: nothing. */
  readonly adoptAttach?: string | null
}

/**
 * How many absent answers in a row let an order expire. One can be a race with the prepay, and two the
 * same fault twice. The answer is not authenticated, so it takes a third.
 */
const absentAnswersMin = 3

/** Pure: the same order, answer and facts give the same decision. */
export function decide(order: Order, answer: Answer, facts: Facts): Decision {
  switch (order.status) {
    case 'pending':
      return decidePending(order, answer, facts)
    case 'expired':
      return decideExpired(order, answer, facts)
    case 'paid':
      return decidePaid(order, answer, facts)
    case 'review':
      return decideReview(order, answer)
    default:
      return unreachable(order.status)
  }
}

function decidePending(order: Order, answer: Answer, facts: Facts): Decision {
  switch (answer.kind) {
    case 'unknown':
      return wait({ code: 'no_answer', ...causeAndMessage(answer) })
    case 'absent':
      return isNotBegun(answer) ? decideNotBegun(order, facts) : decideAbsent(order, facts)
    case 'trade':
      return decideTrade(order, answer.trade, facts)
    default:
      return unreachable(answer)
  }
}

function decideTrade(order: Order, trade: Trade, facts: Facts): Decision {
  if (trade.state === 'paid') return payOrReview(order, trade, facts)
  if (trade.state === 'refunded') return review({ code: 'refund_started' })

  // Compared only now: an answer about another trade must not close or expire this order.
  const difference = differentIdentity(order, trade)
  if (difference !== null) return waitWithAlarm({ code: 'about_another_trade', difference })

  switch (trade.state) {
    case 'unpaid':
      return decideUnpaid(order, facts)
    case 'paying':
      return wait({ code: 'payment_under_way' })
    case 'closed':
      return decision('expire', { code: 'trade_closed' })
    case 'unlisted':
      return waitWithAlarm({ code: 'unlisted_state', state: trade.reported })
    default:
      return unreachable(trade.state)
  }
}

/**
 * A trade is closed only where the order's end is known: otherwise the system that placed it may still
 * wait for the payment. Such an order ends when the gateway says that the trade ended, or when the watch
 * ends: no trade stays open for that long.
 */
function decideUnpaid(order: Order, { now, clocksDisagree }: Facts): Decision {
  if (order.expiresAt === null ? isWatched(order, now) : now < order.expiresAt) {
    return wait({ code: 'not_paid_yet' })
  }
  if (clocksDisagree) return wait({ code: 'clocks_disagree', seen: 'unpaid' })
  return order.expiresAt === null
    ? decision('expire', { code: 'watch_ended' })
    : decision('close', { code: 'unpaid_past_end' })
}

/** The watch starts again with the first trade: it may have been placed after the adoption. */
function isWatched({ standing, watchedUntil }: Order, now: Date): boolean {
  return standing !== 'known' || watchedUntil === null || now < watchedUntil
}

function decideAbsent(order: Order, facts: Facts): Decision {
  const end = order.expiresAt ?? order.watchedUntil
  if (end === null || facts.now < end) return wait({ code: 'absent' })
  if (facts.clocksDisagree) return wait({ code: 'clocks_disagree', seen: 'absent' })
  if (!facts.absenceCredible) return wait({ code: 'absent_not_credible' })
  const answers = order.absentCount + 1
  const spreadMs = order.absentSince === null ? 0 : +facts.now - +order.absentSince
  if (answers < absentAnswersMin || spreadMs < facts.absenceSpreadMs) {
    return wait({ code: 'absent_too_seldom' })
  }
  return decision('expire', { code: 'absent_past_end', answers })
}

/**
 * However many such answers come, they show neither a wrong merchant number nor that the order was never
 * placed. So the order ends at its own end: closed at the gateway and queried again, like any other. An
 * order without a known end ends with its watch, which no trade has restarted.
 */
function decideNotBegun(order: Order, facts: Facts): Decision {
  const unpaid = decideUnpaid({ ...order, standing: 'known' }, facts)
  const isOver = unpaid.kind === 'close' && facts.closeTried === true
  return isOver ? decision('expire', { code: 'never_begun' }) : unpaid
}

function decideExpired(order: Order, answer: Answer, facts: Facts): Decision {
  if (answer.kind !== 'trade') return keep({ code: 'expired_unpaid' })
  if (answer.trade.state === 'paid') return payOrReview(order, answer.trade, facts)
  if (answer.trade.state === 'refunded') return review({ code: 'refund_started_after_expiry' })
  return keep({ code: 'expired_still', state: answer.trade.reported })
}

function decidePaid(order: Order, answer: Answer, { overtaken }: Facts): Decision {
  if (answer.kind === 'unknown') return keep({ code: 'paid_no_answer', ...causeAndMessage(answer) })
  if (answer.kind === 'absent') return keep({ code: 'paid_absent' })
  const { trade } = answer
  switch (trade.state) {
    case 'paid': {
      const difference =
        differenceFrom(order, trade) ??
        differentText('transaction_id', order.transactionId, trade.transactionId)
      return difference === null
        ? keep({ code: 'paid_by_this' })
        : keepWithAlarm({ code: 'another_payment', difference })
    }
    case 'refunded':
      return keep({ code: 'refund_started_after_credit' })
    case 'paying':
    case 'unpaid':
      return overtaken ? keep({ code: 'paid_meanwhile' }) : contradicted(trade)
    case 'closed':
    case 'unlisted':
      return contradicted(trade)
    default:
      return unreachable(trade.state)
  }
}

function contradicted({ reported }: Trade): Decision {
  return keepWithAlarm({ code: 'paid_contradicted', state: reported })
}

/**
 * Only an operator ends a review. A dismissed one is reopened by a payment that the operator did not know
 * of. A payment that was known may be reported any number of times, and a refund needs no decision.
 */
function decideReview({ dismissed }: Order, answer: Answer): Decision {
  if (dismissed === null) return keep({ code: 'in_review' })
  if (answer.kind === 'trade' && answer.trade.state === 'refunded') {
    return keep({ code: 'refund_started_after_dismissal' })
  }
  if (answer.kind !== 'trade' || answer.trade.state !== 'paid') {
    return keep({ code: 'dismissed_unpaid' })
  }
  return paymentOf(answer.trade) === dismissed.payment
    ? keep({ code: 'dismissed_payment_known' })
    : review({ code: 'dismissed_new_payment' })
}

/** The facts that identify a payment, as one line; null for a trade that is not paid. */
export function paymentOf(trade: Trade): string | null {
  if (trade.state !== 'paid') return null
  const { transactionId, amount, currency, orderNo, mchid, appid } = trade
  return [transactionId, amount, currency, orderNo, mchid, appid].join(' ')
}

/** I2: each fact of the order must equal that of the payment. */
export function payOrReview(
  order: Order,
  trade: Trade,
  facts: Pick<Facts, 'transactionOwner' | 'adoptAttach' | 'wentBack'>,
): Decision {
  const difference = differenceFrom(order, trade) ?? differentAttach(order, trade, facts)
  if (difference !== null) return review({ code: 'not_as_ordered', difference })
  if (facts.transactionOwner !== null) {
    return review({ code: 'credited_to_another', orderNo: facts.transactionOwner })
  }
  // A callback of the payment may come again after its refund.
  if (facts.wentBack === true) return review({ code: 'refunded_in_whole' })
  return { kind: 'pay', trade, reason: { code: 'as_ordered' }, alarm: false }
}

/** What a payment must equal. */
export type ExpectedFacts = Pick<OrderFacts, 'orderNo' | 'mchid' | 'appid' | 'amount' | 'currency'>

/** How a payment differs from what was ordered; null: it does not. */
export function differenceFrom(ordered: ExpectedFacts, trade: Trade): Difference | null {
  return differentIdentity(ordered, trade) ?? differentMoney(ordered, trade)
}

export function differentIdentity(order: ExpectedFacts, trade: Trade): Difference | null {
  return (
    differentText('order_no', order.orderNo, trade.orderNo) ??
    differentText('mchid', order.mchid, trade.mchid) ??
    differentText('app_id', order.appid, trade.appid)
  )
}

function differentMoney(order: ExpectedFacts, trade: Trade): Difference | null {
  if (trade.amount !== order.amount) {
    const { amount, currency } = trade
    const theirs = amount === null ? null : String(amount)
    return { fact: 'amount', theirs, ours: String(order.amount), currency }
  }
  return differentText('currency', order.currency, trade.currency)
}

/** Binds the trade of an adopted order to its user, where the merchant puts the user into `attach`. */
function differentAttach(
  { adopted, userId }: Order,
  { attach }: Trade,
  { adoptAttach = null }: Pick<Facts, 'adoptAttach'>,
): Difference | null {
  if (!adopted || adoptAttach === null) return null
  const expected = adoptAttach.replaceAll(userIdMark, () => userId)
  if (attach === expected) return null
  return differentText('attach', expected, attach?.slice(0, attachShownMax) ?? null)
}

/** Where `recharge.adopt_attach` has the user's id. */
export const userIdMark = '{user_id}'

/** The gateway's own limit for `attach`. */
const attachShownMax = 128

function differentText(
  fact: ComparedFact,
  ...[ours, theirs]: [string | null, string | null]
): Difference | null {
  return ours === theirs ? null : { fact, theirs, ours }
}

/** The parts of an unknown answer that a reason keeps. */
export function causeAndMessage({
  cause,
  message,
}: UnknownAnswer): Pick<UnknownAnswer, 'cause' | 'message'> {
  return { cause, message }
}

function decision(kind: Exclude<DecisionKind, 'pay'>, reason: Reason): Decision {
  return { kind, reason, alarm: false }
}

function wait(reason: Reason): Decision {
  return decision('wait', reason)
}

function waitWithAlarm(reason: Reason): Decision {
  return { kind: 'wait', reason, alarm: true }
}

function keep(reason: Reason): Decision {
  return decision('keep', reason)
}

function keepWithAlarm(reason: Reason): Decision {
  return { kind: 'keep', reason, alarm: true }
}

function review(reason: Reason): Decision {
  return { kind: 'review', reason, alarm: true }
}
