import { describe, expect, it } from 'vitest'
import { formatSpanCursor, parseSpanCursor } from '../../src/outbox/webhooks/span-cursor.ts'
import { CursorError } from '../../src/store/errors.ts'

const cursor = {
  from: { at: new Date('2026-01-24T07:00:00.123Z'), position: 900_719_925_474_099_312n },
  until: new Date('2026-01-25T07:00:00Z'),
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const at = +cursor.from.at

describe('the cursor of a replay', () => {
  it('is read as it was written, with positions beyond what a number holds', () => {
    expect(parseSpanCursor(formatSpanCursor(cursor))).toEqual(cursor)
  })

  it.each([
    ['nothing', ''],
    ['no base64', '***'],
    ['an object', encoded({ kind: 'span' })],
    ['a cursor of another list', encoded(['orders', at, '1', at])],
    ['no time', encoded(['span', 'now', '1', at])],
    ['a time that no date holds', encoded(['span', at, '1', 9e15])],
    ['a position that is no number', encoded(['span', at, '1; drop', at])],
    ['a position that is not text', encoded(['span', at, 1, at])],
    ['a position that no column holds', encoded(['span', at, '9'.repeat(19), at])],
  ])('is refused where it is %s', (_, text) => {
    expect(() => parseSpanCursor(text)).toThrow(CursorError)
  })
})
