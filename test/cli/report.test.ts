import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  configure,
  fill,
  type GatewayProcess,
  openShop,
  orderNoOf,
  placeAll,
  type Shop,
  startGateway,
  statusOf,
} from '../report/shop.ts'
import { withoutMariadb } from '../support/mariadb.ts'
import { openDirectory, runInProcess, startBudan } from './budan.ts'

const count = 300
/** Longer than a page, with the rows that are added for the last tests. */
const longCount = 560
/** Paid at the gateway without a callback. */
const paid = Array.from({ length: 12 }, (_, n) => 31 + 47 * n)
/** Pending or expired in the table. */
const isOpen = (n: number) => statusOf(n) !== 'paid'
const open = Array.from({ length: count }, (_, n) => n).filter(isOpen)
const found = paid.filter((n) => n < count && isOpen(n))
/** When the shop has credited the ones that were found before. */
const openLater =
  Array.from({ length: longCount }, (_, n) => n).filter(isOpen).length - found.length
const foundLater = paid.filter((n) => n >= count && isOpen(n))

const directory = openDirectory()
const cwd = directory.path
let gateway: GatewayProcess

beforeAll(async () => {
  gateway = await startGateway(cwd)
  await placeAll(gateway, { count: longCount, paid })
})

afterAll(async () => {
  await gateway.stop()
  directory.remove()
})

interface Json {
  readonly orders: readonly { readonly order_no: string; readonly problem: string }[]
  readonly [name: string]: unknown
}

const fast = { RECHARGE_COMPENSATION_MAX_QPS: '3000', TMPDIR: cwd }
const unhurried = { ...fast, RECHARGE_COMPENSATION_MAX_QPS: '300' }
const slow = { ...fast, RECHARGE_COMPENSATION_MAX_QPS: '100' }

const kinds = ['PostgreSQL', 'MariaDB'] as const
const measurable = kinds.filter((kind) => kind === 'PostgreSQL' || !withoutMariadb())

