import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/fault.ts'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { openSource } from '../../src/sources/open.ts'
import type { SourceTrap } from '../../src/sources/source.ts'
import { type MariadbServer, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, readTable, type Sql, sourceConfig } from './tables.ts'

const base = sourceConfig()

function withColumns(parts: Partial<SourceConfig['columns']>): Partial<SourceConfig> {
  return { columns: { ...base.columns, ...parts } }
}

function withStatus(parts: Partial<SourceConfig['status']>): Partial<SourceConfig> {
  return { status: { ...base.status, ...parts } }
}

const createdAt = (zone: string | null, unix: 's' | 'ms' | null = null) => ({
  createdAt: { column: 'created_at', zone, unix },
})

/** What the mapping says, and the fault that names its key, its column and what is there. */
const wrong: readonly (readonly [string, Partial<SourceConfig>, string | RegExp])[] = [
  [
    'a missing column',
    withColumns({ userId: 'usr_id' }),
    /columns\.user_id: \w+\.orders has no column "usr_id"; did you mean user_id\? It has id, order_no, user_id/,
  ],
  ['a missing table', { table: 'ordres' }, /table: .* has no table or view "ordres"/],
  [
    'a time without a zone',
    withColumns(createdAt(null)),
    /columns\.created_at\.zone: .* no time zone/,
  ],
  [
    'a time read as a number',
    withColumns(createdAt(null, 's')),
    /columns\.created_at\.unix: .* not a number/,
  ],
  [
    'a text read as a time',
    withColumns({ createdAt: { column: 'order_no', zone: null, unix: null } }),
    /columns\.created_at: "order_no" is of the type .*, which is no time/,
  ],
  [
    'a time read as an amount',
    withColumns({ amount: { columns: ['created_at'], unit: 'yuan' } }),
    /columns\.amount: "created_at" is of the type .*, which is no amount/,
  ],
  [
    'a status that the column cannot have',
    withStatus({
      column: 'kind',
      pending: ['pending'],
      revive: [],
      paid: '1',
      done: [],
      expired: null,
    }),
    /status\.pending: "pending" is no value of "kind", which is of the type/,
  ],
  [
    'a column of a condition',
    { only: { deleted: '0' } },
    /only: \w+\.orders has no column "deleted"/,
  ],
]

const isSkipped = withoutMariadb()

