import { shanghaiTime } from '../text/shanghai-time.ts'
import { formatAmount, formatFen } from './money.ts'
import type { DecisionKind, EventSource, OrderEventKind, OrderStatus } from './order-states.ts'
import type { ReviewAction } from './review/review-action.ts'
import type { RefundState, UnknownCause } from './trade.ts'

/**
 * Why something was decided, or why a step failed: a code, and what its sentence names. A closed set.
 * It is stored beside its English sentence; other languages make theirs of the code. Nothing decides
 * by a sentence, with one exception: rows that were stored before there were codes have only a sentence.
 * `todaysReason()` finds its code, and the advice on a review follows from that (orders/explanation.ts).
 * Amounts are in fen, as decimal text, so that the whole can be stored as JSON.
 */
export type Reason =
  | { readonly code: PlainCode }
  /** `state`: the gateway's own word. */
  | { readonly code: StateCode; readonly state: string }
  | { readonly code: DifferenceCode; readonly difference: Difference }
  | { readonly code: UnansweredCode; readonly cause: UnknownCause; readonly message: string }
  /** `gatewayCode`: the gateway's own. */
  | { readonly code: RefusedCode; readonly gatewayCode: string; readonly message: string }
  | { readonly code: 'clocks_disagree'; readonly seen: 'unpaid' | 'absent' }
  | { readonly code: 'absent_past_end'; readonly answers: number }
  /** `orderNo`: of the order that was credited for the same transaction. */
  | { readonly code: 'credited_to_another'; readonly orderNo: string }
  | ({ readonly code: 'refund_notice' } & NoticedRefund)
  /** An operator's action on an order in review that was refused, and why. */
  | { readonly code: 'action_refused'; readonly action: ReviewAction; readonly because: Reason }
  // What an operator's action would do.
  | {
      readonly code: 'would_credit'
      readonly amount: string
      readonly userId: string
      readonly transactionId: string | null
    }
  | { readonly code: 'would_expire' | 'not_possible'; readonly because: Reason }
  | { readonly code: 'would_dismiss'; readonly stake: Stake }
  // Of exceptions. `inAll`: what was refunded so far, this refund included.
  | {
      readonly code: 'refunded_after_credit'
      readonly refunded: string | null
      readonly inAll: string
      readonly amount: string
    }
  | { readonly code: 'refund_sum_known'; readonly refundId: string }
  // Why it comes too late: somebody or something was first.
  | {
      readonly code: 'not_in_review'
      readonly orderNo: string
      readonly status: OrderStatus
      readonly first: Happened | null
    }
  | { readonly code: 'changed_since_preview'; readonly orderNo: string; readonly first: Happened }

export type ReasonCode = Reason['code']

type PlainCode =
  // Of pending orders.
  | 'not_paid_yet'
  | 'unpaid_past_end'
  | 'watch_ended'
  | 'never_begun'
  | 'payment_under_way'
  | 'trade_closed'
  | 'absent'
  | 'absent_not_credible'
  | 'absent_too_seldom'
  | 'as_ordered'
  | 'refund_started'
  | 'refunded_in_whole'
  // Of orders that have ended.
  | 'expired_unpaid'
  | 'refund_started_after_expiry'
  | 'paid_absent'
  | 'paid_by_this'
  | 'paid_meanwhile'
  | 'refund_started_after_credit'
  // Of orders in review.
  | 'in_review'
  | 'dismissed_unpaid'
  | 'refund_started_after_dismissal'
  | 'dismissed_payment_known'
  | 'dismissed_new_payment'
  | 'dismissed_before'
  | 'waits_for_second'
  | 'same_person'
  | 'no_own_name'
  | 'dismissible'
  | 'end_unknown'
  | 'was_paid'
  | 'payment_not_seen'
  | 'close_not_answered'
  | 'would_close'
  // Of closing a trade.
  | 'closed_at_gateway'
  // Of exceptions.
  | 'paid_without_order'
  | 'payment_refunded'
  | 'payment_has_order'
  // Of tracing a payment.
  | 'about_another_payment'

type StateCode =
  | 'unlisted_state'
  | 'expired_still'
  | 'paid_contradicted'
  | 'not_paid'
  | 'still_open'
  | 'to_be_closed'

type DifferenceCode = 'about_another_trade' | 'not_as_ordered' | 'another_payment'

