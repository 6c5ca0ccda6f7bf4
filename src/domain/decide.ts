import { unreachable } from './assert.ts'
import { formatAmount, formatFen } from './money.ts'
import type { DecisionKind, Order } from './order.ts'
import type { Answer, Trade, UnknownAnswer } from './trade.ts'

/**
 * What ought to happen to an order, given an answer:
 *
 *   pay      credit it                    review   a person looks, or looks again
 *   wait     ask again on schedule        expire   it can no longer be paid
 *   close    close its trade, ask again   keep     it is settled; record the evidence
 */
export type Decision =
  | { readonly kind: 'pay'; readonly trade: Trade; readonly reason: string; readonly alarm: false }
  | {
      readonly kind: Exclude<DecisionKind, 'pay'>
      readonly reason: string
      /** Somebody has to look at this. */
      readonly alarm: boolean
    }

/** What a decision takes into account besides the order and the answer. */
export interface Facts {
  /** The database's time, read with the locked row. */
  readonly now: Date
  /** Another order that was credited for this answer's transaction id. */
  readonly transactionOwner: string | null
  /** May an absent answer end an order? Not while most answers are absent: that is a wrong mchid. */
  readonly absenceCredible: boolean
  /** Is `now` not the time that others have? Then no order is at its end because of it. */
  readonly clocksDisagree?: boolean
  /** How far apart the first and the last of several absent answers must be. */
  readonly absenceSpreadMs: number
  /** The order came to its state after it was asked about: what was said may be older than that. */
  readonly overtaken?: boolean
  /** `recharge.adopt_attach`: what the trade of an adopted order must carry; null: nothing. */
  readonly adoptAttach?: string | null
}

/**
 * Absent answers in a row before an order may expire for them. One can be a race with the prepay
 * and two the same fault twice; the answer is not authenticated, so it takes a third.
 */
const absentAnswersMin = 3

/** Why a trade is closed; by its words, a run that may close nothing tells that it would. */
export const closeReason = 'not paid, and past its end'

/** All that REFUND means: of part or all of the money, and whether it succeeds is not said either. */
export const refundStarted = 'a refund was started; the gateway does not say how much'

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
      return wait(`no answer: ${describeUnknown(answer)}`)
    case 'absent':
      return decideAbsent(order, facts)
    case 'trade':
      return decideTrade(order, answer.trade, facts)
    default:
      return unreachable(answer)
  }
}

function decideTrade(order: Order, trade: Trade, facts: Facts): Decision {
  if (trade.state === 'paid') return payOrReview(order, trade, facts)
  if (trade.state === 'refunded') return review(`it was paid, and ${refundStarted}`)

  // Only now: whatever is said of somebody else's trade must not close or expire this order.
  const difference = differentIdentity(order, trade)
  if (difference !== null) return waitWithAlarm(`the answer is about another trade: ${difference}`)

  switch (trade.state) {
    case 'unpaid':
      return decideUnpaid(order, facts)
    case 'paying':
      return wait('a payment is under way')
    case 'closed':
      return decision('expire', 'its trade is closed')
    case 'unlisted':
      return waitWithAlarm(`a trade state that budan does not know: ${trade.reported}`)
    default:
      return unreachable(trade.state)
  }
}

/**
 * A trade is closed only at an end that somebody gave: another system may still wait for its payment.
 * Without one the gateway has to say that it ended, and no trade stays open for as long as it is watched.
 */
function decideUnpaid(order: Order, { now, clocksDisagree }: Facts): Decision {
  if (order.expiresAt === null ? isWatched(order, now) : now < order.expiresAt) {
    return wait('not paid yet')
  }
  if (clocksDisagree) return wait(`not paid yet; ${endInDoubt}`)
  return order.expiresAt === null
    ? decision('expire', unwatchedReason)
    : decision('close', closeReason)
}

/** Why an order that seems to be past its end stays as it is. */
export const endInDoubt = 'whether it is past its end cannot be said, as the clocks disagree'

const unwatchedReason =
  'its end is not known, and no trade can be paid for as long as it was watched'

/** The time begins anew with the first trade that is seen: it may have been placed after the adoption. */
function isWatched({ standing, watchedUntil }: Order, now: Date): boolean {
  return standing !== 'known' || watchedUntil === null || now < watchedUntil
}

/** So begins what is said of a pending order where the gateway knows none of its number. */
export const absentReason = 'the gateway knows no such order'

function decideAbsent(order: Order, facts: Facts): Decision {
  const end = order.expiresAt ?? order.watchedUntil
  if (end === null || facts.now < end) return wait(absentReason)
  if (facts.clocksDisagree) return wait(`${absentReason}; ${endInDoubt}`)
  if (!facts.absenceCredible) {
    return wait(`${absentReason}, but most answers say so: not believed`)
  }
  const answers = order.absentCount + 1
  const spreadMs = order.absentSince === null ? 0 : +facts.now - +order.absentSince
  if (answers < absentAnswersMin || spreadMs < facts.absenceSpreadMs) {
    return wait(`${absentReason}; not yet said often enough`)
  }
  return decision('expire', `the gateway knew no such order ${answers} times over, past its end`)
}

