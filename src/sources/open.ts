import { ConfigError } from '../config/fault.ts'
import type { SourceConfig } from '../config/sources/source-config.ts'
import type { SourceDatabase } from './databases/database.ts'
import type { TableFacts } from './databases/table-facts.ts'
import { attemptAt } from './failure.ts'
import { type Mapping, mappingOf, tableNameOf } from './mapping.ts'
import type { OrderSource } from './source.ts'
import { TableSource } from './table-source.ts'

/**
 * Opens a shop's own table for reading, and holds the mapping against its catalogue. Throws SourceError
 * when the database cannot be reached, ConfigError when the table is not what the mapping says.
 */
export async function openSource(config: SourceConfig): Promise<OrderSource> {
  const { database, mapping } = await openMapped(config)
  return new TableSource(database, mapping)
}

export async function openMapped(
  config: SourceConfig,
): Promise<{ readonly database: SourceDatabase; readonly mapping: Mapping }> {
  const action = `open source "${config.name}"`
  return attemptAt({ url: config.url, action }, async () => {
    const database = await openSourceDatabase(config.url)
    try {
      return { database, mapping: mappingOf(config, await factsOf(database, config)) }
    } catch (error) {
      await database.close()
      throw error
    }
  })
}

/** Only the client that is used is loaded. */
export async function openSourceDatabase(url: string): Promise<SourceDatabase> {
  if (/^(mysql|mariadb):/.test(url))
    return (await import('./databases/mysql.ts')).openMysqlSource(url)
  return (await import('./databases/postgres.ts')).openPostgresSource(url)
}

/** Throws ConfigError where there is no such table. */
export async function factsOf(
  { dialect, server, read }: SourceDatabase,
  { name, table }: Pick<SourceConfig, 'name' | 'table'>,
): Promise<TableFacts> {
  const facts = await read((query) => dialect.facts(query, tableNameOf(table)))
  if (facts !== null) return facts
  throw new ConfigError([
    `source "${name}" table: ${server} has no table or view "${table}", or this user may not see it`,
  ])
}
