import { describe, expect, test } from 'vitest'
import { showReport } from '../../src/cli/commands/demo.ts'
import { concealed } from '../../src/cli/terminal/concealed.ts'
import { createOutput } from '../../src/cli/terminal/output.ts'
import type { DemoReport } from '../../src/demo/demo.ts'
import { sampleOrder } from '../support/samples.ts'

const scenario = { title: 'never paid', count: 2, begin: () => {}, expected: 'expired' } as const

const report: DemoReport = {
  orders: [
    { scenario, order: sampleOrder({ orderNo: 'RIGHT', status: 'expired' }), asExpected: true },
    { scenario, order: sampleOrder({ orderNo: 'WRONG', status: 'pending' }), asExpected: false },
  ],
  audit: {
    ...{ paid_not_credited: 0, credited_not_paid: 0, credited_twice: 0 },
    ...{ unbalanced: 0, mismatched: 0, unexplained: 0 },
  },
  shop: { events: { 'order.paid': 1 }, repeated: 1, orders: 1, credited: 100n },
  ...{ runs: 1, taken: 0n, credited: 0n, durationMs: 1200, ok: false },
}

function shown(isInteractive: boolean): string {
  let text = ''
  const terminal = concealed({
    ...{ env: {}, isInteractive, hasColor: false, err: () => {} },
    out: (more: string) => {
      text += more
    },
    stopRequested: () => new Promise<void>(() => {}),
  })
  showReport({ output: createOutput(terminal, { asJson: false }), terminal }, report)
  return text
}

describe('what budan demo shows', () => {
  test('has each order where a file or pipe takes it', () => {
    expect(shown(false)).toMatch(/^RIGHT +never paid +expired +- +as expected$/m)
    expect(shown(false)).toMatch(/^WRONG +never paid +pending +- +WRONG: expected expired$/m)
  })

  test('has on a terminal the sums, and of the orders those that are wrong', () => {
    expect(shown(true)).not.toContain('RIGHT')
    expect(shown(true)).toMatch(/│ WRONG +│ never paid │ pending │/)
    expect(shown(true)).toMatch(/│ never paid │ expired +│ 2 +│ 1 +│/)
    expect(shown(true)).toMatch(/^NOT ALL IS WELL, after 1\.2 s$/m)
  })
})
