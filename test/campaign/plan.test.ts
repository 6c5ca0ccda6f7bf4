import { describe, expect, it } from 'vitest'
import { Chance } from '../../packages/simulator/src/chance.ts'
import { plannedOutcomes, planOrder } from '../../proof/campaign/load/order-plan.ts'
import { outageKinds, readOptions } from '../../proof/campaign/options.ts'
import { planOutages } from '../../proof/campaign/outages.ts'

describe('planOutages()', () => {
  const plan = (seed: string, ...args: string[]) =>
    planOutages(readOptions(args).size, new Chance(seed))

  it('plans each outage as often as the options say, within the time', () => {
    const { size } = readOptions([])
    const planned = plan('one')
    for (const kind of outageKinds) {
      expect(planned.filter((each) => each.kind === kind)).toHaveLength(size.outages[kind])
    }
    expect(planned.every(({ atMs }) => atMs > 0 && atMs < 1_000 * size.seconds)).toBe(true)
  })

  it('plans every kind of outage also in a shortened full campaign', () => {
    const kinds = new Set(plan('one', '--seconds', '60').map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual([...outageKinds].sort())
  })

  it('returns the same for the same seed, and something else for another', () => {
    expect(plan('one')).toEqual(plan('one'))
    expect(plan('one')).not.toEqual(plan('two'))
  })
})

describe('planOrder()', () => {
  const plans = (seed: string) =>
    Array.from({ length: 1_000 }, (_, index) => planOrder(new Chance(seed), index))

  it('returns the same for the same seed, and something else for another', () => {
    expect(plans('one')).toEqual(plans('one'))
    expect(plans('one')).not.toEqual(plans('two'))
  })

  it('draws every outcome, each with lost and with sent callbacks', () => {
    const seen = new Set(plans('one').map(({ kind, callbackLost }) => `${kind} ${callbackLost}`))
    expect(seen.size).toBe(2 * plannedOutcomes.length)
  })
})

describe('readOptions()', () => {
  it.each([
    [['--engine', 'kafka'], '--engine "kafka" is not one of local, redis, postgres'],
    [['--seconds', '0'], '--seconds "0" is not a positive integer'],
    [['--kils', '3'], "Unknown option '--kils'"],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