describe.each(measurable)('budan report, over a table on %s', (kind) => {
  let shop: Shop
  let config: string

  beforeAll(async () => {
    shop = await openShop(kind)
    await fill(shop, count)
    config = configure(cwd, shop)
  })

  afterAll(() => shop.close())

  const report = (line: string, env: Record<string, string> = fast) =>
    runInProcess([...`report ${line}`.trim().split(' '), '--config', config], env)

  it('lists exactly what was paid and not credited, and ends with 3', async () => {
    const { code, stdout, stderr } = await report('--json')
    const { orders, ...counts } = JSON.parse(stdout) as Json
    expect(orders.map(({ order_no: no }) => no).sort()).toEqual(found.map(orderNoOf))
    expect(orders[0]).toEqual({
      ...{ order_no: expect.any(String), user_id: expect.stringMatching(/^\d+$/) },
      ...{ amount: expect.any(Number), transaction_id: expect.stringMatching(/^4200\d+$/) },
      paid_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
      ...{ status: expect.any(String), problem: 'paid_not_credited' },
    })
    expect(counts).toEqual({
      sum: found.reduce((sum, n) => sum + 100 + n, 0),
      ...{ rows: open.length, queried: open.length, unanswered: 0, skipped: 0 },
    })
    expect(code).toBe(3)
    expect(stderr).toContain(`Querying ${open.length} orders`)
    // It needs no database of its own, and leaves nothing behind.
    expect(existsSync(join(cwd, 'budan-simulator', 'data'))).toBe(false)
  })

  it('shows people the list in their language, and writes it for spreadsheets', async () => {
    const csv = join(cwd, `${kind}.csv`)
    const { code, stdout } = await report(`--csv ${csv}`, { ...fast, LANG: 'zh_CN.UTF-8' })
    const sum = found.reduce((total, n) => total + 100 + n, 0)
    expect(stdout).toMatch(/^订单号 +用户 +金额 +交易单号 +支付时间 +状态 +问题$/m)
    expect(stdout).toMatch(
      new RegExp(
        `^${orderNoOf(31)} +31 +¥1\\.31 +4200\\d+ +\\S+\\+08:00 +pending +已支付，未入账$`,
        'm',
      ),
    )
    expect(stdout).toContain(
      `${found.length} 个订单已支付而未入账，合计 ¥${(sum / 100).toFixed(2)}\n`,
    )
    expect(code).toBe(3)
    const text = readFileSync(csv, 'utf8')
    expect(text.startsWith('\ufeffsource,order_no,')).toBe(true)
    const rows = parse(text, { bom: true, columns: true }) as Record<string, string>[]
    expect(rows).toHaveLength(found.length)
    expect(rows[0]).toMatchObject({ source: 'shop', problem: 'paid_not_credited' })
    expect(rows.find(({ order_no: no }) => no === orderNoOf(31))).toMatchObject({
      ...{ user_id: '31', amount_yuan: '1.31', detail: '已支付，未入账' },
    })
  })

  it('stops at a signal, names the command that goes on, and that one completes the list', async () => {
    const before = await gateway.queryCount()
    const running = startBudan(['report', '--json', '--config', config], { cwd, env: slow })
    while ((await gateway.queryCount()) < before + 50) await pause(50)
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    const stopped = JSON.parse(stdout) as Json & { queried: number; unanswered: number }
    expect(code).toBe(1)
    expect(stopped.queried + stopped.unanswered).toBe(open.length)
    expect(stderr).toContain('Stopped by a signal')
    const [, command = ''] = /^To go on: `\S+ (report .*)`$/m.exec(stderr) ?? []
    const resumed = await runInProcess(command.split(' '), fast)
    const { orders } = JSON.parse(resumed.stdout) as Json
    expect(resumed.code).toBe(3)
    expect(orders.map(({ order_no: no }) => no).sort()).toEqual(found.map(orderNoOf))
    expect(await gateway.queryCount()).toBe(before + open.length)
  })

  it('does not list what the shop itself credits, and gives no all-clear for a wrong key', async () => {
    await shop.query(
      `update recharge_orders set status = 'paid' where order_no in (${found.map((n) => `'${orderNoOf(n)}'`).join(',')})`,
    )
    const clear = await report('')
    expect(clear.stdout).toContain('Nothing was found: every row was queried, and none is paid.')
    expect(clear.code).toBe(0)
    const file = join(cwd, `${kind}-wrong.jsonl`)
    const wrong = await report(`--json --resume ${file}`, { ...fast, WECHAT_SERIAL_NO: 'ABCDEF' })
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      ...{ orders: [], queried: 0, unanswered: open.length - found.length },
    })
    expect(wrong.stderr).toContain('every query would fail: 401: the serial number is not')
  })

  it('goes on after it was killed', async () => {
    await fill(shop, longCount, { first: count })
    // The youngest row's query has no answer: the report cannot end before it is killed.
    const hangs = { operation: 'query', out_trade_no: orderNoOf(longCount - 1) }
    await gateway.post('/faults', { ...hangs, fault: { kind: 'hang' } })
    const file = join(cwd, `${kind}.jsonl`)
    const before = await gateway.queryCount()
    const line = ['report', '--json', '--resume', file, '--config', config]
    const running = startBudan(line, { cwd, env: fast })
    while ((await gateway.queryCount()) < before + 505) await pause(50)
    running.child.kill('SIGKILL')
    await running.ended
    await gateway.clearFaults()
    const other = await report(`--resume ${file} --days 3`)
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('it is about 16 days, and this report is about 3 days')
    const { code, stdout, stderr } = await runInProcess(line, fast)
    const { orders, ...counts } = JSON.parse(stdout) as Json
    expect(code, stderr).toBe(3)
    expect(orders.map(({ order_no: no }) => no).sort()).toEqual(foundLater.map(orderNoOf))
    expect(counts).toMatchObject({ rows: openLater, queried: openLater, unanswered: 0 })
    // The first page was recorded.
    expect(await gateway.queryCount()).toBeLessThan(before + 2 * openLater - 450)
    expect(stderr).toMatch(
      /^This report was begun at .*: rows that were created later are not in it\.$/m,
    )
    // A report that is complete is not resumed: the next one reads the rows of then.
    expect(existsSync(file)).toBe(false)
  })

  it('goes on when its connections are ended', async () => {
    const before = await gateway.queryCount()
    const running = startBudan(['report', '--json', '--config', config], { cwd, env: unhurried })
    while ((await gateway.queryCount()) < before + 50) await pause(50)
    await shop.endConnections()
    const { code, stdout, stderr } = await running.ended
    expect(code, stderr).toBe(3)
    expect((JSON.parse(stdout) as Json).orders).toHaveLength(foundLater.length)
  })
})

describe('budan report', () => {
  it('says that no source is configured', async () => {
    const config = join(cwd, 'budan-simulator', 'budan.yaml')
    const { code, stderr } = await runInProcess(['report', '--config', config], {})
    expect(stderr).toBe('sources: not set: describe the table of orders that is to be read\n')
    expect(code).toBe(2)
  })
})
