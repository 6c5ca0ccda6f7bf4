import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource } from '../../src/sources/open.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { startPostgres } from '../support/postgres.ts'
import { runsOf, testSeed } from '../support/random.ts'
import {
  mysqlAt,
  now,
  postgresAt,
  readAll,
  readTable,
  type Sql,
  sourceConfig,
  window,
} from './tables.ts'

/** One row as the table has it. */
interface TestRow {
  readonly id: number
  readonly no: string | null
  readonly user: number | null
  readonly amount: string | null
  readonly status: string | null
  /** Minutes before now; null: no time. */
  readonly age: number | null
}

const ageMax = 20 * 24 * 60

const row = fc.record({
  no: fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(null, 'x y', 'a'.repeat(33), 'SAME01', 'same01') },
  ),
  user: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null, freq: 9 }),
  amount: fc.option(
    fc.constantFrom('0.01', '12.3400', '5', '1.2340', '0', '-1', '99999999.99', '0.0050'),
    { nil: null, freq: 9 },
  ),
  status: fc.option(
    fc.constantFrom(
      'pending',
      'pending',
      'expired',
      'cancelled',
      'paid',
      'completed',
      'odd',
      'PENDING',
    ),
    { nil: null, freq: 19 },
  ),
  age: fc.option(fc.integer({ min: -3 * 24 * 60, max: ageMax }), { nil: null, freq: 19 }),
})

const table = fc
  .array(row, { maxLength: 60 })
  .map((rows) =>
    rows.map(
      (each, at): TestRow => ({ ...each, id: at + 1, no: each.no === '' ? `NO${at}-x` : each.no }),
    ),
  )

/** What a naive reader makes of one row: a standing or a problem; null: it is not looked at. */
function naive(each: TestRow, rows: readonly TestRow[]): string | null {
  const isOdd = each.age === null || each.age <= -24 * 60
  const isInside = each.age !== null && each.age > 0 && each.age <= 16 * 24 * 60
  const isNamed = ['paid', 'completed'].includes(each.status ?? '')
  if (isNamed || !(isOdd || isInside)) return null
  if (each.no === null || !/^[0-9A-Za-z_\-|*]{1,32}$/.test(each.no)) return 'order_no_impossible'
  if (!['pending', 'expired', 'cancelled'].includes(each.status ?? '')) return 'status_unknown'
  if (each.user === null) return 'user_id_missing'
  if (!['0.01', '12.3400', '5', '99999999.99'].includes(each.amount ?? ''))
    return 'amount_unreadable'
  if (isOdd) return 'time_unreadable'
  if (rows.filter(({ no }) => no === each.no).length > 1) return 'order_no_duplicate'
  return each.status === 'pending' ? 'pending' : 'revivable'
}

const literal = (value: string | number | null) => (value === null ? 'null' : `'${value}'`)

