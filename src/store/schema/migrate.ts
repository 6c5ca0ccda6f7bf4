import { setTimeout as pause } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import { takenRemedy } from '../../servers/postgres-remedies.ts'
import { sqlStateOf } from '../../servers/sql-state.ts'
import { type Connection, firstOf, readValue, rowsOf } from '../database.ts'
import { MigrationRightsError, NewerSchemaError, StoreError } from '../errors.ts'
import { isConflict } from '../failure.ts'
import type { Migration, Migrations } from '../migrations/index.ts'
import { examineGrantee, keepGrants, keepsGrants, recordGrant } from './grants.ts'
import { appliedTable } from './needed.ts'
import { refuseWithoutRights, tableOid } from './owners.ts'
import { ownSchema } from './place.ts'
import type { MigrateOptions, SchemaState } from './state.ts'

/** Longer than any transaction that our own deadlines allow; one forgotten in a console is for a person to end. */
const busyMsMax = 600_000

/**
 * Applies what is missing, in the order of the names, each migration wholly or not at all. Returns
 * the names applied here: another process may be applying the others. Throws `NewerSchemaError`
 * where this program cannot live with what the database has.
 */
export async function migrateToLatest(
  db: Connection,
  known: Migrations,
  options: Migrating = {},
): Promise<readonly string[]> {
  const { schema = ownSchema, grants: role = null } = options
  if (role !== null) await examineGrantee(db, { schema, role })
  const applied = await applyMissing(db, known, options)
  await settleGrants(db, { schema, role })
  return applied
}

async function applyMissing(
  db: Connection,
  known: Migrations,
  { schema = ownSchema, breaking = false, onStep = () => {} }: Migrating,
): Promise<readonly string[]> {
  const applied: string[] = []
  const deadline = performance.now() + busyMsMax
  for (;;) {
    const state = await schemaState(db, known, schema)
    if (state.breaking.length > 0) throw new NewerSchemaError(state.breaking)
    // In the order of their names: what comes after a step that is held may depend on it.
    const pending = breaking ? [...state.pending, ...state.held].sort() : state.pending
    const [name] = pending
    const migration = known[name ?? '']
    if (name === undefined || migration === undefined) return applied
    await refuseWithoutRights(db, { schema, missing: pending.length })
    const step = { name, toDo: pending.length }
    onStep({ kind: 'begun', ...step })
    const end = await tryMigration(db, { name, migration, schema })
    if (end === 'applied') applied.push(name)
    if (end !== 'busy') continue
    onStep({ kind: 'waiting', ...step })
    if (performance.now() > deadline) throw new StoreError(stillBusy(name))
    await pause(busyPauseMs * (1 + Math.random()))
  }
}

interface Migrating extends MigrateOptions {
  /** Where the tables are, or will be. */
  readonly schema?: string
}

function stillBusy(name: string): string {
  return `migration ${name} found its tables in use for ${busyMsMax / 60_000} minutes: end long transactions, then start again`
}

/**
 * `alter table` waits for every transaction that has touched the table, and everybody who comes
 * later waits behind it: so it waits no longer than a slow statement takes, and tries again when
 * those behind it are done.
 */
const lockMs = 500
const busyPauseMs = 500

async function tryMigration(
  db: Connection,
  { name, migration, schema }: { name: string; migration: Migration; schema: string },
): Promise<'applied' | 'known' | 'busy'> {
  try {
    if (migration.prepare !== undefined && !(await prepareAlone(db, migration.prepare)))
      return 'busy'
    return await db.transaction().execute(async (tx) => {
      if (!(await takeTurn(tx))) return 'busy'
      await sql`set local lock_timeout = ${sql.lit(lockMs)}`.execute(tx)
      await createAppliedTable(tx, schema)
      if ((await appliedNames(tx, schema)).includes(name)) return 'known'
      await migration.up(tx)
      const now = new Date().toISOString()
      await sql`insert into ${appliedIn(schema)} values (${name}, ${now})`.execute(tx)
      await keepGrants(tx, schema)
      return 'applied'
    })
  } catch (error) {
    if (sqlStateOf(error) === lockNotAvailable || isConflict(error)) return 'busy'
    throw error
  }
}

const lockNotAvailable = '55P03'

/** Also where no step was missing: a new version may need a right on a table of before. */
async function settleGrants(
  db: Connection,
  { schema, role }: { schema: string; role: string | null },
): Promise<void> {
  if (role === null && !(await keepsGrants(db, schema))) return
  const deadline = performance.now() + busyMsMax
  while (!(await tryGrants(db, { schema, role }))) {
    if (performance.now() > deadline) throw new StoreError(stillMigrating)
    await pause(busyPauseMs * (1 + Math.random()))
  }
}

const stillMigrating = `Cannot grant rights: another process has been migrating for ${busyMsMax / 60_000} minutes`

/** False: another process has the turn. */
async function tryGrants(
  db: Connection,
  { schema, role }: { schema: string; role: string | null },
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await takeTurn(tx))) return false
    if (role !== null) await recordGrant(tx, { schema, role })
    await keepGrants(tx, schema)
    return true
  })
}

