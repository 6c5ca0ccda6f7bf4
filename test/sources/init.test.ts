import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../src/cli/main.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openDirectory } from '../cli/budan.ts'
import { startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { mysqlAt, postgresAt } from './tables.ts'

const directory = openDirectory()

describe.each([
  { name: 'PostgreSQL', skip: false, start: startPostgres, at: postgresAt, table: 'public.orders' },
  {
    name: 'MariaDB',
    skip: withoutMariadb(),
    start: startMariadb,
    at: mysqlAt,
    table: 'shop.orders',
  },
])('budan init with a table on $name', ({ name, skip, start, at, table }) => {
  let server: Pick<PostgresServer, 'url' | 'stop'> | null = null
  beforeAll(async () => {
    if (skip) return
    server = await start()
    const sql = await at(server.url)
    await sql.run(
      `create table orders (id int primary key, order_sn varchar(32) not null unique, user_id int, amount int,
        pay_amount decimal(10,2), status varchar(20), create_time ${name === 'MariaDB' ? 'datetime' : 'timestamp'})`,
      "insert into orders values (1, 'NO0001', 7, 100, 12.34, 'unpaid', now()), (2, 'NO0002', 7, 100, 1, 'paid', now())",
    )
    await sql.close()
  }, 180_000)
  afterAll(async () => {
    await server?.stop()
  })

  it.skipIf(skip)('proposes the columns, shows the rows and writes sources:', async () => {
    const merchant = await generateMerchant()
    await writeMerchant(directory.path, merchant)
    const file = join(directory.path, `${name}.yaml`)
    const url = server?.url ?? ''
    const typed: string[] = []
    let [shown, connecting] = ['', false]
    const code = await runCommand(
      [
        ...['init', '--config', file, '--mch-id', merchant.mchid, '--app-id', merchant.appid],
        ...[
          '--private-key',
          join(directory.path, 'apiclient_key.pem'),
          '--serial-no',
          merchant.serialNo,
        ],
        ...['--notify-url', 'https://shop.example/v1/callbacks/wechatpay'],
      ],
      {
        ...{ env: { WECHAT_API_V3_KEY: merchant.apiV3Key }, isInteractive: true, hasColor: false },
        out: (text) => {
          shown += text
        },
        err: (text) => {
          shown += text
        },
        prompt: async (text) => {
          typed.push(text)
          connecting ||= text.startsWith('Connect a table')
          if (text.startsWith('Connect a table')) return 'y'
          if (text.startsWith('Its database')) return url
          if (text.startsWith('table')) return table
          if (text.startsWith('Check now')) return 'n'
          // Else prompts that are repeated would never end.
          if (typed.length > 60) return null
          return ''
        },
        stopRequested: () => new Promise(() => {}),
      },
    )
    expect({ code, connecting }).toEqual({ code: 0, connecting: true })
    expect(typed).toContain('columns.order_no [order_sn]: ')
    expect(typed).toContain('columns.amount.column [pay_amount]: ')
    expect(typed).toContain('columns.created_at.zone [Asia/Shanghai]: ')
    expect(shown).toMatch(/NO0001.*¥12\.34/)
    expect(shown).toContain('create index')
    const config = loadConfig({ file, env: {}, need: 'database' }).sources?.[0]
    expect(config).toMatchObject({
      ...{ name: 'shop', url, table },
      columns: { orderNo: 'order_sn', amount: { columns: ['pay_amount'], unit: 'yuan' } },
      status: { column: 'status', pending: ['unpaid'], done: ['paid'] },
    })
    expect(readFileSync(file, 'utf8')).toContain('\nsources:\n')
  })
})

afterAll(() => directory.remove())
