import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTime } from '../../src/text/rfc3339.ts'

describe('readTime()', () => {
  it.each([
    ['2026-01-31T16:00:00+08:00', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T16:00:00Z', '2026-01-31T16:00:00.000Z'],
    ['2026-01-31T16:00:00.123456789-03:30', '2026-01-31T19:30:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-01-01T00:00:00Z', '2000-01-01T00:00:00.000Z'],
    ['2099-12-31T23:59:59.999Z', '2099-12-31T23:59:59.999Z'],
  ])('reads %s', (text, utc) => {
    expect(readTime(text)?.toISOString()).toBe(utc)
  })

  it.each([
    ['a 30th of February', '2026-02-30T00:00:00Z'],
    ['a 29th of February in a common year', '2026-02-29T00:00:00Z'],
    ['a 31st of April', '2026-04-31T00:00:00+08:00'],
    ['a day 0', '2026-01-00T00:00:00Z'],
    ['a month 13', '2026-13-01T00:00:00Z'],
    ['a month 0', '2026-00-10T00:00:00Z'],
    ['24 o’clock', '2026-01-31T24:00:00Z'],
    ['a minute 60', '2026-01-31T00:60:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['an offset of a day', '2026-01-31T00:00:00+24:00'],
    ['no offset', '2026-01-31T00:00:00'],
    ['no seconds', '2026-01-31T00:00Z'],
    ['a blank for the T', '2026-01-31 00:00:00Z'],
    ['a day alone', '2026-01-31'],
    ['the year 1', '0001-01-01T00:00:00+08:00'],
    ['the end of 1999 by UTC', '2000-01-01T00:00:00+08:00'],
    ['the year 2100', '2100-01-01T00:00:00Z'],
    ['the year 10000', '+010000-01-01T00:00:00Z'],
    ['a time with a line end', '2026-01-31T00:00:00Z\n'],
    ['endless digits', `2026-01-31T00:00:00.${'1'.repeat(100)}Z`],
    ['seconds since 1970', '1769846400'],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    expect(readTime(text)).toBeNull()
  })

  it('reads back any time of its years, and takes nothing else for one', () => {
    const years = { min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z') }
    fc.assert(
      fc.property(fc.date({ ...years, noInvalidDate: true }), (date) => {
        expect(readTime(date.toISOString())).toEqual(date)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readTime(text)).toBeNull()
      }),
    )
  })
})
