import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactJson } from '../../src/text/exact-json.ts'

describe('exactJson()', () => {
  it('writes each digit of a sum beyond 2^53 − 1, as a number', () => {
    const sums = [0n, -1n, 9007199254740991n, 9007199254740993n, -9223372036854775809n]
    expect(exactJson({ sums })).toBe(
      '{"sums":[0,-1,9007199254740991,9007199254740993,-9223372036854775809]}',
    )
  })

  it('writes bigints of any size by their digits alone', () => {
    fc.assert(
      fc.property(fc.bigInt(), (sum) => {
        expect(exactJson([sum])).toBe(`[${sum}]`)
      }),
    )
  })

  it('writes everything else as JSON.stringify does, beside a large sum too', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(exactJson(value)).toBe(JSON.stringify(value))
        expect(exactJson([value, 2n ** 70n])).toBe(
          `[${JSON.stringify(value)},1180591620717411303424]`,
        )
      }),
    )
  })
})
