import { expect, test } from 'vitest'
import { createOutput } from '../../src/cli/terminal/output.ts'
import { plainText } from '../../src/cli/terminal/plain.ts'
import type { Terminal } from '../../src/cli/terminal/terminal.ts'

function terminal(options: {
  isInteractive: boolean
  hasColor?: boolean
}): Terminal & { text(): string } {
  const written: string[] = []
  return {
    env: {},
    hasColor: false,
    ...options,
    out: (text) => void written.push(text),
    err: () => {},
    stopRequested: () => new Promise(() => {}),
    text: () => written.join(''),
  }
}

test('table() aligns by blanks in a pipe, Chinese included, and leaves none at the end', () => {
  const piped = terminal({ isInteractive: false })
  createOutput(piped, { asJson: false }).table(
    ['order_no', 'description', 'ms'],
    [
      ['A1', '充值', 5],
      ['A22', 'ten yuan', null],
    ],
  )
  expect(piped.text()).toBe(
    ['order_no  description  ms', 'A1        充值         5', 'A22       ten yuan     -', ''].join(
      '\n',
    ),
  )
})

test('table() draws boxes on a terminal, in colour where it has any', () => {
  const plainTerminal = terminal({ isInteractive: true })
  createOutput(plainTerminal, { asJson: false }).table(['at'], [['x']])
  expect(plainTerminal.text()).toBe('┌────┐\n│ at │\n├────┤\n│ x  │\n└────┘\n')
  const colored = terminal({ isInteractive: true, hasColor: true })
  createOutput(colored, { asJson: false }).table(['at'], [['x']])
  expect(colored.text()).toContain('\u001b[1mat\u001b[22m')
})

test('plainText() leaves nothing that a terminal obeys or that breaks a line', () => {
  expect(plainText('a\n\tb\u001b[31mred\u202e\u2028c')).toBe('a b [31mred c')
})

test('line() and note() leave nothing of others’ texts that a terminal obeys, and paint', () => {
  let noted = ''
  const colored = terminal({ isInteractive: true, hasColor: true })
  const screen = {
    ...colored,
    err: (text: string) => {
      noted += text
    },
  }
  const output = createOutput(screen, { asJson: false })
  output.line('order a\u001b[2J\nb is paid now', output.colors.green)
  output.note('more\u202e')
  expect(colored.text()).toBe('\u001b[32morder a [2J b is paid now\u001b[39m\n')
  expect(noted).toBe('more \n')
})

test('facts() and json() are one line each', () => {
  const piped = terminal({ isInteractive: false })
  const output = createOutput(piped, { asJson: false })
  output.facts([
    ['status', output.term('status', 'paid')],
    ['paid_at', new Date('2026-01-24T07:00:00.123Z')],
  ])
  output.json({ text: 'a\nb' })
  expect(piped.text()).toBe('status   paid\npaid_at  2026-01-24T15:00:00+08:00\n{"text":"a\\nb"}\n')
})
