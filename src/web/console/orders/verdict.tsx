import { type ConfiguredMerchant, isOf, isSameMerchant } from '../../../domain/merchant.ts'
import { formatFen } from '../../../domain/money.ts'
import type { Merchant, Order, OrderEvent } from '../../../domain/order.ts'
import type { Reason } from '../../../domain/reason.ts'
import type { SchedulePolicy } from '../../../domain/runs/schedule.ts'
import { durationText } from '../../../i18n/durations.ts'
import { eventReasonText } from '../../../i18n/reasons.ts'
import { type Tone, timeText } from '../frame/parts.tsx'
import { useLocale } from '../frame/rendering.ts'
import { isolated } from './isolated.ts'
import { orderWords } from './words.ts'

/** The result of an order, for somebody who paid and has no credit. */
export interface VerdictProps {
  readonly order: Order
  /** Newest first. */
  readonly latest: readonly OrderEvent[]
  /** Those that are configured. */
  readonly merchants: readonly ConfiguredMerchant[]
  readonly policy: Pick<SchedulePolicy, 'thresholdMs'>
  /** Runs start by the timer, not only by hand. */
  readonly isScheduled: boolean
  readonly now: Date
}

interface ShownProps extends VerdictProps {
  /** The page has the form for it. */
  readonly mayCheck: boolean
}

/** The answer to the complaint: one sentence, and the next step. */
export function Verdict(props: ShownProps) {
  const { tone, sentences } = verdictOf(props)
  const [first, ...more] = sentences
  return (
    <section class={`verdict ${tone}`} aria-label={orderWords().answer}>
      <p class="lead">{first}</p>
      {more.length > 0 && <p>{more.join(useLocale() === 'zh' ? '' : ' ')}</p>}
    </section>
  )
}

interface Words {
  readonly tone: Tone
  readonly sentences: readonly string[]
}

function verdictOf(props: ShownProps): Words {
  const foreign = foreignSentence(props)
  switch (props.order.status) {
    case 'paid':
      return credited(props)
    case 'pending':
      return foreign === null ? open(props) : { tone: 'warn', sentences: [foreign] }
    case 'review':
      return inReview(props, foreign)
    case 'expired':
      return expired(props, foreign)
  }
}

/** For another merchant's order: this budan does not query it. */
function foreignSentence({ order, merchants }: VerdictProps): string | null {
  if (merchants.some((merchant) => isOf(merchant, order))) return null
  const same = merchants.find((merchant) => isSameMerchant(merchant, order))
  const ours = same === undefined ? merchants : [same]
  return orderWords().verdict.foreign(merchantText(order), ours.map(merchantText).join(', '))
}

function credited({ order, latest }: VerdictProps): Words {
  const words = orderWords().verdict
  const { creditedAt, creditedBy, paidAt } = order
  const credit = latest.find((event) => event.toStatus === 'paid') ?? null
  const operator = credit?.operator ?? null
  const delayMs = creditedAt && paidAt ? +creditedAt - +paidAt : -1
  const sentence = words.credited({
    amount: formatFen(order.amount),
    user: isolated(order.userId),
    at: creditedAt ? timeText(creditedAt) : '–',
    by: operator ? words.byOperator(isolated(operator)) : words.by[creditedBy ?? 'operator'],
    // The gateway's clock may be ahead of ours: a payment in the future gives no duration.
    delay: delayMs < 0 ? null : delayText(delayMs),
  })
  const since = differingSince(latest, credit)
  if (since === null) return { tone: 'good', sentences: [sentence] }
  return { tone: 'warn', sentences: [sentence, words.since(timeText(since.at), reasonOf(since))] }
}

/** The gateway dates payments in whole seconds: a shorter time is not known. */
function delayText(ms: number): string {
  return ms < 1000 ? orderWords().verdict.underOneSecond : durationText(ms, useLocale())
}

