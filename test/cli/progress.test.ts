import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Pace } from '../../src/cli/pace.ts'
import { openProgress, type ProgressOptions, quietLog } from '../../src/cli/progress.ts'
import { loadConfig } from '../../src/config/load.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const second = 1000

/** What is told line by line where nobody watches. */
function lines(options: Partial<ProgressOptions> = {}) {
  const told: string[] = []
  const progress = openProgress({ tell: (line) => void told.push(line), screen: null, ...options })
  return { told, progress }
}

/** A terminal that remembers what was drawn on it. */
function screen(options: Partial<ProgressOptions> = {}) {
  const told: string[] = []
  const drawn: string[] = []
  const progress = openProgress({
    tell: (line) => void told.push(line),
    screen: { columns: 80, write: (text) => void drawn.push(text) },
    ...options,
  })
  return { told, drawn, progress, bar: () => drawn.findLast((text) => text.includes('░')) }
}

describe('openProgress() without a screen', () => {
  test('tells the quarters, with rate and time left', () => {
    const { told, progress } = lines()
    progress.stage('Asking about 100 orders', 100)
    for (let done = 1; done <= 100; done += 1) {
      vi.advanceTimersByTime(100)
      progress.progress(done)
    }
    progress.end()
    expect(told).toEqual([
      'Asking about 100 orders',
      '  25/100  10 a second, 8 s left',
      '  50/100  10 a second, 5 s left',
      '  75/100  10 a second, 3 s left',
      '  100/100  10 a second',
    ])
  })

  test('tells nothing but the title of what is over at once', () => {
    const { told, progress } = lines()
    progress.stage('Asking about 2 orders', 2)
    progress.progress(1)
    progress.progress(2)
    progress.end()
    vi.advanceTimersByTime(300 * second)
    expect(told).toEqual(['Asking about 2 orders'])
  })

  test('gives a sign of life each half minute, also while no step ends', () => {
    const { told, progress } = lines({ steps: 'few' })
    progress.stage('Applying 002_events (1 of 3)', 3)
    vi.advanceTimersByTime(31 * second)
    progress.step('Applying 003_ledger (2 of 3)')
    progress.progress(1)
    vi.advanceTimersByTime(30 * second)
    progress.end()
    expect(told).toEqual([
      'Applying 002_events (1 of 3)',
      '  0/3  running for 30 s',
      'Applying 003_ledger (2 of 3)',
      '  1/3  running for 31 s, 1.9 a minute, 1 min 2 s left',
      '  1/3  running for 1 min, 1 a minute, 2 min left',
    ])
  })

  test('tells of a planned time only what is left of it', () => {
    const { told, progress } = lines({ steps: 'seconds' })
    progress.stage('load', 400)
    for (let passed = 1; passed <= 100; passed += 1) {
      vi.advanceTimersByTime(second)
      progress.progress(passed)
    }
    progress.end()
    expect(told.at(-1)).toBe('  100/400  5 min left')
  })

  test('follows a total that grows', () => {
    const { told, progress } = lines()
    progress.stage('10 orders are due', 10)
    vi.advanceTimersByTime(5 * second)
    progress.progress(10, 20)
    vi.advanceTimersByTime(5 * second)
    progress.progress(20)
    expect(told.slice(1)).toEqual(['  10/20  2 a second, 5 s left', '  20/20  2 a second'])
    progress.end()
  })

  test('speaks Chinese to those who do', () => {
    const { told, progress } = lines({ locale: 'zh' })
    progress.stage('title', 4)
    vi.advanceTimersByTime(2 * second)
    progress.progress(1)
    progress.end()
    expect(told[1]).toBe('  1/4  每秒 0.5 个，剩余 6 秒')
  })
})

