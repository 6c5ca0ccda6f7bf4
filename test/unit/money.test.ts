import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fenOfYuan } from '../../src/domain/money.ts'

describe('fenOfYuan()', () => {
  it.each([
    ...[
      ['0', 0n],
      ['12', 1200n],
      ['12.3', 1230n],
      ['12.34', 1234n],
      ['12.3400', 1234n],
    ],
    ...[
      ['0.01', 1n],
      ['-0.05', -5n],
      ['90071992547409.93', 9007199254740993n],
    ],
  ] as [string, bigint][])('reads %s exactly', (text, fen) => {
    expect(fenOfYuan(text)).toBe(fen)
  })

  it.each(['', '.5', '5.', '1.234', '1e2', '¥1', '1,000', ' 1', '0x1', '12.345600', '１２'])(
    'reads no amount from "%s"',
    (text) => {
      expect(fenOfYuan(text)).toBeNull()
    },
  )

  it('gives back each amount that is written with two places', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (fen) => {
        const cents = String(fen % 100n).padStart(2, '0')
        expect(fenOfYuan(`${fen / 100n}.${cents}`)).toBe(fen)
      }),
    )
  })
})