/** In the time of Shanghai, as the column has it. */
function createdAt({ age }: TestRow): string | null {
  if (age === null) return null
  return new Date(+now - age * 60_000 + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

function insert(rows: readonly TestRow[]): readonly string[] {
  if (rows.length === 0) return []
  const values = rows.map((each) =>
    [each.id, each.no, each.user, each.amount, each.status, createdAt(each)]
      .map(literal)
      .join(', '),
  )
  const columns = 'id, order_no, user_id, amount, status, created_at'
  return [`insert into orders (${columns}) values ${values.map((each) => `(${each})`).join(', ')}`]
}

const isSkipped = withoutMariadb()

describe.each([
  { name: 'MariaDB', skip: isSkipped, start: startMariadb, at: mysqlAt, time: 'datetime' },
  {
    name: 'PostgreSQL',
    skip: false,
    start: () => startPostgres({ isDurable: false }),
    at: postgresAt,
    time: 'timestamp',
  },
])('a source on $name', ({ name, skip, start, at, time }) => {
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
      `create table orders (id bigint not null ${key}, order_no varchar(64), user_id bigint,
        amount decimal(12,4), status varchar(20), created_at ${time})`

    it.each(['primary key', ''])(
      'reads what a naive reader reads, with the key "%s"',
      async (key) => {
        await fc.assert(
          fc.asyncProperty(table, fc.boolean(), async (rows, hasIndex) => {
            const index = hasIndex ? ['create index scan on orders (status, created_at, id)'] : []
            await sql.run('drop table if exists orders', create(key), ...index, ...insert(rows))
            const { orders, faults } = await readTable(sourceConfig({ url: server.url }))
            const expected = rows.flatMap((each) => {
              const said = naive(each, rows)
              return said === null ? [] : [said]
            })
            const got = [
              ...orders.map(({ standing }) => standing),
              ...faults.map(({ problem }) => problem),
            ]
            expect(got.sort()).toEqual(expected.sort())
            for (const order of orders) {
              const from = rows.find(({ no }) => no === order.orderNo)
              expect(order.createdAt).toEqual(new Date(+now - (from?.age ?? 0) * 60_000))
              expect(String(order.amount)).toBe(String(Math.round(Number(from?.amount) * 100)))
            }
          }),
          { numRuns: runsOf(60), seed: testSeed },
        )
      },
    )

    it('misses no row that is there all the time while others come, go and are settled', async () => {
      // 5,000 rows in `npm test`, 200,000 in `npm run properties`.
      const count = runsOf(20_000)
      const series =
        name === 'MariaDB' ? `seq_1_to_${count} as s` : `generate_series(1, ${count}) as s (seq)`
      const minutesBefore = (n: string) =>
        name === 'MariaDB'
          ? `timestamp('2026-05-20 15:00:00') - interval (${n}) second`
          : `timestamp '2026-05-20 15:00:00' - make_interval(secs => ${n})`
      await sql.run(
        'drop table if exists orders',
        create(),
        'create index scan on orders (status, created_at, id)',
        `insert into orders select seq, concat('NO', seq), 1, 1, case when seq % 3 = 0 then 'expired' else 'pending' end,
          ${minutesBefore('seq % 5000')} from ${series}`,
      )
      const writer = await at(server.url)
      let turn = 0
      const change = () => {
        turn += 1
        const at = turn * 300
        return writer.run(
          // Of ten rows one is settled, one removed, one ended, and one comes back; eight stay.
          `update orders set status = 'paid' where id between ${at} and ${at + 900} and id % 10 = 1`,
          `delete from orders where id between ${at} and ${at + 900} and id % 10 = 2`,
          `update orders set status = case when status = 'pending' then 'expired' else 'pending' end where id % 10 = 3`,
          `insert into orders select ${count} + ${turn} * 1000 + seq, concat('NEW', ${turn}, '-', seq), 1, 1, 'pending',
            ${minutesBefore('seq * 7')} from ${series} where seq <= 50`,
        )
      }
      const source = await openSource(sourceConfig({ url: server.url }))
      const { orders, pages } = await readAll(source, { between: change })
      await Promise.all([source.close(), writer.close()])
      const read = new Set(orders.map(({ orderNo }) => orderNo))
      const missed = Array.from({ length: count }, (_, n) => n + 1)
        .filter((n) => n % 10 !== 1 && n % 10 !== 2)
        .filter((n) => !read.has(`NO${n}`))
      expect(missed).toEqual([])
      expect(pages).toBeGreaterThan(count / 700)
    })

    it('goes on in another process a little before where the first one was', async () => {
      const rows = Array.from(
        { length: 1200 },
        (_, n): TestRow => ({
          ...{ id: n + 1, no: `NO${n}`, user: 1, amount: '1', status: 'pending', age: 1200 - n },
        }),
      )
      await sql.run('drop table if exists orders', create(), ...insert(rows))
      const first = await openSource(sourceConfig({ url: server.url }))
      const page = await first.page(null, window)
      await first.close()
      const late = { id: 5000, no: 'LATE01', user: 1, amount: '1', status: 'pending', age: 705 }
      await sql.run(...insert([late]))
      const second = await openSource(sourceConfig({ url: server.url }))
      const rest = await second.page(page.next, window)
      await second.close()
      expect(rest.orders.map(({ orderNo }) => orderNo)).toContain('LATE01')
      expect(rest.orders.map(({ orderNo }) => orderNo)).toContain('NO500')
    })

    it('reads rows again as they are now', async () => {
      const base = { user: 1, amount: '1', age: 60 * 24 * 40 }
      await sql.run(
        'drop table if exists orders',
        create(),
        ...insert([
          { ...base, id: 1, no: 'OLD001', status: 'pending' },
          { ...base, id: 2, no: 'OLD002', status: 'paid' },
          { ...base, id: 3, no: 'OLD003', status: 'odd' },
          { ...base, id: 4, no: 'TWICE1', status: 'pending' },
          { ...base, id: 5, no: 'TWICE1', status: 'paid' },
        ]),
      )
      const source = await openSource(sourceConfig({ url: server.url }))
      const again = await source.reread(['OLD001', 'OLD002', 'OLD003', 'TWICE1', 'GONE01'])
      await source.close()
      expect(again.orders.map(({ orderNo }) => orderNo)).toEqual(['OLD001'])
      expect(again.credited).toEqual(['OLD002'])
      expect(again.faults.map(({ problem }) => problem).sort()).toEqual([
        'order_no_duplicate',
        'order_no_duplicate',
        'status_unknown',
      ])
    })
  })
})
