import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/fault.ts'
import type { SourceConfig } from '../../config/sources/source-config.ts'
import type { CommandContext } from '../context.ts'
import { reportWordsOf } from '../report/words.ts'

/** The source of that name, or all. */
export function chosenSources(
  { locale }: CommandContext,
  { sources = [] }: Config,
  name: string | undefined,
): readonly SourceConfig[] {
  if (sources.length === 0) throw new ConfigError([reportWordsOf(locale).noSources])
  if (name === undefined) return sources
  const chosen = sources.filter((source) => source.name === name)
  if (chosen.length > 0) return chosen
  const names = sources.map((source) => source.name).join(', ')
  throw new ConfigError([reportWordsOf(locale).noSuchSource(name, names)])
}
