import { type Kysely, type Migration, Migrator, sql } from 'kysely'
import type { Connection } from './database.ts'
import { firstOf, rowsOf } from './database.ts'
import { StoreError } from './errors.ts'
import { migrations } from './migrations/index.ts'
import type { SchemaState } from './store.ts'

/** Of our own name, so that a database may be shared with another program that uses Kysely. */
const appliedTable = 'budan_migrations'

/** Applies what is missing, each migration wholly or not at all. Returns the names applied. */
export async function migrateToLatest(db: Connection): Promise<readonly string[]> {
  const { unknown } = await schemaState(db)
  if (unknown.length > 0) {
    throw new StoreError(
      `Cannot migrate: the database is newer than this budan, it has ${unknown.join(', ')}`,
    )
  }
  const { error, results } = await migratorOn(db).migrateToLatest()
  if (error !== undefined) throw error
  return (results ?? []).map(({ migrationName }) => migrationName)
}

function migratorOn(db: Kysely<unknown>): Migrator {
  const named: Record<string, Migration> = { ...migrations }
  return new Migrator({
    db,
    provider: { getMigrations: async () => named },
    migrationTableName: appliedTable,
    migrationLockTableName: `${appliedTable}_lock`,
  })
}

export async function schemaState(db: Connection): Promise<SchemaState> {
  const applied = new Set(await appliedNames(db))
  const known = Object.keys(migrations)
  return {
    pending: known.filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !known.includes(name)),
  }
}

async function appliedNames(db: Connection): Promise<readonly string[]> {
  const found = await firstOf(
    db,
    sql<{ readonly found: boolean }>`select to_regclass(${appliedTable}) is not null as found`,
  )
  if (found?.found !== true) return []
  const rows = await rowsOf(
    db,
    sql<{ readonly name: string }>`select name from ${sql.table(appliedTable)} order by name`,
  )
  return rows.map((row) => row.name)
}
