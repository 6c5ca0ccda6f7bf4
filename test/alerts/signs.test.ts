import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutToBytes, foreign, numberText } from '../../src/alerts/plain.ts'
import { dingtalkSign } from '../../src/alerts/robots/dingtalk.ts'
import { feishuSign } from '../../src/alerts/robots/feishu.ts'
import { runsOf } from '../support/random.ts'

describe('the signs of the robots', () => {
  it('are those that DingTalk and Feishu make', () => {
    expect(dingtalkSign('this is secret', new Date(1577262236757))).toBe(
      'hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=',
    )
    expect(feishuSign('demo', 1599360473)).toBe('l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=')
  })
})

describe('cutToBytes()', () => {
  it('keeps within the bytes, and cuts no character', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 })
    fc.assert(
      fc.property(text, fc.integer({ min: 3, max: 400 }), (given, bytesMax) => {
        const cut = cutToBytes(given, bytesMax)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytesMax)
        expect(cut).not.toContain('\ufffd')
        if (cut !== given) {
          expect(given.startsWith(cut.slice(0, -1))).toBe(true)
          expect(cut.endsWith('…')).toBe(true)
          // No more is lost than one character has bytes.
          expect(Buffer.byteLength(cut)).toBeGreaterThan(bytesMax - 4)
        } else expect(Buffer.byteLength(given)).toBeLessThanOrEqual(bytesMax)
      }),
      { numRuns: runsOf(500) },
    )
  })
})

describe('foreign()', () => {
  it('leaves no mention, no link, no mark of a layout and no line', () => {
    const hostile = fc.oneof(
      fc.constant('<at user_id="all">所有人</at> [here](https://x) **b** `c`\n@all\u202e'),
      fc.string({ unit: 'binary', maxLength: 500 }),
    )
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = foreign(text)
        expect(shown).not.toMatch(/[<>[\]*`@&\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(shown.length).toBeLessThanOrEqual(301)
      }),
      { numRuns: runsOf(500) },
    )
  })

  it('reads as before, and leaves an order number as it is', () => {
    expect(foreign('401: <the key> is [wrong]')).toBe('401: ＜the key＞ is ［wrong］')
    expect(numberText('SHOP_1*2|3-a')).toBe('SHOP_1*2|3-a')
    expect(numberText('<at>')).toBe('＜at＞')
  })
})
