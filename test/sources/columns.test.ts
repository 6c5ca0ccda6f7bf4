import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { isUnique } from '../../src/sources/databases/table-facts.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, readTable, type Sql, sourceConfig } from './tables.ts'

interface Columns {
  readonly key?: string
  readonly status?: string
  readonly orderNo?: string
  readonly createdAt?: string
}

/** More than one page of a second: the key alone says where the next one begins. */
const rowsOfSecond = 1_100

const others = 'user_id int, amount decimal(10, 2)'

function table({ key = 'int', ...types }: Columns): readonly string[] {
  const { orderNo = 'varchar(64)', status = 'varchar(20)', createdAt = 'timestamp' } = types
  return [
    'drop table if exists orders',
    `create table orders (id ${key} primary key, order_no ${orderNo} not null unique, ${others}, status ${status}, created_at ${createdAt})`,
  ]
}

/** `order number` and `status` of each row; a status is SQL. */
function rows(statuses: Readonly<Record<string, string>>): string {
  const values = Object.entries(statuses).map(
    ([no, status], at) => `(${at}, '${no}', 1, 1, ${status}, '2026-05-20 06:00:00')`,
  )
  return `insert into orders values ${values.join(', ')}`
}

const bits = { column: 'status', pending: ['0'], revive: [], paid: '1', done: [], expired: null }

describe.each([
  {
    name: 'MariaDB',
    skip: withoutMariadb(),
    start: startMariadb,
    at: mysqlAt,
    numbers: `seq_1_to_${rowsOfSecond}`,
    keys: {
      'binary(16)': 'unhex(md5(seq))',
      'decimal(20, 0)': '1797000000000000000 + seq',
      'varchar(40)': 'md5(seq)',
    },
    statuses: [
      'varchar(20) collate utf8mb4_general_ci',
      'varchar(20) collate utf8mb4_general_nopad_ci',
      'varchar(20) collate utf8mb4_bin, index (status)',
    ],
  },
  {
    name: 'PostgreSQL',
    skip: false,
    start: () => startPostgres({ isDurable: false }),
    at: postgresAt,
    numbers: `generate_series(1, ${rowsOfSecond}) seq`,
    keys: {
      bytea: "decode(md5(seq::text), 'hex')",
      citext: "chr(65 + seq % 2 * 32) || seq || 'x'",
    },
    statuses: ['text', 'text collate ignoring_case', 'char(20)'],
  },
])('a table on $name', ({ name, skip, start, at, numbers, keys, statuses }) => {
  describe.skipIf(skip)('that is running', () => {
    let server: { readonly url: string; stop(): Promise<void> }
    let sql: Sql
    const isMysql = name === 'MariaDB'
    const read = (parts: Partial<SourceConfig> = {}) =>
      readTable(sourceConfig({ url: server.url, ...parts }))
    const faultsOf = async (parts: Partial<SourceConfig> = {}) =>
      (await read(parts)).faults.map(({ orderNo, value }) => `${orderNo} ${value}`).sort()

    beforeAll(async () => {
      server = await start()
      sql = await at(server.url)
      if (isMysql) return
      const locale = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"
      await sql.run('create extension citext', `create collation ignoring_case (${locale})`)
    }, 180_000)
    afterAll(async () => {
      await sql?.close()
      await server?.stop()
    })

    it.each(Object.entries(keys))('is read whole by a key of the type %s', async (key, value) => {
      await sql.run(
        ...table({ key }),
        `insert into orders select ${value}, concat('NO', seq), 1, 1, 'pending', '2026-05-19 12:00:00' from ${numbers}`,
      )
      const { orders } = await read()
      expect(new Set(orders.map(({ orderNo }) => orderNo)).size).toBe(rowsOfSecond)
    })

    // Types that only one of the databases has.
    if (isMysql)
      it('is read whole by a key that begins with an enum', async () => {
        await sql.run(
          'drop table if exists orders',
          `create table orders (pay enum('z', 'a', 'm'), order_no varchar(64), ${others}, status varchar(20),
          created_at datetime, primary key (pay, order_no))`,
          `insert into orders select elt(1 + seq % 3, 'z', 'a', 'm'), concat('NO', seq), 1, 1, 'pending', '2026-05-19 12:00:00' from ${numbers}`,
        )
        const { orders } = await read()
        expect(new Set(orders.map(({ orderNo }) => orderNo)).size).toBe(rowsOfSecond)
      })

    it.each(statuses)('shows statuses that are almost those of the mapping: %s', async (status) => {
      await sql.run(
        ...table({ status }),
        rows({ A1: "'pending'", A2: "concat('pending', chr(10))", A3: "'pending '", A4: "'paid'" }),
      )
      const isFilled = status === 'char(20)'
      const { orders, faults } = await read()
      expect(orders.map(({ orderNo }) => orderNo)).toEqual(isFilled ? ['A1', 'A3'] : ['A1'])
      expect(new Set(faults.map(({ orderNo, value }) => `${orderNo} ${value}`))).toEqual(
        new Set(['A2 pending\n', ...(isFilled ? [] : ['A3 pending '])]),
      )
    })

    it('reads expired rows also where they are not to be revived', async () => {
      await sql.run(...table({}), rows({ A1: "'expired'", A2: "'paid'" }))
      const { status } = sourceConfig()
      const { orders } = await read({ status: { ...status, revive: [] } })
      expect(orders).toEqual([expect.objectContaining({ orderNo: 'A1', standing: 'revivable' })])
    })

    it('refuses a filter that no row can have', async () => {
      await sql.run(...table({}))
      await expect(read({ only: { user_id: 'wechat' } })).rejects.toThrow(
        /only\.user_id: "wechat" is no value of "user_id", which is of the type int/,
      )
    })

    if (isMysql)
      it('understands bits, with an index and without', async () => {
        for (const status of ['bit(2)', 'bit(2), index (status)']) {
          await sql.run(...table({ status }), rows({ A1: "b'0'", A2: "b'1'", A3: "b'10'" }))
          const { orders } = await read({ status: bits })
          expect(orders.map(({ orderNo }) => orderNo)).toEqual(['A1'])
          expect(await faultsOf({ status: bits })).toEqual(['A3 2'])
        }
      })

    it('reads the rows of today by a column of days, and numbers without their filling', async () => {
      await sql.run(...table({ orderNo: 'char(32)', createdAt: 'date' }), rows({ A1: "'pending'" }))
      expect((await read()).orders.map(({ orderNo }) => orderNo)).toEqual(['A1'])
    })
  })
})

it.each([
  [null, true],
  ["((order_no)::text <> ''::text)", true],
  ["((order_no IS NOT NULL) AND (order_no <> ''::text))", true],
  ['(paid_at IS NOT NULL)', false],
  ["((deleted_at IS NULL) AND ((order_no)::text <> ''::text))", false],
])('isUnique() by an index of the rows where %s: %s', (predicate, expected) => {
  const index = { name: 'one', columns: ['order_no'], isUnique: true, isPrimary: false, predicate }
  const facts = { schema: 'public', name: 'orders', isView: false, columns: [], indexes: [index] }
  expect(isUnique({ ...facts, rows: 0, isTransactional: true }, 'order_no')).toBe(expected)
})