type UnansweredCode =
  | 'unanswered'
  | 'no_answer'
  | 'paid_no_answer'
  | 'review_no_answer'
  | 'close_unanswered'
  | 'prepay_unanswered'

type RefusedCode = 'close_refused' | 'prepay_refused'

/** A fact that a trade and its order must agree on. */
export type ComparedFact = (typeof comparedFacts)[number]

export const comparedFacts = [
  ...['order_no', 'mchid', 'app_id', 'amount', 'currency', 'transaction_id', 'attach'],
] as const

/** One fact as the gateway has it, and as the order has it. Null: absent. */
export interface Difference {
  readonly fact: ComparedFact
  readonly theirs: string | null
  readonly ours: string | null
  /** Of the gateway's amount. */
  readonly currency?: string | null
}

/** What the payer could lose by a dismissal, by the gateway's answer. */
export interface Stake {
  readonly kind:
    | 'creditable' // paid as ordered
    | 'paid' // not as ordered
    | 'refunded' // up to this sum
    | 'payable'
    | 'closed'
    | 'not_known'
  /** In fen; null: the gateway did not say it. */
  readonly sum: string | null
  readonly currency: string | null
}

/** The event that changed the order first, from the timeline. */
export interface Happened {
  /** RFC 3339. */
  readonly at: string
  readonly kind: OrderEventKind
  readonly source: EventSource
  readonly operator: string | null
  readonly decision: DecisionKind | null
  /** A text: as it was stored. */
  readonly reason: Reason | string | null
}

interface NoticedRefund {
  readonly state: RefundState
  /** The gateway's own word for the state. */
  readonly reported: string
  /** In fen; null: not said. */
  readonly refunded: string | null
  readonly total: string | null
  /** Of the payment that goes back, where it is not the one that was credited. */
  readonly otherTransactionId: string | null
  /** Of the payment that goes back, and of the refund; absent or null: not said. */
  readonly transactionId?: string | null
  readonly refundId?: string | null
}

/** The variant of a code. */
export type ReasonOf<C extends ReasonCode> = Reason extends infer R
  ? R extends { readonly code: ReasonCode }
    ? C extends R['code']
      ? R
      : never
    : never
  : never

/** A sentence for each code, in one language: a text, or what makes it of the variant. */
export type ReasonSentences = {
  readonly [C in ReasonCode]: C extends PlainCode ? string : (reason: ReasonOf<C>) => string
}

/** The sentence of a reason, in the language of the sentences. */
export function sentenceFrom(sentences: ReasonSentences, reason: Reason): string {
  const sentence = sentences[reason.code] as string | ((reason: Reason) => string)
  return typeof sentence === 'string' ? sentence : sentence(reason)
}

/** In English, as it is stored, logged and sent to programs. */
export function sentenceOf(reason: Reason): string {
  return sentenceFrom(englishReasons, reason)
}

/**
 * As it was stored; its sentence is there for a code that this program does not know, or with parameters
 * that somebody changed so that no sentence can be made of them: null.
 */
export function storedReason(code: string | null, params: object | null): Reason | null {
  if (code === null || !Object.hasOwn(englishReasons, code)) return null
  const reason = { ...params, code } as Reason
  return hasSentence(reason) ? reason : null
}

function hasSentence(reason: Reason): boolean {
  try {
    sentenceOf(reason)
    return true
  } catch {
    return false
  }
}

const absent = 'the gateway knows no such order'
const refundStarted = 'a refund was started; the gateway does not say how much'
const clocksDisagree = 'whether it is past its end cannot be said, as the clocks disagree'

