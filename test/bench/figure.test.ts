import { describe, expect, it } from 'vitest'
import { figure, type Goal, median, percentile } from '../../bench/figure.ts'
import { readOptions } from '../../bench/options.ts'
import { parts } from '../../bench/parts.ts'
import { tableOf } from '../../bench/table.ts'

const atLeast = { kind: 'at least', value: 0.7 } as const
const atMost = { kind: 'at most', value: 1.5 } as const

describe('figure()', () => {
  it.each<{ goal: Goal; values: number[]; met: boolean; verdict: string }>([
    { goal: atLeast, values: [0.8, 0.9, 0.85], met: true, verdict: '│ met' },
    { goal: atLeast, values: [0.6, 0.68, 0.8], met: true, verdict: 'within the spread' },
    { goal: atLeast, values: [0.5, 0.51, 0.52], met: false, verdict: 'missed' },
    { goal: atMost, values: [1.1, 1.2, 1.3], met: true, verdict: '│ met' },
    { goal: atMost, values: [1.3, 1.6, 1.7], met: true, verdict: 'within the spread' },
    { goal: atMost, values: [2, 2.1, 2.2], met: false, verdict: 'missed' },
  ])('says "$verdict" of $values with goal $goal', ({ goal, values, met, verdict }) => {
    const made = figure('claim', { unit: 'ratio', values, goal })
    expect(made.met).toBe(met)
    expect(tableOf([made])).toContain(verdict)
  })

  it('has the median and half of the range', () => {
    const made = figure('q', { unit: '1/s', values: [10, 40, 20] })
    expect(made).toMatchObject({ median: 20, spread: 15, goal: null, met: true })
    expect(median([1, 2, 3, 4])).toBe(2.5)
    expect(() => median([])).toThrow('none')
    expect(percentile([4, 1, 3, 2], 0.75)).toBe(3)
    expect(percentile([4, 1, 3, 2], 0.95)).toBe(4)
    expect(() => percentile([], 0.5)).toThrow('none')
  })
})

describe('readOptions()', () => {
  it('measures everything five times by default', () => {
    const options = readOptions([])
    expect(options).toMatchObject({ repetitions: 5, stores: ['pglite', 'postgres'] })
    expect(options.parts).toEqual(parts.map(({ name }) => name))
    expect(readOptions(['--quick']).repetitions).toBe(3)
  })

  it.each([
    { args: ['--only', 'claims'], message: '--only "claims" is not one of crediting, ' },
    { args: ['--repetitions', '0'], message: '--repetitions "0" is not a positive integer' },
    { args: ['--fast'], message: "Unknown option '--fast'" },
  ])('refuses $args', ({ args, message }) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
