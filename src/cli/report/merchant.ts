import type { MerchantConfig } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import type { SourceConfig } from '../../config/sources/source-config.ts'
import { assert } from '../../domain/assert.ts'

interface Choosing {
  readonly merchants: readonly MerchantConfig[]
  readonly sources: readonly SourceConfig[]
  /** As `--merchant` says it. */
  readonly name: string | undefined
}

interface Chosen {
  readonly merchant: MerchantConfig
  /** Those that are of the merchant, or do not say of whom. */
  readonly sources: readonly SourceConfig[]
}

/**
 * A report queries one merchant: the one that was named, else the one that the sources are of, else the only
 * one. Throws `ConfigError`.
 */
export function chosenMerchant({ merchants, sources, name }: Choosing): Chosen {
  const wanted = name ?? nameIn(sources)
  const merchant = merchants.find((each) => each.name === wanted) ?? null
  if (wanted !== undefined && merchant === null) {
    throw new ConfigError([`--merchant: ${JSON.stringify(wanted)} is none that is configured`])
  }
  const [only, ...others] = merchants
  assert(only !== undefined, 'The keys were not loaded')
  if (merchant === null && others.length > 0) {
    const fault = 'several are configured: give --merchant, or merchant in the source'
    throw new ConfigError([`merchants: ${fault}`])
  }
  const chosen = merchant ?? only
  const own = sources.filter((source) => (source.merchant ?? chosen.name) === chosen.name)
  if (own.length > 0) return { merchant: chosen, sources: own }
  const fault = `no source that is to be read is of ${JSON.stringify(chosen.name)}`
  throw new ConfigError([`--merchant: ${fault}`])
}

/** Undefined: no source says it. */
function nameIn(sources: readonly SourceConfig[]): string | undefined {
  const [name, ...others] = new Set(sources.flatMap(({ merchant }) => merchant ?? []))
  if (others.length === 0) return name
  const fault = 'they are of several merchants: choose by --merchant or --source'
  throw new ConfigError([`sources: ${fault}`])
}