/** A refund, another payment, an impossible state: what a reader has to know of a paid order. */
function differingSince(
  latest: readonly OrderEvent[],
  credit: OrderEvent | null,
): OrderEvent | null {
  const later = credit === null ? latest : latest.slice(0, latest.indexOf(credit))
  const differs = ({ alarm, tradeState }: OrderEvent) =>
    alarm || (tradeState !== null && credit !== null && tradeState !== credit.tradeState)
  return later.find(differs) ?? null
}

function open({ order, latest, policy, isScheduled, now, mayCheck }: ShownProps): Words {
  const words = orderWords().verdict
  const checkNow = mayCheck ? words.checkNow : words.checkByOthers
  const last = latest.find(({ kind }) => kind === 'answered' || kind === 'unplaced')
  const known = latest.find(({ kind, tradeState }) => kind === 'answered' && tradeState !== null)
  // A claim takes no order that is younger than the threshold.
  const nextAt = new Date(Math.max(+order.nextCheckAt, +order.createdAt + policy.thresholdMs))
  const queriesAt = (last ? words.next : words.first)(timeText(nextAt))
  return {
    tone: last?.alarm ? 'warn' : 'plain',
    sentences: [
      last === undefined ? words.unasked : saidBy(last),
      ...(last !== undefined && hasNoResult(last) ? [words.notKnown] : []),
      ...(known === undefined || known === last ? [] : [saidBy(known)]),
      !isScheduled ? words.byHand : nextAt > now ? queriesAt : words.nextRun,
      last !== undefined && isAbsence(last) ? words.searchPayment : checkNow,
    ],
  }
}

function saidBy(event: OrderEvent): string {
  const words = orderWords().verdict
  const { tradeState, kind } = event
  const [at, reason] = [timeText(event.at), reasonOf(event)]
  if (kind === 'unplaced') return words.notAccepted(at, reason)
  if (isAbsence(event)) return words.absent(at)
  return tradeState === null
    ? words.silent(at, reason)
    : words.said({ state: tradeState, at, reason })
}

/** No answer and absence do not show whether the order was paid; nor does an unlisted state or another trade. */
function hasNoResult({ kind, tradeState, alarm }: OrderEvent): boolean {
  return kind === 'answered' && (tradeState === null || alarm)
}

/** The gateway answered that it has no order with this number, which differs from no answer. */
export function isAbsence({ codedReason }: { readonly codedReason: Reason | null }): boolean {
  switch (codedReason?.code) {
    case 'absent':
    case 'absent_not_credible':
    case 'absent_too_seldom':
      return true
    case 'clocks_disagree':
      return codedReason.seen === 'absent'
    default:
      return false
  }
}

/** Its events are null where they are not among the latest. */
function inReview({ order, latest }: VerdictProps, foreign: string | null): Words {
  const words = orderWords().verdict
  const { dismissed } = order
  const entered =
    latest.find(
      ({ toStatus, decision, stateSeq }) =>
        toStatus === 'review' || (decision === 'review' && stateSeq === null),
    ) ?? null
  const by = latest.find(({ kind }) => kind === 'dismissed') ?? null
  const sentences = [
    words.review(entered && timeText(entered.at), reasonOf(entered)),
    words.ordered(formatFen(order.amount)),
  ]
  if (dismissed !== null) {
    const operator = by?.operator ?? null
    sentences.push(
      words.dismissed({
        at: timeText(dismissed.at),
        operator: operator && isolated(operator),
        reason: by && reasonOf(by),
      }),
    )
  }
  return { tone: 'warn', sentences: foreign === null ? sentences : [...sentences, foreign] }
}

function expired({ latest, mayCheck }: ShownProps, foreign: string | null): Words {
  const words = orderWords().verdict
  const by = latest.find((event) => event.toStatus === 'expired') ?? null
  const sentence = words.expired(by && timeText(by.at), by && reasonOf(by))
  return {
    tone: 'plain',
    sentences: [sentence, foreign ?? (mayCheck ? words.late : words.checkByOthers)],
  }
}

function reasonOf(event: OrderEvent | null): string {
  return isolated((event && eventReasonText(event, useLocale())) ?? '–')
}

function merchantText({ gateway, mchid, appid }: Merchant): string {
  return `${gateway} / ${mchid} / ${appid}`
}
