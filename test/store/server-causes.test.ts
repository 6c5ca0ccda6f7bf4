import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { examineDatabase } from '../../src/cli/doctor/database.ts'
import { probeEngine } from '../../src/queue/probe.ts'
import { StoreError } from '../../src/store/errors.ts'
import { openStore } from '../../src/store/open.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

let server: PostgresServer
let port: string
let mysql: Server
/** Takes connections, and says nothing: a pooler whose PostgreSQL is away. */
let silent: Server
let web: ReturnType<typeof createHttpServer>
const said = new Map<string, string | null>()

beforeAll(async () => {
  server = await startPostgres({
    files: {
      'postgresql.auto.conf': 'max_connections = 8\nsuperuser_reserved_connections = 1\n',
      'pg_hba.conf': [
        'local all all trust',
        'host all nowhere all reject',
        'host closed all all reject',
        'host all keeper all scram-sha-256',
        'host all all all trust',
        '',
      ].join('\n'),
    },
  })
  port = new URL(server.url).port
  const client = new pg.Client(server.url)
  await client.connect()
  for (const statement of [
    "create role keeper login password 'right'",
    'create role guest login',
    'create role nologin',
    'create database closed',
    'create database shut',
    'revoke connect on database shut from public',
    'create role lim login connection limit 0',
    'create database narrow connection limit 0',
    'create database taken',
    "create database latin encoding 'LATIN1' template template0 locale 'C'",
  ]) {
    await client.query(statement)
  }
  await client.end()
  const shop = new pg.Client(server.url.replace(/postgres$/, 'taken'))
  await shop.connect()
  await shop.query('create table public.orders (id int)')
  await shop.query('grant create, usage on schema public to guest')
  await shop.end()
  silent = createServer((socket) => void socket.on('error', () => undefined))
  // As MySQL greets: it speaks first.
  mysql = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.write(Buffer.from('4a0000000a382e302e3336', 'hex'))
  })
  web = createHttpServer((_, response) => response.end('hello'))
  await Promise.all(
    [mysql, web, silent].map(
      (each) => new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve)),
    ),
  )
})
afterAll(async () => {
  mysql.close()
  web.close()
  silent.close()
  await server.stop()
})

const portOf = (each: { address(): unknown }) => (each.address() as AddressInfo).port

async function refusal(url: string): Promise<StoreError> {
  const error = await openStore(url).then(
    async (store) => {
      // One that can be opened and not used says so at its first use.
      const end = await store.migrate().then(
        () => null,
        (error: unknown) => error,
      )
      await store.close()
      return end
    },
    (error: unknown) => error,
  )
  if (!(error instanceof StoreError)) throw new Error(`It was opened, or: ${error}`)
  return error
}

