import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { buildWeb } from '../../src/web/server.ts'
import { runOfMerchant } from '../contract/store-fixtures.ts'
import { startPostgres } from '../support/postgres.ts'
import { freshDatabase } from '../support/stores.ts'
import { openWorld, type World } from '../support/world.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function served(world: World) {
  const apiToken = randomBytes(24).toString('base64')
  const server = { ...world.config.server, apiToken }
  const app = await buildWeb(world.budan, { server, version: 'test', clock: world.now })
  closing.push(() => app.close())
  const headers = { authorization: `Bearer ${apiToken}` }
  return async (url: string) => {
    const { statusCode, body } = await app.inject({ url, headers })
    return { statusCode, body }
  }
}

describe('a PostgreSQL server that was stopped', () => {
  it('turns /readyz red and leaves /metrics, /healthz and the overview to answer', async () => {
    const server = await startPostgres()
    closing.push(() => server.stop())
    const store = await openStore(server.url)
    await store.migrate()
    const world = await openWorld({ store, startAt: new Date() })
    closing.push(() => world.close())
    const get = await served(world)
    const before = await get('/metrics')
    expect(before.body).toContain('budan_database_up 1\n')
    expect(before.body).toContain('budan_orders{status="pending"} 0\n')

    await server.stop()
    for (let times = 0; times < 3; times += 1) {
      const [metrics, ready, health, overview] = await Promise.all(
        ['/metrics', '/readyz', '/healthz', '/'].map(get),
      )
      expect(metrics?.statusCode).toBe(200)
      expect(metrics?.body).toContain('budan_database_up 0\n')
      expect(metrics?.body).toContain('budan_ready 0\n')
      expect(metrics?.body).not.toMatch(/^budan_(orders|review_orders|last|database_writable)/m)
      expect(ready?.statusCode).toBe(503)
      expect(ready?.body).toContain('it does not answer: see the log')
      expect(health?.statusCode).toBe(200)
      expect(overview?.statusCode).toBe(200)
      expect(overview?.body).toContain('The database does not answer')
    }
  })
})

describe('the embedded database', () => {
  const fill = `create function full_disk() returns trigger language plpgsql as $$ begin
      raise exception 'could not extend file' using errcode = '53100';
    end $$`
  const trigger = (table: string) => `create trigger full_disk before insert or update on ${table}
      for each statement execute function full_disk()`

  it.each([
    {
      state: 'read-only',
      begin: ['set default_transaction_read_only = on'],
      end: ['set default_transaction_read_only = off'],
    },
    {
      state: 'has no room left',
      begin: [fill, trigger('retention')],
      end: ['drop function full_disk cascade'],
    },
  ])('is found not to take writes by writing: $state', async ({ state, begin, end }) => {
    const { store, database } = await freshDatabase('pglite')
    const world = await openWorld({ store })
    closing.push(() => world.close())
    const get = await served(world)
    const make = async (statements: readonly string[]) => {
      for (const statement of statements) await sql.raw(statement).execute(database.db)
    }
    await make(begin)
    const red = await get('/readyz')
    expect(red.statusCode).toBe(503)
    expect(red.body).toContain(state)
    expect((await get('/metrics')).body).toContain('budan_database_writable 0\n')
    expect((await get('/')).statusCode).toBe(200)
    await make(end)
    expect((await get('/metrics')).body).toContain('budan_database_writable 1\n')
  })

  it('that some work has found full stays so until a write that needs room goes well', async () => {
    const { store, database } = await freshDatabase('pglite')
    closing.push(() => store.close())
    const make = (statement: string) => sql.raw(statement).execute(database.db)
    await make(fill)
    await make(trigger('runs'))
    // What a full disk refuses: no block for a new table, and none for a new row.
    await make(`create function no_room() returns event_trigger language plpgsql as $$ begin
        raise exception 'could not extend file' using errcode = '53100';
      end $$`)
    await make(`create event trigger no_room on ddl_command_start when tag in ('CREATE TABLE AS')
      execute function no_room()`)
    expect(await store.writeFault()).toBeNull()
    const run = { ...runOfMerchant, trigger: 'manual', intervalMs: null } as const
    await expect(store.openRun(run)).rejects.toThrow(/could not extend file/)
    for (let times = 0; times < 3; times += 1) {
      expect(await store.writeFault()).toMatchObject({ kind: 'full' })
    }
    await make('drop event trigger no_room')
    expect(await store.writeFault()).toBeNull()
  })
})