/** On one connection that holds the turn, without a transaction. False: another process has the turn. */
async function prepareAlone(
  db: Connection,
  prepare: NonNullable<Migration['prepare']>,
): Promise<boolean> {
  return db.connection().execute(async (connection) => {
    const turn = sql<boolean>`pg_try_advisory_lock(${sql.lit(turnKey)})`
    if (!(await readValue(connection, turn))) return false
    try {
      await prepare(connection)
      return true
    } finally {
      await sql`select pg_advisory_unlock(${sql.lit(turnKey)})`.execute(connection)
    }
  })
}

/**
 * One process at a time. A process that has to wait tries again later, outside its transaction: waiting
 * inside would hold a snapshot, which building an index concurrently waits for in its turn.
 */
function takeTurn(db: Connection): Promise<boolean> {
  return readValue(db, sql`pg_try_advisory_xact_lock(${sql.lit(turnKey)})`)
}

/** Any number, the same in every version: it is Kysely's, whose migrator the first of them used. */
const turnKey = '3853314791062309107'

async function createAppliedTable(db: Connection, schema: string): Promise<void> {
  await createSchema(db, schema)
  await sql`
    create table if not exists ${appliedIn(schema)} (
      name varchar(255) primary key,
      timestamp varchar(255) not null
    )`.execute(db)
}

/** Looked up first: to create what is there needs the same right as to create it. */
async function createSchema(db: Connection, schema: string): Promise<void> {
  const isThere = sql<boolean>`exists (select from pg_namespace where nspname = ${schema})`
  if (await readValue(db, isThere)) return
  try {
    await sql`create schema ${sql.id(schema)}`.execute(db)
  } catch (error) {
    if (sqlStateOf(error) !== insufficientPrivilege) throw error
    throw new MigrationRightsError(
      `Cannot make the schema "${schema}" for budan's tables: this user may not`,
      {
        remedy: `run \`budan migrate\` as a user who may, or let an owner of the database run CREATE SCHEMA "${schema}" AUTHORIZATION this user, or GRANT CREATE ON DATABASE to it`,
      },
    )
  }
}

const insufficientPrivilege = '42501'

function appliedIn(schema: string): RawBuilder<unknown> {
  return sql.id(schema, appliedTable)
}

export async function schemaState(
  db: Connection,
  known: Migrations,
  schema: string,
): Promise<SchemaState> {
  const applied = await appliedNames(db, schema)
  if (applied.length === 0) await refuseTaken(db, schema)
  const names = Object.keys(known)
  const unknown = applied.filter((name) => !names.includes(name))
  const missing = names.filter((name) => !applied.includes(name)).sort()
  const firstBreaking = missing.findIndex(isBreaking)
  const isHeld = firstBreaking >= 0 && (await isInUse(db, { applied, schema }))
  return {
    pending: isHeld ? missing.slice(0, firstBreaking) : missing,
    held: isHeld ? missing.slice(firstBreaking) : [],
    unknown,
    breaking: unknown.filter(isBreaking),
  }
}

function isBreaking(name: string): boolean {
  return /^\d+_breaking_/.test(name)
}

/** Nodes of the version before may be at work on it. On a new database there is nothing that they could break. */
async function isInUse(
  db: Connection,
  { applied, schema }: { applied: readonly string[]; schema: string },
): Promise<boolean> {
  if (!applied.includes('004_runs'))
    return applied.includes('001_orders') && hasRows(db, sql.id(schema, 'orders'))
  return (
    (await hasRows(db, sql.id(schema, 'orders'))) || (await hasRows(db, sql.id(schema, 'runs')))
  )
}

function hasRows(db: Connection, table: RawBuilder<unknown>): Promise<boolean> {
  return readValue(db, sql`exists (select from ${table})`)
}

/**
 * Another program's table of our first one's name: nothing could be migrated there. Ours never is
 * without the table of migrations, which is looked for later than it, as another node may just make both.
 */
async function refuseTaken(db: Connection, schema: string): Promise<void> {
  const found = await firstOf(
    db,
    sql<{ readonly taken: boolean; readonly migrated: boolean }>`
      select ${tableOid(schema, 'orders')} is not null as taken,
        ${tableOid(schema, appliedTable)} is not null as migrated`,
  )
  if (found?.taken !== true || found.migrated) return
  const what = `Cannot use the schema "${schema}": it has a table "orders" of another program`
  throw new StoreError(what, { remedy: takenRemedy })
}

async function appliedNames(db: Connection, schema: string): Promise<readonly string[]> {
  const isThere = sql<boolean>`${tableOid(schema, appliedTable)} is not null`
  if (!(await readValue(db, isThere))) return []
  const rows = await rowsOf(
    db,
    sql<{ readonly name: string }>`select name from ${appliedIn(schema)} order by name`,
  )
  return rows.map((row) => row.name)
}
