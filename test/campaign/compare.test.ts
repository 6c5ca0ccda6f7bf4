import { describe, expect, it } from 'vitest'
import { compare } from '../../proof/campaign/verdict/compare.ts'
import { checkComparison, plants, soundComparison } from '../../proof/campaign/verdict/planted.ts'

describe('compare()', () => {
  it('finds nothing where truth and books agree', () => {
    expect(compare(soundComparison())).toEqual([])
  })

  it.each(plants)('finds $name', ({ finds, hidden }) => {
    expect(compare(hidden).map(({ kind }) => kind)).toContain(finds)
  })
})

describe('checkComparison()', () => {
  it('lets a campaign begin', () => {
    expect(() => checkComparison()).not.toThrow()
  })
})