describe('openSource()', () => {
  let mariadb: MariadbServer | null = null
  let postgres: PostgresServer
  let mysql: Sql | null = null
  let pg: Sql
  beforeAll(async () => {
    mariadb = isSkipped ? null : await startMariadb()
    postgres = await startPostgres({ isDurable: false })
    mysql = mariadb && (await mysqlAt(mariadb.url))
    pg = await postgresAt(postgres.url)
    const create = (time: string) =>
      `create table orders (id bigint primary key, order_no varchar(64), user_id bigint, amount decimal(12,4),
        status varchar(20), kind smallint, created_at ${time})`
    await mysql?.run(create('datetime'))
    await pg.run(create('timestamp'))
  }, 180_000)
  afterAll(async () => {
    await Promise.all([mysql?.close(), pg?.close()])
    await Promise.all([mariadb?.stop(), postgres?.stop()])
  })

  const urls = () => [postgres.url, ...(mariadb === null ? [] : [mariadb.url])]

  it.each(wrong)('names %s', async (_, parts, message) => {
    for (const url of urls()) {
      const opened = openSource(sourceConfig({ ...parts, url }))
      await expect(opened).rejects.toThrow(ConfigError)
      await expect(opened).rejects.toThrow(message)
    }
  })

  it('says that the server cannot be had, without the password', async () => {
    for (const scheme of ['mysql', 'postgres']) {
      const url = `${scheme}://budan:s3cret-w0rd@127.0.0.1:1/shop`
      const error = await openSource(sourceConfig({ url })).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ name: 'SourceError', isTransient: true })
      expect(String(error)).toMatch(/Cannot open source "shop": .*ECONNREFUSED.*start/)
      expect(String(error)).not.toContain('s3cret-w0rd')
    }
  })

  it('says which right is missing', async () => {
    await pg.run('create role reader login', 'grant usage on schema public to reader')
    const url = postgres.url.replace('postgres@', 'reader@')
    await expect(readTable(sourceConfig({ url }))).rejects.toThrow(
      /permission denied.*grant select/,
    )
    if (mariadb === null || mysql === null) return
    await mysql.run(
      'create table other (id int primary key)',
      "create user reader@'127.0.0.1'",
      "grant select on shop.other to reader@'127.0.0.1'",
    )
    const other = mariadb.url.replace('root@', 'reader@')
    await expect(readTable(sourceConfig({ url: other }))).rejects.toThrow(
      /no table or view "orders", or this user may not see it/,
    )
  })

  it('writes nothing, and is not able to', async () => {
    const { openSourceDatabase } = await import('../../src/sources/open.ts')
    const { sql } = await import('kysely')
    for (const url of urls()) {
      const database = await openSourceDatabase(url)
      const write = database.read((query) =>
        query(
          sql`insert into ${sql.id(url.startsWith('mysql') ? 'shop' : 'public', 'orders')} (id) values (1)`,
        ),
      )
      await expect(write).rejects.toThrow(/read.only/i)
      await database.close()
    }
  })

  it('ends a statement that takes long', async () => {
    const { openSourceDatabase } = await import('../../src/sources/open.ts')
    const { sql } = await import('kysely')
    const each = urls().map(async (url) => {
      const database = await openSourceDatabase(url)
      const long = url.startsWith('mysql') ? sql`select sleep(60)` : sql`select pg_sleep(60)`
      const read = database.read((query) => query(long))
      await expect(read).rejects.toThrow(/max_statement_time|statement timeout/)
      await database.close()
    })
    await Promise.all(each)
  }, 60_000)

  it('shows the traps of a schema', async () => {
    if (mariadb === null || mysql === null) return
    await mysql.run(
      `create table trapped (order_no varchar(64), user_id int, amount double, status varchar(20), created_at datetime) engine = MyISAM`,
      `create procedure expire_orders() update trapped set status = 'expired' where created_at < now() - interval 1 hour`,
      `create procedure guarded() update trapped set status = 'expired' where status = 'pending' and created_at < now()`,
      `create procedure credit(in no varchar(64)) update trapped set status = 'paid' where order_no = no`,
    )
    const source = await openSource(sourceConfig({ url: mariadb.url, table: 'trapped' }))
    const traps = await source.traps()
    await source.close()
    const kinds = traps.map(({ kind, where }: SourceTrap) => `${kind} ${where}`)
    expect(kinds.sort()).toEqual([
      'collation_ignores_case shop.trapped.order_no',
      'crediting_not_guarded procedure credit',
      'expiry_overwrites procedure expire_orders',
      'index_missing shop.trapped',
      'no_key shop.trapped',
      'not_transactional shop.trapped',
      'order_no_not_unique shop.trapped.order_no',
    ])
  })

  it('reads each kind of value as it is meant', async () => {
    await pg.run(
      "create type state as enum ('NEW', 'PAID')",
      `create table kinds (no text primary key, uid bigint, money double precision, paid boolean, made bigint, ends bigint)`,
      `insert into kinds values ('F00001', 9007199254740993, 12.34, false, 1779163200123, 0),
        ('F00002', 1, 0.1 + 0.2, false, 1779163200123, 1779170400000), ('F00003', 1, 12.345, false, 1779163200123, 0),
        ('F00004', 1, 'NaN', false, 1779163200123, 0), ('F00005', 1, 5, true, 1779163200123, 0)`,
    )
    const config = sourceConfig({
      ...{ url: postgres.url, table: 'public.kinds' },
      columns: {
        ...{ orderNo: 'no', userId: 'uid', transactionId: null, paidAt: null },
        amount: { columns: ['money'], unit: 'yuan' },
        createdAt: { column: 'made', zone: null, unix: 'ms' },
        expiresAt: { column: 'ends', zone: null, unix: 'ms' },
      },
      status: {
        column: 'paid',
        pending: ['false'],
        revive: [],
        paid: 'true',
        done: [],
        expired: null,
      },
    })
    const { orders, faults } = await readTable(config)
    expect(orders).toEqual([
      {
        ...{ orderNo: 'F00001', userId: '9007199254740993', amount: 1234n, status: 'false' },
        ...{ createdAt: new Date(1779163200123), expiresAt: null, standing: 'pending' },
      },
      {
        ...{ orderNo: 'F00002', userId: '1', amount: 30n, status: 'false', standing: 'pending' },
        ...{ createdAt: new Date(1779163200123), expiresAt: new Date(1779170400000) },
      },
    ])
    expect(faults.map(({ orderNo, value, problem }) => [orderNo, value, problem])).toEqual([
      ['F00003', '12.345', 'amount_unreadable'],
      ['F00004', 'NaN', 'amount_unreadable'],
    ])
    // Seconds that are read as milliseconds would be in 1970, out of every window.
    await pg.run("update kinds set made = made / 1000 where no = 'F00001'")
    const odd = await readTable(config)
    expect(odd.faults).toContainEqual(
      expect.objectContaining({ orderNo: 'F00001', problem: 'time_unreadable' }),
    )
  })
})