describe('openProgress() on a screen', () => {
  test('draws a bar with count, rate and time left, and takes it away at the end', () => {
    const { told, drawn, progress, bar } = screen()
    progress.stage('Placing orders', 40)
    vi.advanceTimersByTime(5 * second)
    progress.progress(10)
    vi.advanceTimersByTime(second)
    expect(bar()).toBe(`${'█'.repeat(6)}${'░'.repeat(18)} 10/40  1.7 a second, 18 s left`)
    progress.end()
    expect(told).toEqual(['Placing orders'])
    // Clears the whole line.
    expect(drawn.at(-1)).toBe('\u001b[2K')
    const count = drawn.length
    vi.advanceTimersByTime(10 * second)
    expect(drawn).toHaveLength(count)
  })

  test('shows how long a step has been running, while it runs', () => {
    const { progress, bar } = screen({ steps: 'few' })
    progress.stage('Applying 001_orders (1 of 4)', 4)
    vi.advanceTimersByTime(95 * second)
    expect(bar()).toBe(`${'░'.repeat(24)} 0/4  running for 1 min 35 s`)
    progress.end()
  })

  test('leaves room for log lines: the cursor waits at the start of the line, and never jumps', () => {
    const { drawn, progress } = screen()
    progress.stage('title', 3)
    progress.progress(1)
    vi.advanceTimersByTime(second)
    expect(drawn.at(-1)).toBe('\r')
    progress.end()
    const all = drawn.join('')
    expect(all).not.toContain('\u001b7')
    expect(all).not.toContain('\u001b8')
    expect(all).not.toContain('\u001b[?7l')
  })

  test('cuts what is wider than the screen', () => {
    const drawn: string[] = []
    const progress = openProgress({
      tell: () => {},
      screen: { columns: 30, write: (text) => void drawn.push(text) },
    })
    progress.stage('title', 1_000_000)
    progress.end()
    expect(drawn.every((text) => text.length <= 30)).toBe(true)
    expect(drawn.some((text) => text.length === 30)).toBe(true)
  })
})

describe('Pace', () => {
  test('is not known before a second has passed', () => {
    const pace = new Pace(0)
    pace.note(50, 100)
    expect(pace.perSec(999)).toBeNull()
    expect(pace.perSec(1000)).toBe(50)
  })

  test('tells the last minute, not the one before', () => {
    const pace = new Pace(0)
    for (let at = 1; at <= 60; at += 1) pace.note(at * 10, at * second)
    for (let at = 61; at <= 180; at += 1) pace.note(600 + (at - 60), at * second)
    expect(pace.perSec(180 * second)).toBeCloseTo(1, 1)
    expect(pace.leftMs(30, 180 * second)).toBeCloseTo(30 * second, -3)
  })

  test('falls when nothing gets done, and then nobody knows the end', () => {
    const pace = new Pace(0)
    pace.note(10, second)
    expect(pace.perSec(10 * second)).toBe(1)
    const idle = new Pace(0)
    expect(idle.perSec(5 * second)).toBe(0)
    expect(idle.leftMs(10, 5 * second)).toBeNull()
  })

  test('is right of a stretch so fast that not each of its steps is remembered', () => {
    const pace = new Pace(0)
    for (let at = 1; at <= 100_000; at += 1) pace.note(at, at)
    expect(pace.perSec(100_000)).toBeCloseTo(1000, 0)
  })
})

describe('quietLog()', () => {
  const level = (LOG_LEVEL: string, screen: { write(): void } | null) => {
    const env = LOG_LEVEL === '' ? {} : { LOG_LEVEL }
    return quietLog(loadConfig({ file: null, env, need: 'database' }), screen).log.level
  }

  test('keeps lines on how all goes well from a person, unless they were asked for', () => {
    const screen = { write: () => {} }
    expect(level('', screen)).toBe('warn')
    expect(level('debug', screen)).toBe('debug')
    expect(level('error', screen)).toBe('error')
  })

  test('leaves the log as it is where nobody watches', () => {
    expect(level('', null)).toBe('info')
  })
})
