import { differenceFrom, type ExpectedFacts } from '../domain/decide.ts'
import type { ConfiguredMerchant } from '../domain/merchant.ts'
import type { ComparedFact, Difference, Reason } from '../domain/reason.ts'
import { isAnsweredBy } from '../domain/runs/schedule.ts'
import { type Answer, isNotBegun, type Trade, type UnknownCause } from '../domain/trade.ts'
import { currency } from '../orders/place.ts'
import type { SourceOrder } from '../sources/source.ts'
import { blank, type Finding, type PaidProblem } from './finding.ts'

/** What an answer says about a row that is not credited. */
export type Compared =
  /** Nobody has paid it. */
  | { readonly kind: 'unpaid' }
  /** The gateway does not know the number. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'found'; readonly finding: Finding }
  | Unanswered

/** No answer that says anything about the row. */
export interface Unanswered {
  readonly kind: 'unanswered'
  readonly reason: Reason
  /** Null: there was an answer. */
  readonly cause: UnknownCause | null
}

/** Compares as a credit would: number, merchant, app id, amount and currency. Nothing is credited. */
export function compare(
  row: SourceOrder,
  answer: Answer,
  { merchant, source }: { merchant: ConfiguredMerchant; source: string },
): Compared {
  if (answer.kind === 'unknown') {
    const { cause, message } = answer
    return { kind: 'unanswered', reason: { code: 'no_answer', cause, message }, cause }
  }
  if (answer.kind === 'absent') return { kind: isNotBegun(answer) ? 'unpaid' : 'absent' }
  const { trade } = answer
  const expected = expectedOf(row, trade, merchant)
  const difference = differenceFrom(expected, trade)
  if (!isAnsweredBy(expected, answer) && difference !== null) {
    return { kind: 'unanswered', reason: { code: 'about_another_trade', difference }, cause: null }
  }
  switch (trade.state) {
    case 'paid':
      return found(row, trade, { source, difference, problem: problemOf(difference) })
    case 'refunded':
      return found(row, trade, { source, difference: null, problem: 'refunded' })
    case 'unlisted': {
      const reason = { code: 'unlisted_state', state: trade.reported } as const
      return { kind: 'unanswered', reason, cause: null }
    }
    default:
      return { kind: 'unpaid' }
  }
}

/** A row names no app id: it may have been placed under any that is configured. */
function expectedOf(
  { orderNo, amount }: SourceOrder,
  trade: Trade,
  { mchid, appid, appids }: ConfiguredMerchant,
): ExpectedFacts {
  const own = appids.includes(trade.appid) ? trade.appid : appid
  return { orderNo, amount, currency, mchid, appid: own }
}

const problems: Partial<Record<ComparedFact, PaidProblem>> = {
  app_id: 'app_id_differs',
  currency: 'currency_differs',
}

function problemOf(difference: Difference | null): PaidProblem {
  if (difference === null) return 'paid_not_credited'
  return problems[difference.fact] ?? 'amount_differs'
}

function found(
  { orderNo, userId, amount, status }: SourceOrder,
  { transactionId, paidAt }: Trade,
  about: Pick<Finding, 'source' | 'problem' | 'difference'>,
): Compared {
  const row = { orderNo, userId, amount, status }
  return { kind: 'found', finding: { ...blank, ...row, transactionId, paidAt, ...about } }
}
