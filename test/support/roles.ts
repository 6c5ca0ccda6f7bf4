import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { storeOn } from '../../src/store/assemble.ts'
import type { Database } from '../../src/store/database.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { closeLater } from './open-stores.ts'
import { type FreshStoreOptions, freshPostgresUrl } from './stores.ts'

export interface Role {
  readonly name: string
  /** The same database, as this role. */
  readonly url: string
}

/** A role of its own on the server of the url, which may log in and owns nothing. */
export async function newRole(url: string, attributes = ''): Promise<Role> {
  const name = `role_${randomBytes(6).toString('hex')}`
  await execute(url, `create role ${name} login ${attributes}`)
  const theirs = new URL(url)
  theirs.username = name
  return { name, url: theirs.href }
}

/** A statement of a test's own, on a connection of its own. */
export async function execute(
  url: string,
  statement: string,
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** A store of a role that owns nothing, on the database of an owner, who may attack it. */
export async function grantedDatabase(
  options: FreshStoreOptions = {},
): Promise<{ store: Store; database: Database }> {
  const url = await freshPostgresUrl()
  const role = await newRole(url)
  const owner = await openStore(url)
  await owner.migrate({ grants: role.name })
  await owner.close()
  const database = await openDatabase(url, { poolMax: 2 })
  const store = storeOn(await openDatabase(role.url, options), options)
  const close = async () => void (await Promise.all([store.close(), database.close()]))
  closeLater({ close })
  return { store: { ...store, close }, database }
}
