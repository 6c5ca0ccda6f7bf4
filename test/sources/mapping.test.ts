import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/fault.ts'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { mappingOf } from '../../src/sources/mapping.ts'
import { factsOf, openSource, openSourceDatabase } from '../../src/sources/open.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, readTable, type Sql, sourceConfig } from './tables.ts'

const base = sourceConfig()

const withColumns = (parts: Partial<SourceConfig['columns']>): Partial<SourceConfig> => ({
  columns: { ...base.columns, ...parts },
})

/** A table whose statuses are in `column`, of which `pending` and `paid` are two. */
const withStatus = (column: string, [pending = '', paid = '']: readonly string[]) => ({
  status: { column, pending: [pending], revive: [], paid, done: [], expired: null },
})

const timeIn = (column: string, time: { zone?: string; unix?: 's' | 'ms' } = {}) =>
  withColumns({ createdAt: { column, zone: time.zone ?? null, unix: time.unix ?? null } })

const endIn = (column: string, unix: 's' | 'ms' | null = null) =>
  withColumns({ expiresAt: { column, zone: null, unix } })

/** The fault, and the part of the configuration that has it. */
const wrong: readonly (readonly [RegExp, Partial<SourceConfig>])[] = [
  [/columns\.created_at: \w+\.orders has no column "zzzzzzzz"; it has id, /, timeIn('zzzzzzzz')],
  [/columns\.expires_at: .* has no column "ends_ta"; did you mean ends_at\?/, endIn('ends_ta')],
  [/columns\.paid_at: .* has no column "paid_on"/, withColumns({ paidAt: 'paid_on' })],
  [/columns\.transaction_id: .* has no column "tx"/, withColumns({ transactionId: 'tx' })],
  [/status\.column: .* has no column "state"/, withStatus('state', ['a', 'b'])],
  [/only: .* has no column "chanel"; did you mean channel\?/, { only: { chanel: 'wx' } }],
  [/columns\.created_at\.unix: "at" is of the type timestamp/, timeIn('at', { unix: 's' })],
  [/columns\.expires_at\.unix: "at" is .*, not a number: leave unix out/, endIn('at', 'ms')],
  [/columns\.created_at\.unix: "ends_at" is of the type \w+.*: give s or ms/, timeIn('ends_at')],
  [/columns\.expires_at\.unix: "amount" is .*: give s or ms, its unit since 1970/, endIn('amount')],
  [
    /columns\.created_at: "extra" is of the type .*, which is no time: make a view/,
    timeIn('extra'),
  ],
  [/columns\.expires_at: "channel" is of the type .*, which is no time/, endIn('channel')],
  [/status\.paid: "OLD" is no value of "kind", .*(enum|state)/, withStatus('kind', ['NEW', 'OLD'])],
  [/status\.pending: "2026-05-20" is no value of "at"/, withStatus('at', ['2026-05-20', '1'])],
  [/status\.paid: "one" is no value of "user_id"/, withStatus('user_id', ['0', 'one'])],
  [/status\.pending: "1\.5" is no value of "user_id"/, withStatus('user_id', ['1.5', '1'])],
  [/only\.kind: "OLD" is no value of "kind", which is of the type /, { only: { kind: 'OLD' } }],
  [/only\.amount: "much" is no value of "amount", .* type /, { only: { amount: 'much' } }],
  [/only\.amount: "1e3" is no value of "amount"/, { only: { amount: '1e3' } }],
  [/only\.flag: "maybe" is no value of "flag"/, { only: { flag: 'maybe' } }],
  [/status\.pending: "0" is no value of "rate"/, withStatus('rate', ['0', '1'])],
]

/** What the row NO0001 has, so that it is read, and NO0002 has not. */
const filters: readonly SourceConfig['only'][] = [
  { amount: '12.50' },
  { rate: '0.5' },
  { kind: 'NEW' },
  { flag: 'true' },
  { flag: '1' },
  { channel: 'wx' },
  { channel: 'wx', note: null },
]

const isSkipped = withoutMariadb()

