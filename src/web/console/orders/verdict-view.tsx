import { type ConfiguredMerchant, isOf } from '../../../domain/merchant.ts'
import { formatFen } from '../../../domain/money.ts'
import type { Merchant, Order, OrderEvent } from '../../../domain/order.ts'
import { durationText } from '../../../i18n/durations.ts'
import { eventReasonText } from '../../../i18n/reasons.ts'
import { type Tone, timeText } from '../parts.tsx'
import { useLocale } from '../rendering.ts'
import { isolated } from './isolated.ts'
import { isAbsence, type OrderVerdict } from './verdict.ts'
import { orderWords } from './words.ts'

interface VerdictContext {
  readonly order: Order
  readonly merchant: ConfiguredMerchant
}

/** The answer to the complaint: one sentence, and the next step. */
export function VerdictView({ verdict, ...context }: VerdictContext & { verdict: OrderVerdict }) {
  const [first, ...more] = sentencesOf(verdict, context)
  return (
    <section class={`verdict ${toneOf(verdict)}`} aria-label={orderWords().answer}>
      <p class="lead">{first}</p>
      {more.length > 0 && <p>{more.join(useLocale() === 'zh' ? '' : ' ')}</p>}
    </section>
  )
}

function toneOf(verdict: OrderVerdict): Tone {
  switch (verdict.kind) {
    case 'credited':
      return verdict.since === null ? 'good' : 'warn'
    case 'review':
    case 'foreign':
      return 'warn'
    case 'open':
      return verdict.last?.alarm ? 'warn' : 'plain'
    case 'expired':
      return 'plain'
  }
}

function sentencesOf(verdict: OrderVerdict, context: VerdictContext): readonly string[] {
  const { order, merchant } = context
  const words = orderWords().verdict
  const foreign = words.foreign(merchantText(order), merchantText(merchant))
  const isOthers = !isOf(merchant, order)
  switch (verdict.kind) {
    case 'credited':
      return [creditedSentence(verdict, context), ...sinceSentences(verdict.since)]
    case 'open':
      return openSentences(verdict)
    case 'foreign':
      return [foreign]
    case 'review': {
      const { entered, dismissed } = verdict
      const at = entered && timeText(entered.at)
      return [
        words.review(at, reasonOf(entered)),
        words.ordered(formatFen(order.amount)),
        ...(order.dismissed ? [dismissedSentence(order.dismissed.at, dismissed)] : []),
        ...(isOthers ? [foreign] : []),
      ]
    }
    case 'expired': {
      const { by } = verdict
      const expired = words.expired(by && timeText(by.at), by && reasonOf(by))
      return [expired, isOthers ? foreign : words.late]
    }
  }
}

function creditedSentence(
  { operator }: Extract<OrderVerdict, { kind: 'credited' }>,
  { order }: VerdictContext,
): string {
  const words = orderWords().verdict
  const { creditedAt, creditedBy, paidAt } = order
  const delayMs = creditedAt && paidAt ? +creditedAt - +paidAt : -1
  return words.credited({
    amount: formatFen(order.amount),
    user: isolated(order.userId),
    at: creditedAt ? timeText(creditedAt) : '–',
    by: operator ? words.byOperator(isolated(operator)) : words.by[creditedBy ?? 'operator'],
    // The gateway's clock may be ahead of ours: a payment in the future gives no duration.
    delay: delayMs < 0 ? null : delayText(delayMs),
  })
}

/** The gateway dates payments in whole seconds: a shorter time is not known. */
function delayText(ms: number): string {
  return ms < 1000 ? orderWords().verdict.underOneSecond : durationText(ms, useLocale())
}

function dismissedSentence(dismissedAt: Date, by: OrderEvent | null): string {
  const at = timeText(dismissedAt)
  const operator = by?.operator ?? null
  return orderWords().verdict.dismissed({
    at,
    operator: operator && isolated(operator),
    reason: by && reasonOf(by),
  })
}

function sinceSentences(since: OrderEvent | null): readonly string[] {
  const words = orderWords().verdict
  return since === null ? [] : [words.since(timeText(since.at), reasonOf(since))]
}

function openSentences({
  last,
  known,
  nextAt,
  isScheduled,
}: Extract<OrderVerdict, { kind: 'open' }>): readonly string[] {
  const words = orderWords().verdict
  const said = (event: OrderEvent): string => {
    const { tradeState, kind } = event
    const [at, reason] = [timeText(event.at), reasonOf(event)]
    if (kind === 'unplaced') return words.notAccepted(at, reason)
    if (isAbsence(event)) return words.absent(at)
    return tradeState === null
      ? words.silent(at, reason)
      : words.said({ state: tradeState, at, reason })
  }
  const isAbsent = last !== null && isAbsence(last)
  const queriesAt =
    nextAt === null ? words.nextRun : (last ? words.next : words.first)(timeText(nextAt))
  return [
    last === null ? words.unasked : said(last),
    ...(last !== null && hasNoResult(last) ? [words.notKnown] : []),
    ...(known === null ? [] : [said(known)]),
    isScheduled ? queriesAt : words.byHand,
    isAbsent ? words.searchPayment : words.checkNow,
  ]
}

/** No answer and absence do not show whether the order was paid; nor does an unlisted state or another trade. */
function hasNoResult({ kind, tradeState, alarm }: OrderEvent): boolean {
  return kind === 'answered' && (tradeState === null || alarm)
}

function reasonOf(event: OrderEvent | null): string {
  return isolated((event && eventReasonText(event, useLocale())) ?? '–')
}

function merchantText({ gateway, mchid, appid }: Merchant): string {
  return `${gateway} / ${mchid} / ${appid}`
}
