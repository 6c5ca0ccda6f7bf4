import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Clock } from '../../src/domain/clock.ts'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { makeImage } from '../../src/store/embedded/make-image.ts'
import { openPglite } from '../../src/store/embedded/pglite.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'

export type StoreKind = Store['kind']

export interface FreshStoreOptions {
  readonly clock?: Clock
  readonly poolMax?: number
}

/** An empty, migrated store of its own. `closeStores` gives all of them back. */
export async function freshStore(kind: StoreKind, options: FreshStoreOptions = {}): Promise<Store> {
  return (await freshDatabase(kind, options)).store
}

/** With the database below it, for statements of one's own. */
export async function freshDatabase(
  kind: StoreKind,
  options: FreshStoreOptions = {},
): Promise<{ store: Store; database: Database }> {
  const database =
    kind === 'pglite' ? await copyOfImage() : await openDatabase(await freshPostgresUrl(), options)
  const store = storeOn(database, options)
  opened.add(store)
  return { store, database }
}

const opened = new Set<Store>()

/** Closes every store that this file opened. The databases go with the server. */
export async function closeStores(): Promise<void> {
  await Promise.all([...opened].map((store) => store.close()))
  opened.clear()
}

/** The url of an empty, migrated PostgreSQL database. */
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
const serverVariable = 'BUDAN_TEST_POSTGRES'

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

async function copyOfImage(): Promise<Database> {
  const image = new Blob([readFileSync(await pgliteImage())])
  return openPglite({ directory: null, image })
}

/** What the build ships, not packed: opening it takes half a second, making a new one four. */
export async function pgliteImage(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/budan')
  const file = join(folder, `pglite-${schemaFingerprint()}.tar`)
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const writing = `${file}.${process.pid}`
  writeFileSync(writing, await makeImage())
  renameSync(writing, file)
  return file
}

const root = join(import.meta.dirname, '../..')

/** Of the migrations and the database's version: whatever decides how the image looks. */
function schemaFingerprint(): string {
  const migrations = join(root, 'src/store/migrations')
  const texts = readdirSync(migrations)
    .sort()
    .map((name) => readFileSync(join(migrations, name), 'utf8'))
  const pglite = readFileSync(join(root, 'node_modules/@electric-sql/pglite/package.json'), 'utf8')
  return createHash('sha256')
    .update(JSON.stringify([texts, JSON.parse(pglite).version]))
    .digest('hex')
    .slice(0, 16)
}