describe.each([
  {
    name: 'MariaDB',
    skip: isSkipped,
    start: startMariadb,
    at: mysqlAt,
    types: { kind: "enum('NEW', 'PAID', 'it''s')", flag: 'bit(1)', extra: 'year' },
    rate: 'double',
    flag: ["b'1'", "b'0'"],
    extra: '2026',
    before: [],
  },
  {
    name: 'PostgreSQL',
    skip: false,
    start: () => startPostgres({ isDurable: false }),
    at: postgresAt,
    types: { kind: 'state', flag: 'boolean', extra: 'interval' },
    rate: 'real',
    flag: ['true', 'false'],
    extra: "'1 day'",
    before: ["create type state as enum ('NEW', 'PAID', 'it''s')"],
  },
])('a mapping of a table on $name', ({ skip, start, at, types, rate, flag, extra, before }) => {
  describe.skipIf(skip)('that is running', () => {
    let server: { readonly url: string; stop(): Promise<void> }
    let sql: Sql
    beforeAll(async () => {
      server = await start()
      sql = await at(server.url)
      const [on, off] = flag
      const time = '2026-05-20 06:00:00'
      await sql.run(
        ...before,
        `create table orders (id int primary key, order_no varchar(64), user_id int, amount decimal(10,2),
          status varchar(20), created_at timestamp, at ${at === mysqlAt ? 'timestamp null' : 'timestamptz'},
          ends_at bigint, kind ${types.kind}, flag ${types.flag}, extra ${types.extra}, rate ${rate},
          channel varchar(20), note varchar(20))`,
        `insert into orders values
          (1, 'NO0001', 7, 12.5, 'pending', '${time}', '${time}', null, 'NEW', ${on}, ${extra}, 0.5, 'wx', null),
          (2, 'NO0002', 7, 12.6, 'pending', '${time}', '${time}', null, 'it''s', ${off}, ${extra}, 0.25, 'ali', 'x')`,
      )
    }, 180_000)
    afterAll(async () => {
      await sql?.close()
      await server?.stop()
    })

    const config = (parts: Partial<SourceConfig>) => {
      // MariaDB's timestamp is an instant, PostgreSQL's is not.
      const { zone, ...createdAt } = sourceConfig(parts).columns.createdAt
      const isInstant = at === mysqlAt || createdAt.column !== 'created_at'
      const columns = { ...sourceConfig(parts).columns }
      return sourceConfig({
        ...parts,
        url: server.url,
        columns: { ...columns, createdAt: { ...createdAt, zone: isInstant ? null : zone } },
      })
    }

    it.each(wrong)('is refused: %s', async (message, parts) => {
      const opened = openSource(config(parts))
      await expect(opened).rejects.toThrow(ConfigError)
      await expect(opened).rejects.toThrow(message)
    })

    it('has all its faults at once', async () => {
      const parts = {
        ...endIn('channel'),
        ...withStatus('kind', ['OLD', 'OLDER']),
        only: { x: '1' },
      }
      const error = await openSource(config(parts)).catch((thrown: unknown) => thrown)
      const keys = (error as ConfigError).faults.map((fault) =>
        /^source "shop" ([\w.]+):/.exec(fault),
      )
      expect(keys.map((found) => found?.[1])).toEqual([
        ...['only', 'columns.expires_at', 'status.pending', 'status.paid'],
      ])
    })

    it.each(filters)('reads the rows of %j alone', async (only) => {
      const { orders, faults } = await readTable(config({ only }))
      expect(orders.map(({ orderNo }) => orderNo)).toEqual(['NO0001'])
      expect(faults).toEqual([])
    })

    it.each([
      ['kind', ['NEW', 'PAID'], ['NO0001 NEW'], ["NO0002 it's"]],
      ['kind', ["it's", 'NEW'], ["NO0002 it's"], []],
    ] as const)('with statuses in the column %s: %j', async (column, statuses, read, unknown) => {
      const { orders, faults } = await readTable(config(withStatus(column, statuses)))
      expect(orders.map(({ orderNo, status }) => `${orderNo} ${status}`)).toEqual(read)
      expect(faults.map(({ orderNo, value }) => `${orderNo} ${value}`)).toEqual(unknown)
    })

    it('knows no column that it was not checked for', async () => {
      const database = await openSourceDatabase(server.url)
      const mapping = mappingOf(config({}), await factsOf(database, base))
      await database.close()
      expect(mapping.column('amount')).toMatchObject({ name: 'amount', kind: 'decimal' })
      expect(() => mapping.column('amuont')).toThrow(TypeError)
    })
  })
})
