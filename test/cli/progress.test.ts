import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openProgress, type ProgressOptions } from '../../src/cli/terminal/progress.ts'
import { quietLog } from '../../src/cli/with-service.ts'
import { loadConfig } from '../../src/config/load.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const second = 1000

/** What is printed line by line where nobody watches. */
function lines(options: Partial<ProgressOptions> = {}) {
  const printed: string[] = []
  const progress = openProgress({
    print: (line) => void printed.push(line),
    screen: null,
    ...options,
  })
  return { printed, progress }
}

/** A terminal that remembers what was drawn on it. */
function screen(options: Partial<ProgressOptions> = {}) {
  const printed: string[] = []
  const drawn: string[] = []
  const progress = openProgress({
    print: (line) => void printed.push(line),
    screen: { columns: 80, write: (text) => void drawn.push(text) },
    ...options,
  })
  return { printed, drawn, progress, bar: () => drawn.findLast((text) => text.includes('░')) }
}

describe('openProgress() without a screen', () => {
  test('prints each quarter, with rate and time left', () => {
    const { printed, progress } = lines()
    progress.stage('Querying 100 orders', 100)
    for (let done = 1; done <= 100; done += 1) {
      vi.advanceTimersByTime(100)
      progress.progress(done)
    }
    progress.end()
    expect(printed).toEqual([
      'Querying 100 orders',
      '  25/100  10 a second, 8 s left',
      '  50/100  10 a second, 5 s left',
      '  75/100  10 a second, 3 s left',
      '  100/100  10 a second',
    ])
  })

  test('prints nothing but the title of work that ends at once', () => {
    const { printed, progress } = lines()
    progress.stage('Querying 2 orders', 2)
    progress.progress(1)
    progress.progress(2)
    progress.end()
    vi.advanceTimersByTime(300 * second)
    expect(printed).toEqual(['Querying 2 orders'])
  })

  test('gives a sign of life each half minute, also while no step ends', () => {
    const { printed, progress } = lines({ isFew: true })
    progress.stage('Applying 002_events (1 of 3)', 3)
    vi.advanceTimersByTime(31 * second)
    progress.note('Applying 003_ledger (2 of 3)')
    progress.progress(1)
    vi.advanceTimersByTime(30 * second)
    progress.end()
    expect(printed).toEqual([
      'Applying 002_events (1 of 3)',
      '  0/3  running for 30 s',
      'Applying 003_ledger (2 of 3)',
      '  1/3  running for 31 s, 1.9 a minute, 1 min 2 s left',
      '  1/3  running for 1 min, 1 a minute, 2 min left',
    ])
  })

  test('follows the last minutes, not the whole: the gateway may have slowed down', () => {
    const { printed, progress } = lines()
    progress.stage('Querying 1000 orders', 1000)
    for (let done = 1; done <= 600; done += 1) {
      vi.advanceTimersByTime(100)
      progress.progress(done)
    }
    for (let done = 601; done <= 750; done += 1) {
      vi.advanceTimersByTime(second)
      progress.progress(done)
    }
    progress.end()
    expect(printed.at(-1)).toBe('  749/1000  1 a second, 4 min 14 s left')
  })

  test('follows a total that grows', () => {
    const { printed, progress } = lines()
    progress.stage('10 orders are due', 10)
    vi.advanceTimersByTime(5 * second)
    progress.progress(10, 20)
    vi.advanceTimersByTime(5 * second)
    progress.progress(20)
    expect(printed.slice(1)).toEqual(['  10/20  2 a second, 5 s left', '  20/20  2 a second'])
    progress.end()
  })

  test('speaks Chinese to those who do', () => {
    const { printed, progress } = lines({ locale: 'zh' })
    progress.stage('title', 4)
    vi.advanceTimersByTime(2 * second)
    progress.progress(1)
    progress.end()
    expect(printed[1]).toBe('  1/4  每秒 0.5 个，剩余 6 秒')
  })
})

describe('openProgress() on a screen', () => {
  test('draws a bar with count, rate and time left, and takes it away at the end', () => {
    const { printed, drawn, progress, bar } = screen()
    progress.stage('Placing orders', 40)
    vi.advanceTimersByTime(5 * second)
    progress.progress(10)
    vi.advanceTimersByTime(second)
    expect(bar()).toBe(`${'█'.repeat(6)}${'░'.repeat(18)} 10/40  1.7 a second, 18 s left`)
    progress.end()
    expect(printed).toEqual(['Placing orders'])
    // Clears the whole line.
    expect(drawn.at(-1)).toBe('\u001b[2K')
    const count = drawn.length
    vi.advanceTimersByTime(10 * second)
    expect(drawn).toHaveLength(count)
  })

  test('shows how long a step has been running, while it runs', () => {
    const { progress, bar } = screen({ isFew: true })
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
      print: () => {},
      screen: { columns: 30, write: (text) => void drawn.push(text) },
    })
    progress.stage('title', 1_000_000)
    progress.end()
    expect(drawn.every((text) => text.length <= 30)).toBe(true)
    expect(drawn.some((text) => text.length === 30)).toBe(true)
  })
})

describe('quietLog()', () => {
  const level = (LOG_LEVEL: string, screen: { write(): void } | null) => {
    const env = LOG_LEVEL === '' ? {} : { LOG_LEVEL }
    return quietLog(loadConfig({ file: null, env, need: 'database' }), screen).log.level
  }

  test('leaves out lines of the level info on a terminal, unless another level is configured', () => {
    const screen = { write: () => {} }
    expect(level('', screen)).toBe('warn')
    expect(level('debug', screen)).toBe('debug')
    expect(level('error', screen)).toBe('error')
  })

  test('leaves the log as it is without a terminal', () => {
    expect(level('', null)).toBe('info')
  })
})
