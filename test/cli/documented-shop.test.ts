import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, orderNoOf, startGateway } from '../report/shop.ts'
import { billText } from '../support/bill-file.ts'
import { type MariadbServer, startMariadb, withoutMariadb } from '../support/mariadb.ts'
import { openDirectory, runBudan } from './budan.ts'

/**
 * A shop that follows the README: its own table of a thousand orders, twenty of which were paid and not
 * credited because their callback was lost. The commands and the configuration are those of the
 * documents, with the shop's address and the simulator's keys.
 */

const root = join(import.meta.dirname, '../..')
const directory = openDirectory()
const cwd = directory.path
const orders = Array.from({ length: 1000 }, (_, nth) => nth)
const isPaid = (nth: number) => nth % 3 !== 0
const isLost = (nth: number) => isPaid(nth) && nth % 34 === 1
const lost = orders.filter(isLost).map(orderNoOf)

let gateway: GatewayProcess

beforeAll(async () => {
  gateway = await startGateway(cwd)
})
afterAll(async () => {
  await gateway.stop()
  directory.remove()
})

/** The lines of the README's code blocks that call `command`. */
function documented(command: string): readonly string[] {
  const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n')
  const calls = lines.filter((line) => line.startsWith(`./bin/budan.js ${command}`))
  expect(calls, `README.md has no ./bin/budan.js ${command}`).not.toEqual([])
  return (calls[0] ?? '')
    .replace(/ +#.*$/, '')
    .split(' ')
    .slice(1)
}

/** In the local time of Shanghai: one a minute, the last an hour ago. */
function shanghai(nth: number): string {
  const at = Date.now() - 3_600_000 - (orders.length - nth) * 60_000
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

const yuan = (nth: number) => ((100 + nth) / 100).toFixed(2)

it('has twenty of a thousand orders whose callback was lost', () => {
  expect(lost).toHaveLength(20)
})

describe.skipIf(withoutMariadb())('with its table on MariaDB', () => {
  let server: MariadbServer

  beforeAll(async () => {
    server = await startMariadb()
    const connection = await createConnection(server.url)
    await connection.query(
      `create table orders (id bigint primary key auto_increment, order_sn varchar(32) not null unique,
        user_id bigint not null, actual_price decimal(10,2) not null, status varchar(16) not null,
        pay_type varchar(16) not null, created_at datetime not null, key (status, created_at, id))`,
    )
    const rows = orders.map((nth) => {
      const credited = isPaid(nth) && !isLost(nth)
      const status = credited ? 'completed' : nth % 4 === 0 ? 'expired' : 'pending'
      return [orderNoOf(nth), nth % 50, yuan(nth), status, 'wechat', shanghai(nth)]
    })
    await connection.query(
      'insert into orders (order_sn, user_id, actual_price, status, pay_type, created_at) values ?',
      [rows],
    )
    await connection.query("create user budan@'127.0.0.1' identified by 'PASSWORD'")
    await connection.query("grant select on shop.orders to budan@'127.0.0.1'")
    await connection.end()
    for (const nth of orders) {
      await gateway.post('/orders', { out_trade_no: orderNoOf(nth), total: 100 + nth })
      if (isPaid(nth)) await gateway.post(`/orders/${orderNoOf(nth)}/pay`, { callback: false })
    }
    writeConfiguration(server.url)
  })
  afterAll(() => server.stop())

  it('gets the list of those orders from the documented command', async () => {
    const args = documented('report')
    const place = {
      cwd: join(cwd, 'budan-simulator'),
      env: { RECHARGE_COMPENSATION_MAX_QPS: '3000' },
    }
    const { code, stdout } = await runBudan([...args, '--json'], place)
    const found = JSON.parse(stdout).orders.map((each: { order_no: string }) => each.order_no)
    expect([...found].sort()).toEqual(lost)
    expect(code).toBe(3)
    const shown = await runBudan(args, place)
    for (const orderNo of lost) expect(shown.stdout).toContain(orderNo)
    expect(shown.code).toBe(3)
  })
})

describe('with two files', () => {
  const paidAt = (nth: number) => new Date(Date.parse('2026-01-24T10:00:00+08:00') + nth * 1000)

  it('gets the same list from the documented command, without any configuration', async () => {
    const folder = join(cwd, 'files')
    mkdirSync(folder)
    const rows = orders.filter(isPaid).map((nth) => ({
      ...{ orderNo: orderNoOf(nth), amount: BigInt(100 + nth), at: paidAt(nth) },
      transactionId: `42000025${String(nth).padStart(20, '0')}`,
    }))
    writeFileSync(join(folder, 'bill.csv'), billText({ rows }))
    const lines = orders.map((nth) => {
      const credited = isPaid(nth) && !isLost(nth)
      const end = credited ? 'paid,2026-01-24 11:00:00' : 'pending,'
      return `${orderNoOf(nth)},${nth % 50},${yuan(nth)},2026-01-24 09:59:00,${end}`
    })
    const header = 'order_no,user_id,amount,created_at,status,paid_at'
    writeFileSync(join(folder, 'orders.csv'), [header, ...lines, ''].join('\n'))
    const args = documented('reconcile')
    const { code, stdout } = await runBudan(args, { cwd: folder })
    for (const orderNo of lost) expect(stdout).toContain(orderNo)
    expect(stdout).toContain('20 paid, not credited')
    expect(code).toBe(3)
  })
})

/** The section `sources` of docs/integration.md beside the keys of the simulator's merchant. */
function writeConfiguration(url: string): void {
  const guide = readFileSync(join(root, 'docs/integration.md'), 'utf8')
  const [, section = ''] = /```yaml\n(sources:[^`]*)```/.exec(guide) ?? []
  const { host } = new URL(url)
  const sources = section.replace('@127.0.0.1/shop', `@${host}/shop`)
  expect(sources, 'docs/integration.md has a section of sources').not.toBe(section)
  const file = join(cwd, 'budan-simulator/budan.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n${sources}`)
}
