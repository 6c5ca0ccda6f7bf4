import { describe, expect, it } from 'vitest'
import type { Alert, AlertType } from '../../src/alerts/alert.ts'
import { Digest } from '../../src/alerts/digest.ts'
import { messageOf, testMessage } from '../../src/alerts/message.ts'
import { wordsOf } from '../../src/alerts/words.ts'
import type { Reason } from '../../src/domain/reason.ts'
import { exceptionKinds } from '../../src/domain/review/exception.ts'
import { locales } from '../../src/i18n/locale.ts'
import { englishIn } from '../unit/chinese.ts'

const at = new Date('2026-01-24T07:00:00Z')
const of = { at, merchant: null }
const orderNo = 'SHOP20260124_1'

/** What stands in answers and callbacks, and is nobody's in a chat group. */
const secrets = [
  'user-4711',
  'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  '4200001234202601240000000001',
  '98.76',
]

const reasons: readonly Reason[] = [
  {
    code: 'not_as_ordered',
    difference: { fact: 'attach', theirs: 'user=user-4711', ours: 'user=user-4712' },
  },
  { code: 'not_as_ordered', difference: { fact: 'amount', theirs: '9876', ours: '100' } },
  {
    code: 'another_payment',
    difference: { fact: 'transaction_id', theirs: '4200001234202601240000000001', ours: '1' },
  },
  {
    ...{ code: 'refund_notice', state: 'succeeded', reported: 'SUCCESS', refunded: '9876' },
    ...{ total: '9876', otherTransactionId: '4200001234202601240000000001' },
  },
  { code: 'no_answer', cause: 'timeout', message: 'payer oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  { code: 'credited_to_another', orderNo: 'OTHER-1' },
  { code: 'refund_started' },
  { code: 'refund_started_after_expiry' },
  { code: 'dismissed_new_payment' },
  { code: 'unlisted_state', state: 'NEW_STATE' },
  { code: 'paid_contradicted', state: 'CLOSED' },
]

const examples: { readonly [T in AlertType]: readonly Alert<T>[] } = {
  breaker_opened: [
    {
      ...{ ...of, type: 'breaker_opened' },
      reason: '401: the serial number is not that of our private key, or not one of this merchant',
    },
  ],
  breaker_closed: [{ ...of, type: 'breaker_closed' }],
  review_opened: reasons.map((reason) => ({ ...of, type: 'review_opened', orderNo, reason })),
  order_alarm: reasons.map((reason) => ({ ...of, type: 'order_alarm', orderNo, reason })),
  exception_opened: exceptionKinds.map((exception) => ({
    ...{ ...of, type: 'exception_opened', orderNo, exception },
    ...{ amountAtStake: 1234n, currency: 'CNY' },
  })),
  credit_failed: [{ ...of, type: 'credit_failed', orderNo }],
  audit_broken: [{ ...of, type: 'audit_broken', counts: [['paid_not_credited', 2]] }],
  clocks_disagree: [
    {
      ...{ ...of, type: 'clocks_disagree' },
      detail: "the database's clock is 10800 s ahead of this node's",
    },
  ],
  clocks_agree: [{ ...of, type: 'clocks_agree' }],
  runs_missing: [null, at].map((lastFinishedAt) => ({
    ...{ ...of, type: 'runs_missing', lastFinishedAt },
  })),
  runs_back: [{ ...of, type: 'runs_back' }],
  falling_behind: [{ ...of, type: 'falling_behind', remaining: 1200 }],
  caught_up: [{ ...of, type: 'caught_up' }],
  proofs_failing: (['credit', 'key', 'sealing'] as const).map((what) => ({
    ...{ ...of, type: 'proofs_failing', what },
  })),
  orders_foreign: [{ ...of, type: 'orders_foreign', mchid: '1900000001', count: 3 }],
  endpoint_failing: [{ ...of, type: 'endpoint_failing', endpoint: 'backend' }],
  endpoint_recovered: [{ ...of, type: 'endpoint_recovered', endpoint: 'backend' }],
}

const all = Object.values(examples).flat() as readonly Alert[]
const writing = { node: 'node-1', bytesMax: 4096 }

function messageFrom(
  alerts: readonly Alert[],
  { locale, bytesMax = 4096 }: { locale: 'en' | 'zh'; bytesMax?: number },
) {
  const digest = new Digest()
  for (const alert of alerts) digest.add(alert)
  const what = { collected: digest.take(), ongoing: [], at }
  return messageOf(what, { ...writing, locale, bytesMax })
}

/** Names and numbers that are the same in both languages. */
function ownWords(text: string): string {
  return text.replaceAll(/\[budan\]|node-1|NEW_STATE|CLOSED|OTHER-1|backend/g, '')
}

describe.each(locales)('a message in %s', (locale) => {
  it.each(all.map((alert) => [alert.type, alert] as const))('says what %s is', (_, alert) => {
    const { text, kind } = messageFrom([alert], { locale })
    const [title = '', by = '', ...lines] = text.split('\n')
    expect(kind).toBe(alert.type)
    expect(title).toMatch(/^\[budan\] ./)
    expect(by).toContain('node-1')
    expect(by).toContain('2026-01-24T15:00:00+08:00')
    expect([title, ...lines].join()).not.toMatch(/undefined|null|\[object/)
    if (locale === 'zh') {
      expect(title).toMatch(/\p{Script=Han}/u)
      expect(englishIn(ownWords(text))).toEqual([])
    } else expect(text).not.toMatch(/\p{Script=Han}/u)
  })

  it("holds nothing of the payer's but the order number", () => {
    for (const alert of [...examples.review_opened, ...examples.order_alarm]) {
      const { text } = messageFrom([alert], { locale })
      expect(text).toContain(orderNo)
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
    }
  })

  it('counts several by type, names the newest orders, and says how it stands now', () => {
    const numbers = Array.from({ length: 50 }, (_, n) => `ORDER-${n}`)
    const reviews = numbers.map(
      (number): Alert => ({
        ...{ ...of, type: 'review_opened', orderNo: number, reason: { code: 'refund_started' } },
      }),
    )
    const [opened] = examples.breaker_opened
    const [closed] = examples.breaker_closed
    if (opened === undefined || closed === undefined) throw new Error('No examples')
    const digest = new Digest()
    for (const alert of [...reviews, opened, closed, opened]) digest.add(alert)
    const collected = digest.take()
    const ongoing = [{ ...opened, merchant: 'shop-b' }]
    const { text, kind } = messageOf({ collected, ongoing, at }, { ...writing, locale })
    expect(kind).toBe('summary')
    const { types, ofType, now, merchant } = wordsOf(locale)
    expect(text.split('\n')[0]).toContain('53')
    expect(text).toContain(ofType(types.review_opened, 50))
    expect(text).toContain(ofType(types.breaker_opened, 2))
    expect(text).toContain('ORDER-49')
    expect(text).not.toContain('ORDER-44')
    expect(text).toContain(now)
    expect(text).toContain(merchant('shop-b'))
  })

  it('is cut at bytes, with title and node in what is left', () => {
    const reason = `401: ${'说明'.repeat(2000)}`
    const alert: Alert = { ...of, type: 'breaker_opened', reason }
    const { text } = messageFrom(Array(3).fill(alert), { locale, bytesMax: 300 })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(300)
    expect(text).toContain('[budan]')
    expect(text).toContain('node-1')
  })

  it('says that it is a test', () => {
    const { text, kind } = testMessage(at, { ...writing, locale })
    expect(kind).toBe('test')
    expect(text).toContain('[budan]')
    expect(text).toContain('node-1')
  })

  it('names an alert that no sentence can be made of by its type', () => {
    const alert = { ...of, type: 'runs_missing', lastFinishedAt: new Date(Number.NaN) } as const
    expect(messageFrom([alert], { locale }).text).toContain(wordsOf(locale).types.runs_missing)
  })
})
