import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { localeOfEnvironment } from '../../src/i18n/locale.ts'
import { sayingOf } from '../../src/i18n/phrases.ts'
import { eventReasonText, reasonText } from '../../src/i18n/reasons.ts'
import { translate, translatePart } from '../../src/i18n/translate.ts'
import { chinesePhrases } from '../../src/i18n/zh/phrases.ts'
import { englishIn } from './chinese.ts'

const say = sayingOf({
  sentence: {
    'not paid': '未支付',
    'no answer: {cause:cause?}': '无应答：{cause}',
    'order "{order}" went to "{user}"': '“{user}”的订单“{order}”',
    '{first:sentence}; {rest:sentence}': '{first}；{rest}',
    '{key:word}: {rule:rule}, not {value:json}': '{key}：{rule}，现为 {value}',
  },
  cause: { timeout: '超时' },
  rule: { 'must be 1': '须为 1' },
})

describe('sayingOf()', () => {
  it('says what is known, with its parts', () => {
    expect(say('not paid', 'sentence')).toBe('未支付')
    expect(say('no answer: timeout', 'sentence')).toBe('无应答：超时')
    expect(say('order "A" went to "B"', 'sentence')).toBe('“B”的订单“A”')
  })

  it('says null of what is not known, and keeps a part that need not be', () => {
    expect(say('paid', 'sentence')).toBeNull()
    expect(say('', 'sentence')).toBeNull()
    expect(say('toString', 'sentence')).toBeNull()
    expect(say('no answer: 451', 'sentence')).toBe('无应答：451')
  })

  it("leaves somebody's data as it is, also where it looks like a sentence or a gap", () => {
    expect(say('order "not paid" went to "{order} $& \\1"', 'sentence')).toBe(
      '“{order} $& \\1”的订单“not paid”',
    )
  })

  it('looks on where what comes after does not fit', () => {
    expect(say('a: must be 1, not "b; c"; not paid', 'sentence')).toBe(
      'a：须为 1，现为 "b; c"；未支付',
    )
  })

  it.each([
    ['; '.repeat(4000)],
    ['a: '.repeat(2700)],
    ['" went to "'.repeat(700)],
    [`order "${'" went to "'.repeat(700)}`],
    [`${'not paid; '.repeat(800)}x`],
    ['x'.repeat(1_000_000)],
  ])('gives up on text that is made to keep it busy: %#', (hostile) => {
    // An exponential search would not come to an end.
    expect(translate(hostile, 'zh')).toBe(hostile)
  })
})

describe('the phrases', () => {
  const gap = /\{(\w+)(?::(\w+)\??)?\}/g
  const all = Object.entries(chinesePhrases).flatMap(([set, phrases]) =>
    Object.entries(phrases).map(([english, chinese]) => ({ set, english, chinese })),
  )

  it('have each gap of the English in the Chinese, and no other', () => {
    const gapsOf = (text: string) => [...text.matchAll(gap)].map(([, name]) => name).sort()
    const wrong = all.filter(
      ({ english, chinese }) => String(gapsOf(english)) !== String(gapsOf(chinese)),
    )
    expect(wrong).toEqual([])
  })

  it('have parts of sets that there are', () => {
    const known = ['word', 'words', 'json', ...Object.keys(chinesePhrases)]
    const wrong = all.filter(({ english }) =>
      [...english.matchAll(gap)].some(([, , kind]) => kind !== undefined && !known.includes(kind)),
    )
    expect(wrong).toEqual([])
  })

  it('have no two gaps without a word between them', () => {
    expect(all.filter(({ english }) => /\}\{/.test(english))).toEqual([])
  })

  it('have no English left in the Chinese', () => {
    const wrong = all
      // With the word that is to be typed, on purpose.
      .filter(({ set }) => !set.endsWith('ToType'))
      .map((each) => ({ ...each, left: englishIn(each.chinese.replaceAll(gap, ' ')) }))
      .filter(({ left }) => left.length > 0)
    expect(wrong).toEqual([])
  })
})

test('englishIn() finds words that were left, and no names, keys or quotations', () => {
  expect(englishIn('订单 is paid，原因：not paid')).toEqual(['is', 'paid', 'not', 'paid'])
  expect(
    englishIn('budan 的 order_no、--json、“paid”、HTTP 404、https://a/b、PARAM_ERROR'),
  ).toEqual([])
})

describe('translate()', () => {
  it('says the same in English', () => {
    expect(translate('not paid yet', 'en')).toBe('not paid yet')
    expect(translatePart('paid', { set: 'status', locale: 'en' })).toBe('paid')
  })

  it('keeps what the phrases lack', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(translate(`Said by nobody: ${text}`, 'zh')).toBe(`Said by nobody: ${text}`)
      }),
    )
  })

  const userId = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
    fc.constantFrom(
      'not paid yet',
      '{userId}',
      '{reason}',
      '张三 {x}',
      'a" for transaction 1',
      '$&',
    ),
  )

  it("has a user's own text in it, letter by letter", () => {
    fc.assert(
      fc.property(userId, (user) => {
        const reason = { code: 'would_credit', amount: '100', transactionId: '42' } as const
        expect(reasonText({ ...reason, userId: user }, 'zh')).toBe(
          `为用户“${user}”入账 ¥1.00，交易单号 42`,
        )
      }),
    )
  })

  it("keeps an operator's own words, though the program might have said them", () => {
    const words = { reason: 'not paid yet', codedReason: null }
    expect(eventReasonText({ kind: 'answered', ...words }, 'zh')).toBe('尚未支付')
    for (const kind of ['resolved', 'dismissed', 'corrected', 'abandoned'] as const) {
      expect(eventReasonText({ kind, ...words }, 'zh')).toBe('not paid yet')
    }
    const none = { kind: 'created', reason: null, codedReason: null } as const
    expect(eventReasonText(none, 'zh')).toBeNull()
  })
})

describe('localeOfEnvironment()', () => {
  it.each([
    [{}, 'en'],
    [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
    [{ LANG: 'zh_TW' }, 'zh'],
    [{ LANG: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'fr_FR' }, 'en'],
    [{ LC_ALL: 'C.UTF-8', LANG: 'zh_CN' }, 'en'],
    [{ LC_ALL: '', LC_MESSAGES: 'zh_CN', LANG: 'en_US' }, 'zh'],
    [{ LANG: 'en_US', LANGUAGE: 'zh_CN:en' }, 'zh'],
    [{ LANG: 'zh_CN', LANGUAGE: 'en' }, 'en'],
    [{ LANG: 'C', LANGUAGE: 'zh_CN' }, 'en'],
  ])('reads %j as %s', (env, locale) => {
    expect(localeOfEnvironment(env)).toBe(locale)
  })
})
