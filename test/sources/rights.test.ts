import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { examineSource } from '../../src/sources/examine.ts'
import { openSource } from '../../src/sources/open.ts'
import { type MariadbServer, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { mysqlAt, now, postgresAt, type Sql, sourceConfig } from './tables.ts'

const directory = mkdtempSync(join(tmpdir(), 'budan-source-rights-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const columns = `id int primary key, order_no varchar(32) not null unique, user_id int,
  amount decimal(10,2), status varchar(20), created_at`

const trapsOf = async (url: string) => {
  const { traps } = await examineSource(sourceConfig({ url }), now)
  return traps.map(({ kind, where }) => `${kind} ${where}`).sort()
}

const rightsOf = async (url: string) =>
  (await examineSource(sourceConfig({ url }), now)).writeRights

/** Reads the first page, and returns the error. */
async function failureOf(url: string, table: string): Promise<unknown> {
  const source = await openSource(sourceConfig({ url, table }))
  const failed = await source
    .page(null, { from: new Date(0), to: now })
    .catch((error: unknown) => error)
  await source.close()
  return failed
}

describe('a table on PostgreSQL', () => {
  let server: PostgresServer
  let sql: Sql
  beforeAll(async () => {
    server = await startPostgres({ isDurable: false })
    sql = await postgresAt(server.url)
    await sql.run(`create table orders (${columns} timestamp)`)
  }, 180_000)
  afterAll(async () => {
    await sql?.close()
    await server?.stop()
  })

  const as = (role: string) => server.url.replace('postgres@', `${role}@`)

  it.each([
    ['reader', 'select', []],
    ['writer', 'select, insert, update', ['INSERT', 'UPDATE']],
    ['owner_of_all', 'all', ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']],
  ])('shows what %s may do beyond reading', async (role, granted, rights) => {
    await sql.run(`create role ${role} login`, `grant ${granted} on orders to ${role}`)
    expect(await rightsOf(as(role))).toEqual(rights)
  })

  it('shows of a superuser that alone', async () => {
    expect(await rightsOf(server.url)).toEqual(['SUPERUSER'])
  })

  it('finds functions and rules of the database that write a status over another', async () => {
    const body = (set: string, where: string) =>
      `language sql as $$ update public.orders set status = '${set}' where ${where} $$`
    await sql.run(
      `create function credit(no text) returns void ${body('paid', 'order_no = no')}`,
      `create procedure expire_old() ${body('expired', 'created_at < now()')}`,
      `create function guarded() returns void ${body('paid', "status = 'pending'")}`,
      `create function reading() returns bigint language sql as $$ select count(*) from public.orders $$`,
      'create table notes (no text)',
      `create rule note_pays as on insert to notes do also update orders set status = 'paid' where order_no = new.no`,
    )
    expect(await trapsOf(server.url)).toEqual([
      'crediting_not_guarded function public.credit',
      'crediting_not_guarded rule note_pays',
      'expiry_overwrites function public.expire_old',
      'index_missing public.orders',
    ])
  })

  it('names the attempt and the cause, and no remedy where none is known', async () => {
    await sql.run(
      `create view broken as select id, order_no, user_id, amount, status || (1 / (id - id))::text as status, created_at from orders`,
      "insert into orders values (1, 'NO0001', 7, 1, 'pending', '2026-05-20 06:00:00')",
    )
    expect(await failureOf(server.url, 'broken')).toMatchObject({
      ...{ name: 'SourceError', isTransient: false },
      message: 'Cannot read source "shop" (public.broken): division by zero',
    })
  })

  it('says which index to create when the server ends a statement', async () => {
    await sql.run(
      'create view slow as select orders.* from orders where pg_sleep(20) is not null or id < 0',
    )
    expect(await failureOf(server.url, 'slow')).toMatchObject({
      name: 'SourceError',
      message: expect.stringMatching(
        /^Cannot read source "shop" \(public\.slow\): .*statement timeout; it was ended after 5 s: create the index that `budan sources` names$/,
      ),
    })
  })
})

describe.skipIf(withoutMariadb())('a table on MariaDB', () => {
  let server: MariadbServer
  let sql: Sql
  beforeAll(async () => {
    server = await startMariadb()
    sql = await mysqlAt(server.url)
    await sql.run(
      `create table orders (${columns} datetime)`,
      'create role keeper',
      'grant delete on shop.* to keeper',
    )
  }, 180_000)
  afterAll(async () => {
    // It would stay for the next user of the server.
    await sql?.run('drop role keeper')
    await sql?.close()
    await server?.stop()
  })

  const as = (user: string) => server.url.replace('root@', `${user}@`)

  it.each([
    ['reader', ['grant select on shop.orders to'], []],
    ['viewer', ['grant select, show view on shop.* to'], []],
    ['writer', ['grant select, insert, update (status) on shop.orders to'], ['INSERT', 'UPDATE']],
    ['member', ['grant select on shop.orders to', 'grant keeper to'], []],
    ['all_of_it', ['grant all on shop.* to'], ['ALL PRIVILEGES']],
  ])('shows what %s may do beyond reading', async (user, grants, rights) => {
    await sql.run(
      `create user ${user}@'127.0.0.1'`,
      ...grants.map((grant) => `${grant} ${user}@'127.0.0.1'`),
    )
    expect(await rightsOf(as(user))).toEqual(rights)
  })

  it('finds no trap in a routine whose text the user may not read', async () => {
    await sql.run(
      'create procedure credit(in no varchar(64)) update orders set status = "paid" where order_no = no',
      "create user runner@'127.0.0.1'",
      "grant select on shop.orders to runner@'127.0.0.1'",
      "grant execute on procedure shop.credit to runner@'127.0.0.1'",
    )
    const readable = 'crediting_not_guarded procedure credit'
    expect(await trapsOf(server.url)).toContain(readable)
    const seen = await trapsOf(as('runner'))
    expect(seen).not.toContain(readable)
    expect(seen).toContain('index_missing shop.orders')
    await sql.run('drop procedure credit')
  })

  it('shows by the plan whether the first page is read by an index', async () => {
    const plan = async () => (await examineSource(sourceConfig({ url: server.url }), now)).plan
    await sql.run(
      `insert into orders select seq, concat('NO', seq), 7, 1, 'completed', '2026-05-19 12:00:00' from seq_1_to_2000`,
    )
    expect((await plan()).usesIndex).toBe(false)
    await sql.run(
      'create index budan_scan on orders (status, created_at, id)',
      'analyze table orders',
    )
    const { usesIndex, lines } = await plan()
    expect({ usesIndex, lines }).toEqual({
      usesIndex: true,
      lines: expect.arrayContaining([expect.stringMatching(/^orders: \w+, key budan_scan, /)]),
    })
  })

  it('names the attempt and the cause, and no remedy where none is known', async () => {
    await sql.run(
      `create function refused() returns varchar(20) begin
        signal sqlstate '45000' set message_text = 'closed for today'; return ''; end`,
      `create view broken as select id, order_no, user_id, amount, concat(status, refused()) as status, created_at from orders`,
    )
    expect(await failureOf(server.url, 'broken')).toMatchObject({
      ...{ name: 'SourceError', isTransient: false },
      message: 'Cannot read source "shop" (shop.broken): closed for today',
    })
  })

  it('says which index to create when the server ends a statement', async () => {
    await sql.run('create view slow as select orders.* from orders where sleep(0.1) = 0 or id < 0')
    expect(await failureOf(server.url, 'slow')).toMatchObject({
      name: 'SourceError',
      message: expect.stringMatching(
        /^Cannot read source "shop" \(shop\.slow\): .*; it was ended after 5 s: create the index that `budan sources` names$/,
      ),
    })
  })

  it.each([
    ['wrong-user', 'shop', 'correct user and password in its url'],
    ['root', 'nowhere', "correct the database's name in its url"],
  ])('says what to correct for the user %s and the database %s', async (user, name, remedy) => {
    const url = as(user).replace(/shop$/, name)
    await expect(openSource(sourceConfig({ url }))).rejects.toThrow(
      new RegExp(`^Cannot open source "shop": .*; ${remedy}$`),
    )
  })
})

describe('openSource()', () => {
  const file = join(directory, 'ca.pem')
  writeFileSync(file, 'no certificate\n')

  it.each(['mysql', 'postgres'])(
    'says what is wrong with a file that a url of %s names',
    async (scheme) => {
      const url = `${scheme}://budan:hidden@127.0.0.1:1/shop?sslmode=verify-full&sslrootcert=${file}`
      const error = await openSource(sourceConfig({ url })).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ name: 'SourceError', isTransient: false })
      expect(String(error)).toMatch(
        /Cannot open source "shop": ".*ca\.pem" holds no certificate; ./,
      )
      expect(String(error)).not.toContain('hidden')
    },
  )

  it.each(['mysql', 'postgres'])(
    'may succeed later where a server of %s hangs up',
    async (scheme) => {
      const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const url = `${scheme}://budan@127.0.0.1:${port}/shop`
      const error = await openSource(sourceConfig({ url })).catch((thrown: unknown) => thrown)
      server.close()
      expect(error).toMatchObject({ name: 'SourceError', isTransient: true })
      expect(String(error)).toContain('Cannot open source "shop": ')
    },
  )
})
