import { expect, test } from 'vitest'
import { countdownText, durationText, rateText } from '../../src/i18n/durations.ts'

const [second, hour] = [1000, 3_600_000]

test.each([
  [80.4, '80 ms', '80 毫秒'],
  [1234, '1.2 s', '1.2 秒'],
  [8000, '8 s', '8 秒'],
  [90 * second, '1 min 30 s', '1 分钟 30 秒'],
  [hour, '1 h', '1 小时'],
  [hour + 59 * second, '1 h', '1 小时'],
  [76 * hour + 59 * second, '3 d 4 h', '3 天 4 小时'],
])('durationText(%d) is %s, and %s', (ms, english, chinese) => {
  expect(durationText(ms, 'en')).toBe(english)
  expect(durationText(ms, 'zh')).toBe(chinese)
})

test('countdownText() has whole seconds, and never none', () => {
  expect(countdownText(1, 'en')).toBe('1 s')
  expect(countdownText(7001, 'en')).toBe('8 s')
  expect(countdownText(59_001, 'en')).toBe('1 min')
})

test.each([
  [1234.4, '1234 a second', '每秒 1234 个'],
  [12.34, '12 a second', '每秒 12 个'],
  [2.25, '2.3 a second', '每秒 2.3 个'],
  [2, '2 a second', '每秒 2 个'],
  [0, '0 a second', '每秒 0 个'],
  [0.02, '1.2 a minute', '每分钟 1.2 个'],
])('rateText(%d) is %s, and %s', (perSec, english, chinese) => {
  expect(rateText(perSec, 'en')).toBe(english)
  expect(rateText(perSec, 'zh')).toBe(chinese)
})
