import { type ConfiguredMerchant, isOf } from '../../../domain/merchant.ts'
import { formatFen } from '../../../domain/money.ts'
import type { Merchant, Order, OrderEvent } from '../../../domain/order.ts'
import { durationText } from '../../../i18n/durations.ts'
import type { Locale } from '../../../i18n/locale.ts'
import { eventReasonText } from '../../../i18n/reasons.ts'
import { type Tone, timeText } from '../parts.tsx'
import { isolated } from './isolated.ts'
import { isAbsence, type Verdict } from './verdict.ts'
import { orderWords } from './words.ts'

interface Told {
  readonly order: Order
  readonly merchant: ConfiguredMerchant
  readonly locale: Locale
}

/** The answer to the complaint: one sentence, and what follows from it. */
export function VerdictView({ verdict, ...told }: Told & { verdict: Verdict }) {
  const [first, ...more] = sentencesOf(verdict, told)
  return (
    <section class={`verdict ${toneOf(verdict)}`} aria-label={orderWords(told.locale).answer}>
      <p class="lead">{first}</p>
      {more.length > 0 && <p>{more.join(told.locale === 'zh' ? '' : ' ')}</p>}
    </section>
  )
}

function toneOf(verdict: Verdict): Tone {
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

function sentencesOf(verdict: Verdict, told: Told): readonly string[] {
  const { order, merchant, locale } = told
  const words = orderWords(locale).verdict
  const foreign = words.foreign(merchantText(order), merchantText(merchant))
  const isOthers = !isOf(merchant, order)
  switch (verdict.kind) {
    case 'credited':
      return [creditedSentence(verdict, told), ...sinceSentences(verdict.since, locale)]
    case 'open':
      return openSentences(verdict, locale)
    case 'foreign':
      return [foreign]
    case 'review': {
      const { entered, dismissed } = verdict
      const at = entered && timeText(entered.at)
      return [
        words.review(at, reasonOf(entered, locale)),
        words.ordered(formatFen(order.amount)),
        ...(order.dismissed
          ? [dismissedSentence(order.dismissed.at, { by: dismissed, locale })]
          : []),
        ...(isOthers ? [foreign] : []),
      ]
    }
    case 'expired': {
      const { by } = verdict
      const expired = words.expired(by && timeText(by.at), by && reasonOf(by, locale))
      return [expired, isOthers ? foreign : words.late]
    }
  }
}

function creditedSentence(
  { operator }: Extract<Verdict, { kind: 'credited' }>,
  { order, locale }: Told,
): string {
  const words = orderWords(locale).verdict
  const { creditedAt, creditedBy, paidAt } = order
  const delayMs = creditedAt && paidAt ? +creditedAt - +paidAt : -1
  return words.credited({
    amount: formatFen(order.amount),
    user: isolated(order.userId),
    at: creditedAt ? timeText(creditedAt) : '–',
    by: operator ? words.byOperator(isolated(operator)) : words.by[creditedBy ?? 'operator'],
    // The gateway's clock and ours are not one: a payment in the future says nothing.
    delay: delayMs < 0 ? null : delayText(delayMs, locale),
  })
}

/** The gateway dates payments in whole seconds: less than one is no measure. */
function delayText(ms: number, locale: Locale): string {
  return ms < 1000 ? orderWords(locale).verdict.underOneSecond : durationText(ms, locale)
}

function dismissedSentence(
  dismissedAt: Date,
  { by, locale }: { by: OrderEvent | null; locale: Locale },
): string {
  const at = timeText(dismissedAt)
  const operator = by?.operator ?? null
  return orderWords(locale).verdict.dismissed({
    at,
    operator: operator && isolated(operator),
    reason: by && reasonOf(by, locale),
  })
}

function sinceSentences(since: OrderEvent | null, locale: Locale): readonly string[] {
  const words = orderWords(locale).verdict
  return since === null ? [] : [words.since(timeText(since.at), reasonOf(since, locale))]
}

function openSentences(
  { last, known, nextAt, isScheduled }: Extract<Verdict, { kind: 'open' }>,
  locale: Locale,
): readonly string[] {
  const words = orderWords(locale).verdict
  const said = (event: OrderEvent): string => {
    const { tradeState, kind } = event
    const [at, reason] = [timeText(event.at), reasonOf(event, locale)]
    if (kind === 'unplaced') return words.unplaced(at, reason)
    if (isAbsence(event)) return words.absent(at)
    return tradeState === null
      ? words.silent(at, reason)
      : words.said({ state: tradeState, at, reason })
  }
  const isAbsent = last !== null && isAbsence(last)
  const asksAt =
    nextAt === null ? words.nextRun : (last ? words.next : words.first)(timeText(nextAt))
  return [
    last === null ? words.unasked : said(last),
    ...(last !== null && tellsNothing(last) ? [words.notKnown] : []),
    ...(known === null ? [] : [said(known)]),
    isScheduled ? asksAt : words.byHand,
    isAbsent ? words.searchPayment : words.askNow,
  ]
}

/** Silence and absence say nothing of a payment; nor does what budan does not know or take for its own. */
function tellsNothing({ kind, tradeState, alarm }: OrderEvent): boolean {
  return kind === 'answered' && (tradeState === null || alarm)
}

function reasonOf(event: OrderEvent | null, locale: Locale): string {
  return isolated((event && eventReasonText(event, locale)) ?? '–')
}

function merchantText({ gateway, mchid, appid }: Merchant): string {
  return `${gateway} / ${mchid} / ${appid}`
}