function decideExpired(order: Order, answer: Answer, facts: Facts): Decision {
  if (answer.kind !== 'trade') return keep('expired; nothing was said of a payment')
  if (answer.trade.state === 'paid') return payOrReview(order, answer.trade, facts)
  if (answer.trade.state === 'refunded') {
    return review(`it was paid after it expired, and ${refundStarted}`)
  }
  return keep(`expired; the gateway says ${answer.trade.reported}`)
}

function decidePaid(order: Order, answer: Answer, { overtaken }: Facts): Decision {
  if (answer.kind === 'unknown') return keep(`paid; no answer: ${describeUnknown(answer)}`)
  if (answer.kind === 'absent') return keep('paid; the gateway knows no such order now')
  const { trade } = answer
  switch (trade.state) {
    case 'paid': {
      const difference =
        differentIdentity(order, trade) ??
        differentMoney(order, trade) ??
        differentText('transaction id', order.transactionId, trade.transactionId)
      return difference === null
        ? keep('paid by this transaction')
        : keepWithAlarm(`paid already, and now another payment: ${difference}`)
    }
    case 'refunded':
      return keep(`paid here; ${refundStarted}`)
    case 'paying':
    case 'unpaid':
      return overtaken ? keep('paid since it was asked about') : contradicted(trade)
    case 'closed':
    case 'unlisted':
      return contradicted(trade)
    default:
      return unreachable(trade.state)
  }
}

function contradicted({ reported }: Trade): Decision {
  return keepWithAlarm(`paid here, but the gateway now says ${reported}`)
}

/**
 * Only an operator ends a review. One that was dismissed comes back for a payment that the operator
 * did not know; what was known may be said any number of times, and a refund asks nobody for money.
 */
function decideReview({ dismissed }: Order, answer: Answer): Decision {
  if (dismissed === null) return keep('the order is in review')
  if (answer.kind === 'trade' && answer.trade.state === 'refunded') {
    return keep(`dismissed from review; ${refundStarted}`)
  }
  if (answer.kind !== 'trade' || answer.trade.state !== 'paid') {
    return keep('dismissed from review; nothing was said of a payment')
  }
  return paymentOf(answer.trade) === dismissed.payment
    ? keep('dismissed from review, with this payment known')
    : review('dismissed from review, and now there is a payment that was not known then')
}

/** All that tells one payment from another, as one line; null for a trade that is not paid. */
export function paymentOf(trade: Trade): string | null {
  if (trade.state !== 'paid') return null
  const { transactionId, amount, currency, orderNo, mchid, appid } = trade
  return [transactionId, amount, currency, orderNo, mchid, appid].join(' ')
}

/** I2: everything that was ordered must equal what was paid. */
export function payOrReview(
  order: Order,
  trade: Trade,
  facts: Pick<Facts, 'transactionOwner' | 'adoptAttach'>,
): Decision {
  const difference =
    differentIdentity(order, trade) ??
    differentMoney(order, trade) ??
    differentAttach(order, trade, facts)
  if (difference !== null) return review(`paid, but not as ordered: ${difference}`)
  if (facts.transactionOwner !== null) {
    return review(`its transaction was credited to order "${facts.transactionOwner}" already`)
  }
  return { kind: 'pay', trade, reason: 'paid, everything as ordered', alarm: false }
}

export function differentIdentity(order: Order, trade: Trade): string | null {
  return (
    differentText('order number', order.orderNo, trade.orderNo) ??
    differentText('mchid', order.mchid, trade.mchid) ??
    differentText('appid', order.appid, trade.appid)
  )
}

function differentMoney(order: Order, trade: Trade): string | null {
  if (trade.amount !== order.amount) {
    const theirs = trade.amount === null ? 'absent' : formatAmount(trade.amount, trade.currency)
    return `amount ${theirs}, ordered ${formatFen(order.amount)}`
  }
  return differentText('currency', order.currency, trade.currency)
}

/** Binds the trade of an adopted order to its user, where the shop's orders carry the user in `attach`. */
function differentAttach(
  { adopted, userId }: Order,
  { attach }: Trade,
  { adoptAttach = null }: Pick<Facts, 'adoptAttach'>,
): string | null {
  if (!adopted || adoptAttach === null) return null
  const expected = adoptAttach.replaceAll(userIdMark, () => userId)
  if (attach === expected) return null
  return differentText('attach', expected, attach?.slice(0, attachShownMax) ?? null)
}

/** Where `recharge.adopt_attach` has the user's id. */
export const userIdMark = '{user_id}'

/** As long as the gateway's own limit: what is longer than that is of nobody's making. */
const attachShownMax = 128

function differentText(
  name: string,
  ...[ours, theirs]: [string | null, string | null]
): string | null {
  return ours === theirs ? null : `${name} "${theirs ?? 'absent'}", ours "${ours ?? 'absent'}"`
}

export function describeUnknown(answer: UnknownAnswer): string {
  return `${answer.cause} (${answer.message})`
}

function decision(kind: Exclude<DecisionKind, 'pay'>, reason: string): Decision {
  return { kind, reason, alarm: false }
}

function wait(reason: string): Decision {
  return decision('wait', reason)
}

function waitWithAlarm(reason: string): Decision {
  return { kind: 'wait', reason, alarm: true }
}

function keep(reason: string): Decision {
  return decision('keep', reason)
}

function keepWithAlarm(reason: string): Decision {
  return { kind: 'keep', reason, alarm: true }
}

function review(reason: string): Decision {
  return { kind: 'review', reason, alarm: true }
}
