import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { restated } from '../../src/domain/review/former-reasons.ts'
import { eventReasonText } from '../../src/i18n/reasons.ts'

const refund = 'a refund was started; the gateway does not say how much'

describe('restated()', () => {
  it.each([
    [
      'paid, but not as ordered: amount 1, ordered 1000',
      'paid, but not as ordered: amount ¥0.01, ordered ¥10.00',
    ],
    [
      'paid, but not as ordered: amount absent, ordered 1233',
      'paid, but not as ordered: amount absent, ordered ¥12.33',
    ],
    [
      'paid already, and now another payment: amount 1234, ordered 1233',
      'paid already, and now another payment: amount ¥12.34, ordered ¥12.33',
    ],
    [
      'refused to credit: paid, but not as ordered: amount 1234, ordered 1233',
      'refused to credit: paid, but not as ordered: amount ¥12.34, ordered ¥12.33',
    ],
    ['it was paid, and the money is on its way back', `it was paid, and ${refund}`],
    [
      'it was paid after it expired, and the money is on its way back',
      `it was paid after it expired, and ${refund}`,
    ],
    [
      'refused to expire: it was paid, and the money is on its way back',
      `refused to expire: it was paid, and ${refund}`,
    ],
  ])('says in yuan, and without a promise, what an old timeline holds: %s', (old, today) => {
    expect(restated(old)).toBe(today)
    const event = { kind: 'answered', reason: old, codedReason: null } as const
    expect(eventReasonText(event, 'en')).toBe(today)
    expect(eventReasonText(event, 'zh')).toBe(eventReasonText({ ...event, reason: today }, 'zh'))
    expect(eventReasonText(event, 'zh')).toMatch(/\p{Script=Han}/u)
  })

  it.each([
    'refused: PARAM_ERROR (paid, but not as ordered: amount 1, ordered 2)',
    'Cannot find order "amount 1, ordered 2"',
    'paid, but not as ordered: order number "amount 1, ordered 2", ours "1"',
    'the money is on its way back',
  ])('leaves what others wrote as it is: %s', (text) => {
    expect(restated(text)).toBe(text)
  })

  it('leaves an operator’s own words as they are', () => {
    const reason = 'it was paid, and the money is on its way back'
    for (const locale of ['en', 'zh'] as const) {
      const event = { kind: 'dismissed', reason, codedReason: null } as const
      expect(eventReasonText(event, locale)).toBe(reason)
    }
  })

  it('changes no other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(restated(text)).toBe(text)
      }),
    )
  })
})
