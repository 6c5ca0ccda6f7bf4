import { describe, expect, it } from 'vitest'
import { localTime, zonedTime, zoneFault } from '../../src/text/zoned-time.ts'

describe('a time without a zone, in a zone that is stated', () => {
  it.each([
    ['2026-01-24 15:00:00', 'Asia/Shanghai', '2026-01-24T07:00:00.000Z'],
    ['2026-01-24T15:00:00.123456', '+08:00', '2026-01-24T07:00:00.123Z'],
    ['2026-01-24 15:00', '-05:30', '2026-01-24T20:30:00.000Z'],
    ['2026-01-24', 'UTC', '2026-01-24T00:00:00.000Z'],
    ['2026-01-24 15:00:00.5', 'Z', '2026-01-24T15:00:00.500Z'],
    // Daylight saving begins between the two.
    ['2026-03-29 00:30:00', 'Europe/Berlin', '2026-03-28T23:30:00.000Z'],
    ['2026-03-29 03:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ])('%s in %s is %s', (text, zone, instant) => {
    expect(zonedTime(text, zone)?.toISOString()).toBe(instant)
  })

  it.each([
    '',
    '0000-00-00 00:00:00',
    '2026-02-30',
    '2026-01-24 24:00:00',
    '2026-01-24 15:60',
    'now',
  ])('is none where it is "%s"', (text) => {
    expect(zonedTime(text, 'Asia/Shanghai')).toBeNull()
  })

  it('is written as it is read', () => {
    const at = new Date('2026-01-24T07:00:00.123Z')
    expect(localTime(at, 'Asia/Shanghai')).toBe('2026-01-24 15:00:00.123')
    expect(localTime(at, '-00:30')).toBe('2026-01-24 06:30:00.123')
  })

  it('needs the name of a zone, or an offset that there is', () => {
    for (const zone of ['Asia/Shanghai', 'UTC', 'Z', '+08:00', '-11:30']) {
      expect(zoneFault(zone), zone).toBeNull()
    }
    for (const zone of ['Asia/Shangai', '+8', '+15:00', '+08:60', 'GMT+8h']) {
      expect(zoneFault(zone), zone).toContain(`${JSON.stringify(zone)} is no time zone`)
    }
  })
})
