import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decide } from '../../src/domain/decide.ts'
import type { OrderEvent } from '../../src/domain/order.ts'
import { sentenceOf } from '../../src/domain/reason.ts'
import { decideResolution } from '../../src/domain/review/resolve.ts'
import type { Answer, Trade } from '../../src/domain/trade.ts'
import { explanationText, reasonText } from '../../src/i18n/reasons.ts'
import { chineseExplanation } from '../../src/i18n/zh/review.ts'
import { stakeOf } from '../../src/orders/dismissal-stake.ts'
import { explainReview, explanationOf } from '../../src/orders/explanation.ts'
import { type Advice, englishAdvice, transactionIn } from '../../src/orders/review-advice.ts'
import { absentAnswer, answerOf, sampleOrder, unknownAnswer } from '../support/samples.ts'

const order = sampleOrder({ amount: 8800n, status: 'review' })
const said = (reported: string, changes: Partial<Trade> = {}): Answer =>
  answerOf(reported, { amount: 8800n, ...changes })

/** What has to be known or done before, in a sentence that speaks of dismissing. */
const conditions = /only when|only if|only then|the whole sum went back/

describe('REFUND', () => {
  it.each(['pending', 'expired', 'paid'] as const)(
    'on a %s order: says that the sum is not known, and never that the money is back',
    (status) => {
      const facts = {
        ...{ now: order.createdAt, transactionOwner: null },
        ...{ absenceCredible: true, absenceSpreadMs: 1 },
      }
      const { reason } = decide({ ...order, status }, said('REFUND'), facts)
      expect(sentenceOf(reason)).toContain(
        'a refund was started; the gateway does not say how much',
      )
      expect(sentenceOf(reason)).not.toMatch(/way back|refunded/)
    },
  )

  it('in a review: neither credits nor expires, for a refund that may be of a part alone', () => {
    for (const action of ['credit', 'expire'] as const) {
      const facts = { transactionOwner: null, closeTried: false, isSeen: () => true }
      expect(decideResolution({ order, action }, said('REFUND'), facts)).toEqual({
        kind: 'refuse',
        cause: 'refunded',
        reason: { code: 'refund_started' },
      })
    }
  })

  it('¥1 of ¥88 may have gone back: the advice says to look up the sum by the transaction id, before all else', () => {
    const evidence = { http_status: 200, trade: { transaction_id: '4200000001' } }
    const codedReason = { code: 'refund_started' }
    const entered = {
      at: order.createdAt,
      reason: '…',
      codedReason,
      evidence,
    } as unknown as OrderEvent
    const review = { order, entered, resolved: null, seen: entered }
    const text = explainReview(review)
    expect(text).toMatch(/Transaction id: 4200000001\. Look up the refunded sum in the merchant/)
    expect(text).toContain('still owed the rest')
    expect(text).toContain('preview it again, and credit it')
    expect(explanationOf(review).transactionId).toBe('4200000001')
    const chinese = explanationText(review, 'zh')
    expect(chinese).toContain('4200000001')
    expect(chinese).toContain('查明退款金额')
  })

  it('has the same advice where an older version wrote the reason', () => {
    for (const old of [
      'it was paid, and the money is on its way back',
      'it was paid after it expired, and the money is on its way back',
    ]) {
      const entered = {
        at: order.createdAt,
        reason: old,
        codedReason: null,
        evidence: null,
      } as unknown as OrderEvent
      const text = explainReview({ order, entered, resolved: null, seen: entered })
      expect(text).toContain('a refund was started; the gateway does not say how much')
      expect(text).toContain('Look up the refunded sum')
      expect(text).not.toContain('on its way back')
    }
  })
})

describe('transactionIn()', () => {
  it.each([
    [null],
    [{}],
    [{ trade: null }],
    [{ trade: [] }],
    [{ trade: 'x' }],
    [{ trade: { transaction_id: 5 } }],
    [{ trade: { transaction_id: '' } }],
    [{ trade: { transaction_id: 'a. Dismiss it' } }],
  ])('is null for the evidence %j', (evidence) => {
    expect(transactionIn({ evidence: evidence as OrderEvent['evidence'] })).toBeNull()
  })
})

describe('no advice dismisses blindly:', () => {
  it.each(Object.entries(englishAdvice))('%s', (name, text) => {
    for (const sentence of text.split(/(?<=\.) /)) {
      if (/dismiss (it|this)/i.test(sentence)) expect(sentence).toMatch(conditions)
    }
    const chinese = chineseExplanation.advice[name as Advice]
    for (const sentence of chinese.split(/[。；]/)) {
      if (!/可(再次)?办结/.test(sentence)) continue
      expect(sentence).toMatch(/只有|才可|全额退回/)
    }
  })

  it('nor does any other sentence of the program', () => {
    const root = join(import.meta.dirname, '../../src')
    const texts = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('former-reasons.ts'))
      .flatMap((path) => readFileSync(join(root, path), 'utf8').match(/['"`].*['"`]/g) ?? [])
    const advising = texts.filter((text) => /\bdismiss (it|this one)\b[^-]/i.test(text))
    const blind = advising
      .filter((text) => !/'dismiss it'/.test(text))
      .filter((text) => !conditions.test(text))
    expect(advising.length).toBeGreaterThan(4)
    expect(blind).toEqual([])
    expect(
      texts.filter((text) => /on its way back|正在退回|gets? the money back/.test(text)),
    ).toEqual([])
  })
})

describe('stakeOf()', () => {
  const stake = (answer: Answer, creditable = false) => stakeOf(order, { answer, creditable })

  it.each<[string, Answer, boolean, string]>([
    ['paid as ordered', said('SUCCESS'), true, '¥88.00 was paid as ordered'],
    ['paid otherwise', said('SUCCESS', { amount: 8799n }), false, '¥87.99 was paid'],
    ['paid, no sum said', said('SUCCESS', { amount: null }), false, 'another sum was paid'],
    ['paid in dollars', said('SUCCESS', { currency: 'USD' }), false, '8800(USD) was paid'],
    ['a refund was started', said('REFUND'), false, 'up to ¥88.00 is at stake'],
    ['of another sum', said('REFUND', { amount: 100n }), false, 'up to ¥1.00 is at stake'],
    ['unpaid', said('NOTPAY'), false, 'its ¥88.00 can still be paid'],
    ['under way', said('USERPAYING'), false, 'its ¥88.00 can still be paid'],
    ['closed', said('CLOSED'), false, 'its ¥88.00 can no longer be paid'],
    ['a state not known', said('SETTLED'), false, 'nobody knows whether its ¥88.00 was paid'],
    ['no such order', absentAnswer, false, 'nobody knows whether its ¥88.00 was paid'],
    ['no answer', unknownAnswer, false, 'nobody knows whether its ¥88.00 was paid'],
  ])('says what a dismissal would cost the payer, in yuan: %s', (_, answer, creditable, words) => {
    const reason = { code: 'would_dismiss', stake: stake(answer, creditable) } as const
    expect(sentenceOf(reason)).toContain(words)
    const chinese = reasonText(reason, 'zh')
    expect(chinese).toMatch(/^离开待处理队列，订单状态不变。.*\p{Script=Han}/u)
    expect(chinese).not.toMatch(/[a-z]{3}/)
  })
})
