import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { ProofKey } from '../../src/config/config.ts'
import type { Clock } from '../../src/domain/clock.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { lendEmbedded } from './embedded.ts'
import { LentDatabases } from './lent-postgres.ts'
import { closeLater } from './open-stores.ts'

export type StoreKind = Store['kind']

export interface FreshStoreOptions {
  readonly clock?: Clock
  readonly poolMax?: number
  /** Those of `testProofKeys` unless given. */
  readonly proofKeys?: readonly ProofKey[]
}

export const testProofKeys: readonly ProofKey[] = [
  { id: 'test', secret: 'of the tests, with more than 32 characters' },
]

/** An empty, migrated store of its own. It is closed at the end of the test file at the latest. */
export async function freshStore(kind: StoreKind, options: FreshStoreOptions = {}): Promise<Store> {
  return (await freshDatabase(kind, options)).store
}

/** With the database below it, for statements of one's own. */
export async function freshDatabase(
  kind: StoreKind,
  options: FreshStoreOptions = {},
): Promise<{ store: Store; database: Database }> {
  const database = kind === 'pglite' ? await lendEmbedded() : await lendPostgres(options)
  const store = storeOn(database, { proofKeys: testProofKeys, ...options })
  closeLater(store)
  return { store, database }
}

const lent = new LentDatabases(freshPostgresUrl)

async function lendPostgres(options: FreshStoreOptions): Promise<Database> {
  const url = await lent.lend()
  const database = await openDatabase(url, options)
  let closed: Promise<void> | null = null
  const close = () => {
    closed ??= database.close().then(() => lent.giveBack(url))
    return closed
  }
  return { ...database, close }
}

/** The url of an empty, migrated PostgreSQL database that nobody has used before. */
export async function freshPostgresUrl(): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await execute(`create database ${name} template ${templateName}`)
  await showToAll(name)
  return urlOf(name)
}

/** The url of a database without any table. */
export async function emptyPostgresUrl({
  encoding = 'UTF8',
}: {
  encoding?: string
} = {}): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await execute(
    `create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`,
  )
  await showToAll(name)
  return urlOf(name)
}

/** So that clients of a test's own find the tables without their schema. */
async function showToAll(database: string): Promise<void> {
  await execute(`alter database ${database} set search_path = budan, public`)
}

const templateName = 'budan_template'

/** Once a server. Afterwards nobody may be connected to it. */
export async function makePostgresTemplate(serverUrl: string): Promise<void> {
  process.env[serverVariable] = serverUrl
  await execute(`create database ${templateName}`)
  const store = await openStore(urlOf(templateName))
  await store.migrate()
  await store.close()
}

/** Set by the global setup, and so in every worker. */
export const serverVariable = 'BUDAN_TEST_POSTGRES'

/** Whether somebody has set it before. */
export function hasServer(): boolean {
  return process.env[serverVariable] !== undefined
}

function urlOf(database: string): string {
  const server = process.env[serverVariable]
  if (server === undefined) throw new Error('No PostgreSQL server: the global setup starts one')
  const url = new URL(server)
  url.pathname = database
  return url.href
}

async function execute(statement: string): Promise<void> {
  const client = new pg.Client(urlOf('postgres'))
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
