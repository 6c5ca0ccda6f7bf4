import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDirectory, runInProcess } from '../cli/budan.ts'
import { type MariadbServer, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt, type Sql } from './tables.ts'

const isSkipped = withoutMariadb()

describe('budan sources', () => {
  const directory = openDirectory()
  const file = join(directory.path, 'budan.yaml')
  let mariadb: MariadbServer | null = null
  let postgres: PostgresServer
  beforeAll(async () => {
    mariadb = isSkipped ? null : await startMariadb()
    postgres = await startPostgres({ isDurable: false })
    const recent = (
      text: string,
    ) => `(1, 'NO0001', 7, 12.34, 'pending', ${text}), (2, 'NO0002', 7, 1.5, 'odd', ${text}),
      (3, 'bad no', 7, 1, 'pending', ${text}), (4, 'NO0004', 7, 1, 'paid', ${text})`
    const create = (time: string) =>
      `create table orders (id int primary key, order_no varchar(32) not null unique, user_id int, amount decimal(10,2), status varchar(20), created_at ${time})`
    const fill = async (sql: Sql, time: string, now: string) => {
      await sql.run(create(time), `insert into orders values ${recent(now)}`)
      await sql.close()
    }
    if (mariadb !== null) await fill(await mysqlAt(mariadb.url), 'timestamp null', 'now()')
    await fill(await postgresAt(postgres.url), 'timestamptz', 'now()')
  }, 180_000)
  afterAll(async () => {
    await Promise.all([mariadb?.stop(), postgres?.stop()])
    directory.remove()
  })

  const configure = (url: string) =>
    writeFileSync(
      file,
      `sources:
  - name: shop
    url: ${url}
    table: orders
    columns:
      order_no: order_no
      user_id: user_id
      amount: { column: amount, unit: yuan }
      created_at: { column: created_at }
    status: { column: status, pending: [pending], revive: [expired], paid: paid }
`,
    )
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runInProcess(['sources', '--config', file, ...args], env)

  it('shows rows, statuses, plan and the index that is missing', async () => {
    for (const url of [postgres.url, ...(mariadb === null ? [] : [mariadb.url])]) {
      configure(url)
      const { code, stdout } = await run([])
      expect(code).toBe(0)
      expect(stdout).toMatch(/NO0001 +7 +¥12\.34 +\d{4}-/)
      expect(stdout).toMatch(/odd +1 +not named in the mapping/)
      expect(stdout).toMatch(/row 3, column "order_no": "bad no"/)
      expect(stdout).toContain('create index')
      expect(stdout).toMatch(/reading, and more than is needed: .*(SUPERUSER|ALL PRIVILEGES)/)
      const json = JSON.parse((await run(['--json'])).stdout)
      expect(json.sources[0]).toMatchObject({
        name: 'shop',
        order_no_unique: true,
        plan: { lines: expect.any(Array) },
      })
      expect(json.sources[0].samples).toContainEqual(
        expect.objectContaining({ order_no: 'NO0001', amount: 1234, standing: 'pending' }),
      )
      expect(json.sources[0].traps[0]).toMatchObject({ kind: expect.any(String) })
    }
  })

  it('finds the newest rows by the index', async () => {
    const sql = await postgresAt(postgres.url)
    await sql.run('create index budan_scan on orders (status, created_at, id)')
    configure(postgres.url)
    const { samples } = JSON.parse((await run(['--json'])).stdout).sources[0]
    expect(samples).toHaveLength(4)
    await sql.run('drop index budan_scan')
    await sql.close()
  })

  it('shows the plan and what is missing where rows take long to be found', async () => {
    const sql = await postgresAt(postgres.url)
    await sql.run(
      'alter table orders rename to slow_orders',
      'create view orders as select * from slow_orders where pg_sleep(2) is not null',
    )
    configure(postgres.url)
    const { code, stdout } = await run([])
    await sql.run('drop view orders', 'alter table slow_orders rename to orders')
    await sql.close()
    expect(code).toBe(0)
    expect(stdout).toContain('could not be counted or shown within 5 s')
    expect(stdout).toMatch(/The first page reads the whole table:/)
    expect(stdout).toContain('not unique in the schema')
    expect(stdout).not.toContain('The table has no row')
  }, 60_000)

  it('speaks Chinese', async () => {
    configure(postgres.url)
    const { stdout } = await run([], { LANG: 'zh_CN.UTF-8' })
    expect(stdout).toContain('最新的几行')
    expect(stdout).toMatch(/odd +1 +列映射中没有/)
  })

  it('prints the table for crediting, without connecting', async () => {
    configure('mysql://budan@127.0.0.1:1/shop')
    const mysql = await run(['--sql'])
    expect(mysql.code).toBe(0)
    expect(mysql.stdout).toMatch(/^create table budan_credits \(/)
    expect(mysql.stdout).toMatch(/^-- grant select \(`order_no`, .*\) on `orders` to/m)
    if (mariadb !== null) {
      const sql = await mysqlAt(mariadb.url)
      await sql.run(mysql.stdout.replace(/^--.*$/gm, ''), 'drop table budan_credits')
      await sql.close()
    }
    configure('postgres://budan@127.0.0.1:1/shop')
    const sql = await postgresAt(postgres.url)
    await sql.run((await run(['--sql'])).stdout, 'drop table budan_credits')
    await sql.close()
  })

  it('exits with 1 where a table cannot be read, and with 2 where it is not as described', async () => {
    configure('mysql://budan:s3cret@127.0.0.1:1/shop')
    const away = await run([])
    expect(away.code).toBe(1)
    expect(away.stderr).toContain('Cannot open source "shop"')
    expect(away.stderr).not.toContain('s3cret')
    configure(postgres.url.replace(/postgres$/, 'template1'))
    const missing = await run([])
    expect(missing.code).toBe(2)
    expect(missing.stderr).toContain('has no table or view "orders"')
    expect((await run(['--source', 'other'])).stderr).toContain('"other"')
    writeFileSync(file, '')
    expect((await run([])).code).toBe(2)
  })
})
