import { afterEach, describe, expect, test, vi } from 'vitest'
import { boxed, fitted, widthOf, wrapped } from '../../src/cli/terminal/layout.ts'
import { processTerminal } from '../../src/cli/terminal/terminal.ts'

const reason = 'the gateway knows no such order, but most answers say so: not believed'

describe('wrapped()', () => {
  test('breaks between words, and leaves no blank at either end of a line', () => {
    expect(wrapped(reason, 20)).toBe(
      'the gateway knows no\nsuch order, but most\nanswers say so: not\nbelieved',
    )
  })

  test('breaks Chinese between characters, and begins no line with punctuation', () => {
    expect(wrapped('已支付，各项与订单一致。', 8)).toBe('已支付，\n各项与订\n单一致。')
    expect(wrapped('查单 RECH1 时无应答', 12)).toBe('查单 RECH1\n时无应答')
  })

  test('cuts a word that no line has room for', () => {
    expect(wrapped('see 0123456789 there', 4)).toBe('see\n0123\n4567\n89\nther\ne')
  })

  test('loses nothing but blanks', () => {
    const text = 'a，b （查无此单）order "1" 𠮷野家 is here'
    for (const width of [2, 5, 9, 30]) {
      const lines = wrapped(text, width).split('\n')
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    }
  })
})

describe('fitted()', () => {
  const grid = [
    ['order_no', 'reason'],
    ['RECH20260124150000AbCd1234Ef', reason],
  ]

  test('leaves what fits as it is', () => {
    expect(fitted(grid, { columns: 200, prose: [1] })).toBe(grid)
  })

  test('breaks sentences, and no number', () => {
    const narrow = fitted(grid, { columns: 60, prose: [1] })
    expect(narrow?.[1]?.[0]).toBe('RECH20260124150000AbCd1234Ef')
    expect(narrow?.[1]?.[1]).toContain('\n')
    for (const line of boxed(narrow ?? [])
      .trimEnd()
      .split('\n')) {
      expect(widthOf(line)).toBeLessThanOrEqual(60)
    }
  })

  test('gives up where there would be a word a line', () => {
    expect(fitted(grid, { columns: 50, prose: [1] })).toBeNull()
    expect(fitted(grid, { columns: 60, prose: [] })).toBeNull()
  })
})

test('widthOf() counts two columns for a Chinese character, and none for a colour', () => {
  expect(widthOf('订单 A')).toBe(6)
  expect(widthOf('\u001b[32m已入账\u001b[39m')).toBe(6)
})

describe('processTerminal()', () => {
  const { isTTY, columns } = process.stdout

  afterEach(() => {
    Object.assign(process.stdout, { isTTY, columns })
    vi.unstubAllEnvs()
  })

  test.each([
    [{ isTTY: true, NO_COLOR: '', TERM: 'xterm' }, true],
    [{ isTTY: true, NO_COLOR: '1', TERM: 'xterm' }, false],
    [{ isTTY: true, NO_COLOR: '', TERM: 'dumb' }, false],
    [{ isTTY: false, NO_COLOR: '', TERM: 'xterm' }, false],
  ])('has colours for %j: %j', (given, hasColor) => {
    Object.assign(process.stdout, { isTTY: given.isTTY, columns: 90 })
    vi.stubEnv('NO_COLOR', given.NO_COLOR)
    vi.stubEnv('TERM', given.TERM)
    const terminal = processTerminal()
    expect(terminal.hasColor).toBe(hasColor)
    expect(terminal.columns).toBe(given.isTTY ? 90 : undefined)
  })
})
