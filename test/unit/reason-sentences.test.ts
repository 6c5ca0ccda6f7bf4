import { describe, expect, it } from 'vitest'
import { orderStatuses } from '../../src/domain/order-states.ts'
import {
  comparedFacts,
  type Difference,
  englishReasons,
  type Happened,
  type Reason,
  type ReasonCode,
  type ReasonOf,
  type ReasonSentences,
  type Stake,
  sentenceOf,
} from '../../src/domain/reason.ts'
import { reviewActions } from '../../src/domain/review/review-action.ts'
import { unknownCauses } from '../../src/domain/trade.ts'
import { reasonText } from '../../src/i18n/reasons.ts'
import { expectChineseReason } from './chinese.ts'

// Values are digits, so that every Latin word in a Chinese sentence is the program's own.

type Made = {
  readonly [C in ReasonCode as ReasonSentences[C] extends string ? never : C]: readonly Omit<
    ReasonOf<C>,
    'code'
  >[]
}

const unanswered = unknownCauses.map((cause) => ({
  cause,
  message: 'Cannot query order "1": no answer in time',
}))

const refused = [{ gatewayCode: 'RULE_LIMIT', message: '此单不能关' }]

const states = [{ state: 'REVOKED' }]

const facts: readonly Difference[] = [
  ...comparedFacts.flatMap((fact): readonly Difference[] => [
    { fact, theirs: '711', ours: '822' },
    { fact, theirs: null, ours: '822' },
  ]),
  { fact: 'amount', theirs: '711', ours: '822', currency: 'USD' },
  { fact: 'transaction_id', theirs: '711', ours: null },
]
const differences = facts.map((difference) => ({ difference }))

const stakes = (['creditable', 'paid', 'refunded', 'payable', 'closed', 'not_known'] as const)
  .flatMap((kind): readonly Stake[] => [
    { kind, sum: '123400', currency: 'CNY' },
    ...(kind === 'paid' ? [{ kind, sum: null, currency: null }] : []),
  ])
  .map((stake) => ({ stake }))

const at = '2026-01-24T02:00:00.000Z'
const by = (kind: Happened['kind'], more: Partial<Happened> = {}): Happened => ({
  ...{ at, kind, source: 'operator', operator: '王丽', decision: null, reason: null },
  ...more,
})
const happened: readonly Happened[] = [
  by('answered', { source: 'callback', operator: null, reason: { code: 'as_ordered' } }),
  by('answered', { source: 'check', operator: null }),
  by('dismissed'),
  by('second_needed', { reason: '此前的说明' }),
  by('resolved', { decision: 'pay' }),
  by('resolved', { decision: 'expire' }),
  by('resolved', { decision: 'keep' }),
]

const refund = {
  ...{ reported: 'SUCCESS', refunded: '700', total: '1000', otherTransactionId: null },
}
const because: Reason = { code: 'absent' }

const made: Made = {
  unlisted_state: states,
  expired_still: states,
  paid_contradicted: states,
  not_paid: states,
  still_open: states,
  to_be_closed: states,
  about_another_trade: differences,
  not_as_ordered: differences,
  another_payment: differences,
  unanswered,
  no_answer: unanswered,
  paid_no_answer: unanswered,
  review_no_answer: unanswered,
  close_unanswered: unanswered,
  prepay_unanswered: unanswered,
  close_refused: refused,
  prepay_refused: refused,
  clocks_disagree: [{ seen: 'unpaid' }, { seen: 'absent' }],
  absent_past_end: [{ answers: 3 }],
  credited_to_another: [{ orderNo: '2026' }],
  action_refused: reviewActions.map((action) => ({ action, because })),
  would_credit: [{ amount: '123400', userId: '42', transactionId: '4200' }],
  would_expire: [{ because }],
  not_possible: [{ because }],
  would_dismiss: stakes,
  refunded_after_credit: [
    { refunded: '700', inAll: '700', amount: '1000' },
    { refunded: null, inAll: '0', amount: '1000' },
  ],
  refund_sum_known: [{ refundId: '5030' }],
  not_in_review: [
    ...orderStatuses.map((status) => ({ orderNo: '2026', status, first: null })),
    ...happened.map((first) => ({ orderNo: '2026', status: 'paid' as const, first })),
  ],
  changed_since_preview: happened.map((first) => ({ orderNo: '2026', first })),
  refund_notice: [
    ...(['succeeded', 'abnormal', 'closed', 'under_way', 'unlisted'] as const).map((state) => {
      return { state, ...refund }
    }),
    { state: 'succeeded', ...refund, refunded: null, total: null, otherTransactionId: '4300' },
  ],
}

const all = Object.keys(englishReasons).flatMap((code): readonly Reason[] => {
  const variants = Object.hasOwn(made, code) ? made[code as keyof Made] : [{}]
  return variants.map((variant) => ({ ...variant, code }) as Reason)
})

describe.each(Object.keys(englishReasons))('the sentence of "%s"', (code) => {
  const reasons = all.filter((reason) => reason.code === code)

  it('is whole in English: it leaves no value out by accident, and follows a colon', () => {
    for (const reason of reasons) {
      const sentence = sentenceOf(reason)
      expect(sentence).not.toMatch(/undefined|null|\[object|^[A-Z]|\.$/)
      expect(sentence.trim()).toBe(sentence)
    }
  })

  it('is Chinese in Chinese, with the same numbers', () => {
    for (const reason of reasons) {
      expectChineseReason(reason)
      const chinese = reasonText(reason, 'zh')
      expect(chinese).not.toMatch(/undefined|null|\[object|。$/)
      expect(new Set(numbersIn(chinese)), chinese).toEqual(new Set(numbersIn(sentenceOf(reason))))
    }
  })
})

function numbersIn(text: string): readonly string[] {
  return text.match(/\d[\d.,:-]*\d|\d/g) ?? []
}