/** Each begins with a small letter and has no full stop: it follows a colon, or stands in a table. */
export const englishReasons: ReasonSentences = {
  not_paid_yet: 'not paid yet',
  unpaid_past_end: 'not paid, and past its end',
  watch_ended: 'its end is not known, and no trade can be paid for as long as it was watched',
  never_begun: 'nobody began to pay it before its end',
  payment_under_way: 'a payment is under way',
  trade_closed: 'its trade is closed',
  absent,
  absent_not_credible: `${absent}, but most answers say so: not believed`,
  absent_too_seldom: `${absent}; not yet said often enough`,
  absent_past_end: ({ answers }) =>
    `the gateway knew no such order ${answers} times over, past its end`,
  clocks_disagree: ({ seen }) =>
    `${seen === 'absent' ? absent : 'not paid yet'}; ${clocksDisagree}`,
  as_ordered: 'paid, everything as ordered',
  not_as_ordered: ({ difference }) => `paid, but not as ordered: ${inEnglish(difference)}`,
  credited_to_another: ({ orderNo }) =>
    `its transaction was credited to order "${orderNo}" already`,
  refund_started: `it was paid, and ${refundStarted}`,
  refunded_in_whole: 'it was paid, and all of it was refunded, by the notices of its refunds',
  about_another_trade: ({ difference }) =>
    `the answer is about another trade: ${inEnglish(difference)}`,
  unlisted_state: ({ state }) => `a trade state that budan does not know: ${state}`,
  unanswered: ({ cause, message }) => `${cause} (${message})`,
  no_answer: ({ cause, message }) => `no answer: ${cause} (${message})`,
  expired_unpaid: 'expired; nothing was said of a payment',
  expired_still: ({ state }) => `expired; the gateway says ${state}`,
  refund_started_after_expiry: `it was paid after it expired, and ${refundStarted}`,
  paid_no_answer: ({ cause, message }) => `paid; no answer: ${cause} (${message})`,
  paid_absent: 'paid; the gateway knows no such order now',
  paid_by_this: 'paid by this transaction',
  another_payment: ({ difference }) =>
    `paid already, and now another payment: ${inEnglish(difference)}`,
  refund_started_after_credit: `paid here; ${refundStarted}`,
  paid_meanwhile: 'paid since the query was sent',
  paid_contradicted: ({ state }) => `paid here, but the gateway now says ${state}`,
  in_review: 'the order is in review',
  dismissed_unpaid: 'dismissed from review; nothing was said of a payment',
  refund_started_after_dismissal: `dismissed from review; ${refundStarted}`,
  dismissed_payment_known: 'dismissed from review, with this payment known',
  dismissed_new_payment:
    'dismissed from review, and now there is a payment that was not known then',
  review_no_answer: ({ cause, message }) => `the gateway gave no answer: ${cause} (${message})`,
  not_paid: ({ state }) => `the gateway does not say paid, but ${state}`,
  end_unknown: 'its end is not known, so budan does not close its trade: correct its end first',
  still_open: ({ state }) => `a close was sent to the gateway, which still says ${state}`,
  to_be_closed: ({ state }) => `the gateway says ${state}: its trade is closed, and queried again`,
  was_paid: 'it was paid',
  dismissed_before: 'it was dismissed before',
  waits_for_second:
    'the request is recorded; it is carried out when a second person sends the same',
  same_person: 'the same person has requested this before: a second person has to send the same',
  no_own_name: 'two people are needed, and this token may be used by several: use one with a name',
  payment_not_seen: 'the gateway says paid, and did not at the preview',
  dismissible: 'it leaves the queue, and stays in review',
  close_not_answered: 'the gateway did not answer the closing',
  would_credit: ({ amount, userId, transactionId }) =>
    `credits ${formatFen(BigInt(amount))} to user "${userId}" for transaction ${transactionId}`,
  would_expire: ({ because }) => `makes it expired: ${sentenceOf(because)}`,
  would_close:
    'closes its trade at the gateway, queries it again, and makes it expired only if it is closed then',
  would_dismiss: ({ stake }) => `${englishReasons.dismissible}. ${stakeInEnglish(stake)}`,
  not_possible: ({ because }) => `not possible: ${sentenceOf(because)}`,
  not_in_review: ({ orderNo, status, first }) =>
    `order "${orderNo}" is ${status}, not in review${first === null ? '' : `: ${happenedInEnglish(first)}`}`,
  changed_since_preview: ({ orderNo, first }) =>
    `order "${orderNo}" has changed since the preview: ${happenedInEnglish(first)}`,
  action_refused: ({ action, because }) => `refused to ${action}: ${sentenceOf(because)}`,
  closed_at_gateway: 'the gateway closed the trade',
  about_another_payment: 'the answer is about another payment',
  close_refused: ({ gatewayCode, message }) =>
    `the gateway refused to close the trade: ${gatewayCode} (${message})`,
  close_unanswered: ({ cause, message }) => `the gateway did not answer: ${cause} (${message})`,
  prepay_refused: ({ gatewayCode, message }) => `refused: ${gatewayCode} (${message})`,
  prepay_unanswered: ({ cause, message }) => `no answer: ${cause} (${message})`,
  refunded_after_credit: ({ refunded, inAll, amount }) => {
    const sum = refunded === null ? 'an amount that is not said' : formatFen(BigInt(refunded))
    return `paid here; a refund of ${sum} was made, ${formatFen(BigInt(inAll))} of ${formatFen(BigInt(amount))} in all`
  },
  refund_sum_known: ({ refundId }) =>
    `how much was refunded is known now: see the exception of refund ${refundId}`,
  paid_without_order: 'paid under a number that no order has here',
  payment_refunded: 'the whole payment was refunded',
  payment_has_order: 'an order has its number now',
  refund_notice: (reason) => {
    const { reported, refunded, total, otherTransactionId } = reason
    const of = total === null ? '' : ` of ${formatFen(BigInt(total))}`
    const sum = refunded === null ? 'an amount that is not said' : formatFen(BigInt(refunded)) + of
    const other =
      otherTransactionId === null
        ? ''
        : `, of another payment than the one credited (${otherTransactionId})`
    return `a refund of ${sum} ${refundOutcomes[reason.state] ?? `${unknownState}: ${reported}`}${other}`
  },
}

