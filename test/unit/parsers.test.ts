import { describe, expect, it } from 'vitest'
import { parsers } from '../../src/store/parsers.ts'

const timestamptz = 1184
const int8 = 20

describe('what PostgreSQL sends as text', () => {
  it.each([
    ['2026-01-24 07:00:00.123+00', '2026-01-24T07:00:00.123Z'],
    ['2026-01-24 15:00:00+08', '2026-01-24T07:00:00.000Z'],
    ['2026-01-24 12:30:00.5+05:30', '2026-01-24T07:00:00.500Z'],
    ['2026-01-24 03:30:00-03:30', '2026-01-24T07:00:00.000Z'],
    // Shanghai before there were time zones.
    ['1900-01-01 08:05:43+08:05:43', '1900-01-01T00:00:00.000Z'],
  ])('%s is the instant %s', (text, instant) => {
    expect(parsers[timestamptz]?.(text)).toEqual(new Date(instant))
  })

  it('a number of eight bytes is exact', () => {
    expect(parsers[int8]?.('9223372036854775807')).toBe(9_223_372_036_854_775_807n)
  })
})