describe('a server of PostgreSQL that cannot be used', () => {
  it.each<[string, () => string, RegExp]>([
    [
      'by a name that leads nowhere',
      () => 'postgres://u@nowhere.invalid/db',
      /^(no such host is known|no DNS server)/,
    ],
    ['where nobody listens', () => 'postgres://u@127.0.0.1:1/db', /^nobody listens there/],
    ['that is MySQL', () => `postgres://u@127.0.0.1:${portOf(mysql)}/db`, /is no PostgreSQL/],
    [
      'by a wrong password',
      () => `postgres://keeper:wrong@127.0.0.1:${port}/postgres`,
      /^user or password/,
    ],
    [
      'without a password',
      () => `postgres://keeper@127.0.0.1:${port}/postgres`,
      /wants a password, and the url has none/,
    ],
    [
      'by no such user',
      () => `postgres://nobody@127.0.0.1:${port}/postgres`,
      /^correct the user in the url/,
    ],
    [
      'by a role without login',
      () => `postgres://nologin@127.0.0.1:${port}/postgres`,
      /ALTER ROLE … LOGIN/,
    ],
    [
      'of no such database',
      () => `postgres://guest@127.0.0.1:${port}/none`,
      /^correct the database's name/,
    ],
    [
      'whose pg_hba.conf rejects us',
      () => `postgres://guest@127.0.0.1:${port}/closed`,
      /pg_hba\.conf/,
    ],
    [
      'that we may not connect to',
      () => `postgres://guest@127.0.0.1:${port}/shut`,
      /GRANT CONNECT/,
    ],
    [
      'where we may make no schema',
      () => `postgres://guest@127.0.0.1:${port}/postgres`,
      /CREATE SCHEMA/,
    ],
    [
      'where we may make no tables in the schema that is named',
      () => `postgres://guest@127.0.0.1:${port}/postgres?options=-c%20search_path%3Dpublic`,
      /GRANT USAGE, CREATE ON SCHEMA/,
    ],
    [
      'whose role has no more connections',
      () => `postgres://lim@127.0.0.1:${port}/postgres`,
      /ALTER ROLE … CONNECTION LIMIT/,
    ],
    [
      'whose database has no more connections',
      () => `postgres://guest@127.0.0.1:${port}/narrow`,
      /ALTER DATABASE … CONNECTION LIMIT/,
    ],
    [
      "where another program's tables have the names of ours",
      () => `postgres://guest@127.0.0.1:${port}/taken?options=-c%20search_path%3Dpublic`,
      /name a schema for budan alone/,
    ],
    [
      'that takes the connection and gives no session',
      () => `postgres://guest@127.0.0.1:${portOf(silent)}/postgres`,
      /^it waits for something itself/,
    ],
    [
      'of which two hosts fail for two causes',
      () => `postgres://guest@127.0.0.1:1,127.0.0.1:${port}/none`,
      /^127\.0\.0\.1:1: nobody listens there.*; 127\.0\.0\.1:\d+: correct the database's name/,
    ],
    [
      'that has no TLS',
      () => `postgres://guest@127.0.0.1:${port}/postgres?sslmode=require`,
      /offers no TLS/,
    ],
    [
      'by a CA whose file is not there',
      () => `postgres://guest@127.0.0.1:${port}/postgres?sslmode=verify-full&sslrootcert=/none.pem`,
      /cannot be read: correct its path/,
    ],
  ])('%s', async (name, url, remedy) => {
    const { remedy: found, message } = await refusal(url())
    expect(found ?? message).toMatch(remedy)
    said.set(name, found)
    expect(message.split('database "postgres:').length).toBeLessThan(3)
    expect(message).not.toMatch(/right|wrong@/)
  })

  it('on several hosts where nobody listens says so once', async () => {
    const error = await refusal('postgres://u@127.0.0.1:1,127.0.0.1:2/db')
    expect(error.remedy).toBe('nobody listens there: start PostgreSQL, or correct host and port')
    const trouble = await probeEngine('postgres://u@127.0.0.1:1,127.0.0.1:2/db')
    expect(trouble?.remedy).toBe(error.remedy)
  })

  it("where another program's table has the name of ours says so to doctor, too", async () => {
    const url = `postgres://guest@127.0.0.1:${port}/taken?options=-c%20search_path%3Dpublic`
    const { findings } = await examineDatabase(url)
    expect(findings).toMatchObject([
      { name: 'database', next: expect.stringMatching(/schema for budan/) },
    ])
  })

  it.each(['postgres', 'queue'])(
    'keeps no connection open after a missing password: %s',
    async (door) => {
      const url = `postgres://keeper@127.0.0.1:${port}/postgres`
      if (door === 'queue') await probeEngine(url)
      else await refusal(url)
      const client = new pg.Client(server.url)
      await client.connect()
      const others = `
        select from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`
      // Left open, it would be there until authentication_timeout: a minute.
      await vi.waitFor(async () => expect((await client.query(others)).rowCount).toBe(0), 30_000)
      await client.end()
    },
  )

  it('by its encoding', async () => {
    expect((await refusal(`postgres://guest@127.0.0.1:${port}/latin`)).message).toContain(
      'its encoding is LATIN1, not UTF8',
    )
  })

  it('that has no room for more connections', async () => {
    const clients: pg.Client[] = []
    // A session of the tests before that is still ending may take a place, and free it later.
    while (clients.length < 7) {
      const client = new pg.Client(`postgres://guest@127.0.0.1:${port}/postgres`)
      client.on('error', () => undefined)
      await client.connect().then(
        () => clients.push(client),
        () => undefined,
      )
    }
    const error = await refusal(`postgres://guest@127.0.0.1:${port}/postgres`)
    await Promise.all(clients.map((client) => client.end()))
    expect(error.remedy).toMatch(/raise max_connections/)
    said.set('full', error.remedy)
  })

  it('has a next step of its own for each of them', () => {
    const steps = [...said.values()]
    expect(steps).not.toContain(null)
    expect(new Set(steps).size).toBe(steps.length)
  })
})