const unknownState = 'is in a state that budan does not know'

const refundOutcomes: Readonly<Record<RefundState, string | null>> = {
  succeeded: 'was made at the gateway',
  abnormal: 'is stuck at the gateway: it has to be made there by hand',
  closed: 'was given up at the gateway',
  under_way: 'was started at the gateway',
  unlisted: null,
}

const englishFacts: Readonly<Record<Exclude<ComparedFact, 'amount'>, string>> = {
  order_no: 'order number',
  mchid: 'mchid',
  app_id: 'appid',
  currency: 'currency',
  transaction_id: 'transaction id',
  attach: 'attach',
}

function inEnglish({ fact, theirs, ours, currency = null }: Difference): string {
  if (fact !== 'amount') {
    return `${englishFacts[fact]} "${theirs ?? 'absent'}", ours "${ours ?? 'absent'}"`
  }
  const { paid, ordered } = amountsOf({ theirs, ours, currency })
  return `amount ${paid ?? 'absent'}, ordered ${ordered}`
}

function stakeInEnglish(stake: Stake): string {
  const sum = stakeText(stake) ?? 'another sum'
  switch (stake.kind) {
    case 'creditable':
      return `Beware: ${sum} was paid as ordered, and the payer would have no credit here`
    case 'paid':
      return `Beware: ${sum} was paid, and the payer has no credit here`
    case 'refunded':
      return `Beware: up to ${sum} is at stake, for what was not refunded is still owed to the payer`
    case 'payable':
      return `Beware: its ${sum} can still be paid`
    case 'closed':
      return `By this answer, its ${sum} can no longer be paid`
    case 'not_known':
      return `Beware: by this answer nobody knows whether its ${sum} was paid`
  }
}

/** In yuan; null: the gateway did not say it. */
export function stakeText({ sum, currency }: Stake): string | null {
  return sum === null ? null : formatAmount(BigInt(sum), currency)
}

function happenedInEnglish({ at, kind, operator, source, decision, reason }: Happened): string {
  const when = `at ${shanghaiTime(new Date(at))}`
  const text = typeof reason === 'string' || reason === null ? reason : sentenceOf(reason)
  if (operator === null) return `an answer came by ${source} ${when} (${text ?? kind})`
  if (kind === 'dismissed') return `"${operator}" dismissed it ${when}`
  if (kind !== 'resolved') return `"${operator}" requested it ${when} (${text ?? kind})`
  const done = decision === 'pay' ? 'credited' : decision === 'expire' ? 'expired' : kind
  return `"${operator}" ${done} it ${when}`
}

/** Both amounts of a difference, in yuan. `paid` is null where the gateway did not say it. */
export function amountsOf({ theirs, ours, currency = null }: Omit<Difference, 'fact'>): {
  readonly paid: string | null
  readonly ordered: string
} {
  return {
    paid: theirs === null ? null : formatAmount(BigInt(theirs), currency),
    ordered: formatFen(BigInt(ours ?? 0)),
  }
}

export const reasonCodes = Object.keys(englishReasons) as [ReasonCode, ...ReasonCode[]]
