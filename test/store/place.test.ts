import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { storeOn } from '../../src/store/assemble.ts'
import { openPglite } from '../../src/store/embedded/pglite.ts'
import { UnusableError } from '../../src/store/errors.ts'
import { openDatabase, openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { credit, place } from '../contract/store-fixtures.ts'
import { emptyPostgresUrl } from '../support/stores.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function opened(url: string): Promise<Store> {
  const store = await openStore(url, { poolMax: 2 })
  closing.push(() => store.close())
  return store
}

async function run(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** With PostgreSQL's own search path. */
async function ownDatabase(): Promise<string> {
  const url = await emptyPostgresUrl()
  await run(url, `alter database ${new URL(url).pathname.slice(1)} reset search_path`)
  return url
}

const withPath = (url: string, path: string) =>
  `${url}?options=${encodeURIComponent(`-c search_path=${path}`)}`

const placesOf = async (url: string) =>
  (
    await run(url, `select schemaname as name from pg_tables where tablename = 'orders' order by 1`)
  ).map(({ name }) => name)

/** As a version before made it: in the first schema of the search path. */
async function installedBefore(url: string, path = 'public'): Promise<string> {
  const database = await openDatabase(withPath(url, path))
  await storeOn(database).migrate()
  await database.close()
  return url
}

describe('a new installation on PostgreSQL', () => {
  it('lies in a schema of its own, beside tables of the same names', async () => {
    const url = await ownDatabase()
    await run(url, `create table orders (id int); create table runs (id int)`)
    const store = await opened(url)
    await store.migrate()
    const { orderNo } = await place(store)
    await credit(store, orderNo)
    expect(await placesOf(url)).toEqual(['budan', 'public'])
    expect(await run(url, 'select count(*)::int as rows from orders')).toEqual([{ rows: 0 }])
  })

  it('reaches the embedder’s tables from onPaid without their schema', async () => {
    const url = await ownDatabase()
    await run(url, 'create table deliveries (order_no text)')
    const store = await opened(url)
    await store.migrate()
    await store.transaction((tx) => tx.execute(`insert into deliveries values ('1')`, []))
    expect(await run(url, 'select * from public.deliveries')).toEqual([{ order_no: '1' }])
  })

  it('is guarded by its triggers against every writer, whatever the search path', async () => {
    const url = await ownDatabase()
    await run(url, `create table orders (order_no text, state_seq int, status text)`)
    const store = await opened(url)
    await store.migrate()
    const { orderNo } = await place(store)
    for (const path of ['public', 'pg_catalog']) {
      await run(
        url,
        `set search_path = ${path};
         insert into budan.order_events (order_no, at, kind, source, alarm)
           values ('${orderNo}', now(), 'answered', 'check', false)`,
      )
      await expect(
        run(
          url,
          `set search_path = ${path};
           insert into budan.order_events (order_no, at, kind, source, alarm, to_status, state_seq)
             values ('${orderNo}', now(), 'answered', 'check', false, 'paid', 2)`,
        ),
      ).rejects.toThrow('I6: event tells of a state')
    }
  })

  it('by a user who may make no schema names the grant, and takes one that is made for it', async () => {
    const url = await ownDatabase()
    const role = `app_${Date.now()}`
    await run(url, `create role ${role} login`)
    const theirs = url.replace('postgres@', `${role}@`)
    const store = await opened(theirs)
    await expect(store.migrate()).rejects.toThrow(
      /this user may not; .*CREATE SCHEMA "budan" AUTHORIZATION/,
    )
    await run(url, `create schema budan authorization ${role}`)
    expect(await store.migrate()).not.toEqual([])
  })
})

describe('an installation of before', () => {
  it.each(['public', 'tenant'])('stays in %s, for old nodes and new ones', async (path) => {
    const url = await ownDatabase()
    await run(url, 'create schema if not exists tenant')
    await installedBefore(url, path)
    if (path !== 'public') {
      await run(url, `alter database ${new URL(url).pathname.slice(1)} set search_path = ${path}`)
    }
    // A schema of this name that is somebody else's.
    await run(url, 'create schema budan; create table budan.orders (id int)')
    const store = await opened(url)
    expect(await store.migrate()).toEqual([])
    const { orderNo } = await place(store)
    expect(await run(url, `select order_no from ${path}.orders`)).toEqual([{ order_no: orderNo }])
  })

  it('that this user does not see has to be named, and no second one is made beside it', async () => {
    const url = await ownDatabase()
    await run(url, 'create schema tenant')
    await installedBefore(url, 'tenant')
    await expect(openStore(url)).rejects.toThrow(UnusableError)
    await expect(openStore(url)).rejects.toThrow(/\(tenant\).*options=-c%20search_path%3DSCHEMA/)
    expect(await (await opened(withPath(url, 'tenant'))).migrate()).toEqual([])
    // An url that names another place means a second one.
    expect(await (await opened(withPath(url, 'other'))).migrate()).not.toEqual([])
    expect(await placesOf(url)).toEqual(['other', 'tenant'])
  })

  it('beside a new one is used by nobody who did not say which', async () => {
    const url = await ownDatabase()
    await (await opened(url)).migrate()
    await installedBefore(url)
    await expect(openStore(url)).rejects.toThrow(/in more than one schema \(public, budan\)/)
    await opened(withPath(url, 'budan'))
  })
})

describe('an embedded database', () => {
  it('has the schema too, and one of before keeps its place', async () => {
    const fresh = await openPglite({ directory: null })
    closing.push(() => fresh.close())
    expect(fresh.schema).toBe('budan')
    await storeOn(fresh).migrate()
    const { rows } = await sql`select current_schema() as schema`.execute(fresh.db)
    expect(rows).toEqual([{ schema: 'budan' }])

    const directory = mkdtempSync(join(tmpdir(), 'budan-place-'))
    closing.push(async () => rmSync(directory, { recursive: true, force: true }))
    const before = await openPglite({ directory })
    await sql`drop schema public`.execute(before.db)
    await sql`alter schema budan rename to public`.execute(before.db)
    await before.close()
    const after = await openPglite({ directory })
    closing.push(() => after.close())
    expect(after.schema).toBe('public')
    expect(await storeOn(after).migrate()).toEqual([])
  })
})
