import { describe, expect, it } from 'vitest'
import { chosenMerchant } from '../../src/cli/report/merchant.ts'
import type { MerchantConfig } from '../../src/config/config.ts'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'

const merchants = ['shop-a', 'shop-b'].map((name) => ({ name }) as MerchantConfig)
const source = (name: string, merchant?: string) =>
  ({ name, ...(merchant !== undefined && { merchant }) }) as SourceConfig
const [ofA, ofB, ofAny] = [source('a', 'shop-a'), source('b', 'shop-b'), source('any')]

const chosen = (sources: readonly SourceConfig[], name?: string, of = merchants) => {
  try {
    const found = chosenMerchant({ merchants: of, sources, name })
    return [found.merchant.name, ...found.sources.map((each) => each.name)].join(' ')
  } catch (error) {
    return String(error)
  }
}

describe('the merchant of a report', () => {
  it('is the only one, the one that was named, or that of the sources', () => {
    expect(chosen([ofAny], undefined, merchants.slice(0, 1))).toBe('shop-a any')
    expect(chosen([ofAny], 'shop-b')).toBe('shop-b any')
    expect(chosen([ofB, ofAny])).toBe('shop-b b any')
    expect(chosen([ofA, ofB, ofAny], 'shop-b')).toBe('shop-b b any')
  })

  it('has to be given where nothing says it, or several do', () => {
    const both = 'several are configured: give --merchant, or merchant in the source'
    expect(chosen([ofAny])).toContain(`merchants: ${both}`)
    const several = 'they are of several merchants: choose by --merchant or --source'
    expect(chosen([ofA, ofB])).toContain(`sources: ${several}`)
    expect(chosen([ofA], 'shop-b')).toContain('no source that is to be read is of "shop-b"')
    expect(chosen([ofA], 'nobody')).toContain('--merchant: "nobody" is none that is configured')
  })
})
