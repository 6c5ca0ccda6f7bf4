import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SourceConfig } from '../../src/config/sources/source-config.ts'
import { openSource } from '../../src/sources/open.ts'
import { writePosition } from '../../src/sources/position.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, readTable, type Sql, sourceConfig, window } from './tables.ts'

const { columns } = sourceConfig()
const unix = (column: string, unit: 's' | 'ms' = 's') => ({ column, zone: null, unix: unit })
/** In seconds since 1970, an hour before `now` of tables.ts. */
const made = 1_779_260_400

const amountOf = (names: readonly string[], unit: 'yuan' | 'fen') => ({
  ...{ columns: { ...columns, createdAt: unix('made'), amount: { columns: names, unit } } },
})

describe.each([
  {
    name: 'MariaDB',
    skip: withoutMariadb(),
    start: startMariadb,
    at: mysqlAt,
    series: (count: number) => `seq_1_to_${count}`,
  },
  {
    name: 'PostgreSQL',
    skip: false,
    start: () => startPostgres({ isDurable: false }),
    at: postgresAt,
    series: (count: number) => `generate_series(1, ${count}) seq`,
  },
])('a source on $name', ({ skip, start, at, series }) => {
  describe.skipIf(skip)('that is running', () => {
    let server: { readonly url: string; stop(): Promise<void> }
    let sql: Sql
    beforeAll(async () => {
      server = await start()
      sql = await at(server.url)
    }, 180_000)
    afterAll(async () => {
      await sql?.close()
      await server?.stop()
    })

    const create = (key = 'primary key') =>
      sql.run(
        'drop table if exists orders',
        `create table orders (id int not null ${key}, order_no varchar(64), user_id varchar(20),
          amount decimal(12,2), fee decimal(12,2), note varchar(20), status varchar(20), made bigint, ends bigint)`,
      )
    const insert = (...rows: readonly string[]) =>
      sql.run(`insert into orders values ${rows.map((row) => `(${row})`).join(', ')}`)
    const config = (parts: Partial<SourceConfig> = {}) =>
      sourceConfig({
        ...{ url: server.url, columns: { ...columns, createdAt: unix('made') } },
        ...parts,
      })

    it('adds up the columns of an amount, of which one may be null', async () => {
      await create()
      await insert(
        `1, 'A1', 'u', 12.00, 0.34, null, 'pending', ${made}, null`,
        `2, 'A2', 'u', 12.00, null, null, 'pending', ${made}, null`,
        `3, 'A3', 'u', null, null, null, 'pending', ${made}, null`,
        `4, 'A4', 'u', 1, -1, null, 'pending', ${made}, null`,
        `5, 'A5', 'u', 5, -1, null, 'pending', ${made}, null`,
      )
      const { orders, faults } = await readTable(config(amountOf(['amount', 'fee'], 'yuan')))
      expect(orders.map(({ orderNo, amount }) => [orderNo, amount])).toEqual([
        ...[
          ['A1', 1234n],
          ['A2', 1200n],
          ['A5', 400n],
        ],
      ])
      expect(faults.map(({ orderNo, column, value }) => [orderNo, column, value])).toEqual([
        ['A3', 'amount', null],
        ['A4', 'amount', '1.00'],
      ])
    })

    it('reads fen in a column of decimals or texts, and no fraction of them', async () => {
      await create()
      await insert(
        `1, 'B1', 'u', 12.00, 0, ' 12 ', 'pending', ${made}, null`,
        `2, 'B2', 'u', 12.50, 0, '12.0', 'pending', ${made}, null`,
        `3, 'B3', 'u', 99.00, 0, '1,200', 'pending', ${made}, null`,
        `4, 'B4', 'u', 0, 0, '1e3', 'pending', ${made}, null`,
      )
      const read = async (column: string) => {
        const { orders, faults } = await readTable(config(amountOf([column], 'fen')))
        const shown = orders.map(({ orderNo, amount }) => `${orderNo} ${amount}`)
        return { orders: shown, faults: faults.map(({ orderNo, value }) => `${orderNo} ${value}`) }
      }
      expect(await read('amount')).toEqual({
        orders: ['B1 12', 'B3 99'],
        faults: ['B2 12.50', 'B4 0.00'],
      })
      expect(await read('note')).toEqual({
        orders: ['B1 12', 'B2 12'],
        faults: ['B3 1,200', 'B4 1e3'],
      })
    })

    it('names the second of several columns where that one is no amount', async () => {
      await create()
      await insert(`1, 'C1', 'u', 12, 1, 'free', 'pending', ${made}, null`)
      const { faults } = await readTable(config(amountOf(['amount', 'note'], 'yuan')))
      expect(faults).toEqual([
        {
          ...{ orderNo: 'C1', key: '1', column: 'note', value: 'free' },
          problem: 'amount_unreadable',
        },
      ])
    })

    it('shows rows whose time is none, too early or too late, with that time', async () => {
      await create()
      const late = made + 3 * 86_400
      await insert(
        `1, 'D1', 'u', 1, 0, null, 'pending', null, null`,
        `2, 'D2', 'u', 1, 0, null, 'pending', 0, null`,
        `3, 'D3', 'u', 1, 0, null, 'expired', 86400, null`,
        `4, 'D4', 'u', 1, 0, null, 'pending', ${late}, null`,
        `5, 'D5', 'u', 1, 0, null, 'paid', ${late}, null`,
        `6, 'D6', null, 1, 0, null, 'pending', ${late}, null`,
      )
      const { orders, faults } = await readTable(config())
      expect(orders).toEqual([])
      const shown = faults.map(({ key, column, value, problem }) => [key, column, value, problem])
      expect(shown).toEqual([
        ['1', 'made', null, 'time_unreadable'],
        ['2', 'made', '0', 'time_unreadable'],
        ['3', 'made', '86400', 'time_unreadable'],
        ['4', 'made', String(late), 'time_unreadable'],
        ['6', 'user_id', null, 'user_id_missing'],
      ])
    })

    it.each<[string, SourceConfig['columns']['expiresAt'], readonly (Date | null | string)[]]>([
      ['not known', null, [null, null, null]],
      ['a time after it began', { minutes: 30 }, Array(3).fill(new Date((made + 1800) * 1000))],
      ['a column', unix('ends'), [null, null, new Date((made + 60) * 1000)]],
      ['a column in another unit', unix('ends', 'ms'), [null, null, String(made + 60)]],
    ])('has orders whose end is %s', async (_, expiresAt, expected) => {
      await create()
      await insert(
        `1, 'E1', 'u', 1, 0, null, 'pending', ${made}, null`,
        `2, 'E2', 'u', 1, 0, null, 'pending', ${made}, 0`,
        `3, 'E3', 'u', 1, 0, null, 'pending', ${made}, ${made + 60}`,
      )
      const parts = { columns: { ...columns, createdAt: unix('made'), expiresAt } }
      const { orders, faults } = await readTable(config(parts))
      expect(orders.map((order) => order.expiresAt)).toEqual(
        expected.filter((end) => typeof end !== 'string'),
      )
      expect(faults.map(({ column, value, problem }) => [column, value, problem])).toEqual(
        expected
          .filter((end) => typeof end === 'string')
          .map((end) => ['ends', end, 'time_unreadable']),
      )
    })

    it('names rows without a key by their number, and those without a number by nothing', async () => {
      await create('')
      await insert(
        `1, 'F1', 'u', 1, 0, null, 'pending', ${made}, null`,
        `1, 'F1', 'u', 1, 0, null, 'expired', ${made}, null`,
        `1, 'F3', null, 1, 0, null, 'pending', ${made}, null`,
        `1, null, 'u', 1, 0, null, 'pending', ${made}, null`,
      )
      const { orders, faults } = await readTable(config())
      expect(orders).toEqual([])
      expect(
        faults.map(({ orderNo, key, problem }) => `${orderNo} ${key} ${problem}`).sort(),
      ).toEqual([
        ...['F1 F1 order_no_duplicate', 'F1 F1 order_no_duplicate', 'F3 F3 user_id_missing'],
        'null  order_no_impossible',
      ])
    })

    it('reads a page in which no row has a number', async () => {
      await create('')
      await insert(`1, null, 'u', 1, 0, null, 'pending', ${made}, null`)
      const { faults } = await readTable(config())
      expect(faults).toMatchObject([{ orderNo: null, value: null, problem: 'order_no_impossible' }])
    })

    it('reads no rows again for no numbers, and none that differ in case', async () => {
      await create()
      await insert(`1, 'G1', 'u', 1, 0, null, 'pending', ${made}, null`)
      const source = await openSource(config())
      const nothing = { orders: [], credited: [], faults: [] }
      expect(await source.reread([])).toEqual(nothing)
      expect(await source.reread(['g1'])).toEqual(nothing)
      expect((await source.reread(['g1', 'G1'])).orders).toHaveLength(1)
      await source.close()
    })

    it('refuses a column of which thousands of rows have one value: no order number', async () => {
      await create()
      await sql.run(
        `insert into orders select seq, 'SAME', 'u', 1, 0, null, 'pending', ${made}, null from ${series(20_000)}`,
      )
      const message =
        'Cannot read source "shop": 1 values of its column "order_no" have 20000 rows or more: it is no order number'
      await expect(readTable(config())).rejects.toThrow(message)
      await sql.run('delete from orders where id = 1')
      const { faults } = await readTable(config())
      expect(faults).toHaveLength(19_999)
    })

    it.each(['', 'create index by_status on orders (status)'])(
      'reads a column of 60 values, and refuses one of 61: no status; "%s"',
      async (index) => {
        await create()
        await sql.run(
          ...(index === '' ? [] : [index]),
          `insert into orders select seq, concat('H', seq), 'u', 1, 0, null, concat('s', seq), ${made}, null from ${series(60)}`,
        )
        const { faults } = await readTable(config())
        expect(faults).toHaveLength(60)
        await insert(`61, 'H61', 'u', 1, 0, null, 's61', ${made}, null`)
        const failed = readTable(config())
        await expect(failed).rejects.toThrow(
          'Cannot read source "shop": its column "status" has more than 60 values: it is no status',
        )
        await expect(failed).rejects.toMatchObject({ isTransient: false })
      },
    )

    it.each([
      ['another table', { phase: 'dated', at: 'yesterday', key: ['1'] }],
      ['a table with another key', { phase: 'dated', at: String(made), key: ['1', '2'] }],
    ] as const)('does not go on from a position of %s', async (_, position) => {
      await create()
      const source = await openSource(config())
      const page = source.page(writePosition(position), window)
      await expect(page).rejects.toThrow(
        'Cannot go on reading source "shop": the position is of another table',
      )
      await source.close()
    })

    it.each(['', 'e30', 'not a position'])('does not go on from %j', async (text) => {
      await create()
      const source = await openSource(config())
      await expect(source.page(text, window)).rejects.toThrow(
        `Cannot go on reading from "${text}": no source gave that position`,
      )
      await source.close()
    })
  })
})
