import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { formatFen } from '../../src/domain/money.ts'
import { billText, gzippedBill, type MadeRow, yuan } from '../support/bill-file.ts'
import { openDirectory, runBudan, runInProcess } from './budan.ts'

const directory = openDirectory()
afterAll(() => directory.remove())

const { write } = directory

/** "2026-01-24 10:00:00" of Shanghai and the seconds after. */
function timeAt(second: number): Date {
  return new Date(Date.parse('2026-01-24T10:00:00+08:00') + second * 1000)
}

function orderAt(nth: number): MadeRow {
  return {
    orderNo: `20260124${String(nth).padStart(10, '0')}`,
    transactionId: `42000025${String(nth).padStart(20, '0')}`,
    amount: BigInt(100 + nth),
    at: timeAt(nth),
  }
}

const orders = Array.from({ length: 1000 }, (_, nth) => orderAt(nth))
const isLost = (nth: number) => nth % 50 === 7
const lost = orders.filter((_, nth) => isLost(nth))
const bill = { rows: orders }

const header = 'order_no,user_id,amount,status,created_at,paid_at'

function exportText(made: readonly MadeRow[] = orders): string {
  const rows = made.map(({ orderNo, amount }, nth) => {
    const end = isLost(nth)
      ? 'pending,2026-01-24 09:59:00,'
      : 'paid,2026-01-24 09:59:00,2026-01-24 11:00:00'
    return `${orderNo},user-${nth},${yuan(amount)},${end}`
  })
  return [header, ...rows, ''].join('\n')
}

/** "订单号,用户,金额(元),状态,支付时间" in GBK: encoders of Node know UTF-8 alone. */
const gbk: Readonly<Record<string, string>> = {
  '￥': 'a3a4',
  订单号: 'b6a9b5a5bac5',
  用户: 'd3c3bba7',
  '金额（元）': 'bdf0b6eea3a8d4aaa3a9',
  状态: 'd7b4ccac',
  支付时间: 'd6a7b8b6cab1bce4',
  已支付: 'd2d1d6a7b8b6',
  待支付: 'b4fdd6a7b8b6',
}

function inGbk(text: string): Buffer {
  const words = new RegExp(`(${Object.keys(gbk).join('|')})`)
  return Buffer.concat(
    text.split(words).map((part) => {
      const hex = gbk[part]
      return hex === undefined ? Buffer.from(part, 'latin1') : Buffer.from(hex, 'hex')
    }),
  )
}

function gbkExport(): Buffer {
  const rows = orders.map(({ orderNo, amount }, nth) => {
    const end = isLost(nth) ? '待支付,' : '已支付,2026/1/24 11:00'
    return `"=""${orderNo}""",u${nth},"￥${yuan(amount)}",${end}`
  })
  return inGbk(['订单号,用户,金额（元）,状态,支付时间', ...rows, ''].join('\r\n'))
}

describe('budan reconcile', () => {
  it('finds the 20 of 1,000 that were paid without a callback, from two files and nothing else', async () => {
    const args = [
      ...['reconcile', '--bill', write('bill.csv', billText(bill))],
      ...['--orders', write('orders.csv', exportText())],
    ]
    const { code, stdout, stderr } = await runBudan(args, { cwd: directory.path })
    expect({ code, stderr }).toMatchObject({ code: 3 })
    for (const { orderNo, amount, transactionId } of lost) {
      const line = stdout.split('\n').find((each) => each.includes(orderNo)) ?? ''
      expect(line).toMatch(/^paid, not credited/)
      expect(line).toContain(formatFen(amount))
      expect(line).toContain(transactionId)
    }
    expect(stdout.match(/^paid, not credited/gm)).toHaveLength(20)
    const sum = lost.reduce((total, { amount }) => total + amount, 0n)
    expect(stdout).toContain(`20 paid, not credited, ${formatFen(sum)} in all`)
    expect(stdout).toContain('Bills and export differ.')
    expect(existsSync(join(directory.path, 'data'))).toBe(false)
  })

  it('does the same from a gzip and an export in GBK, beside a broken budan.yaml, in Chinese', async () => {
    write('budan.yaml', 'server: [')
    const csv = join(directory.path, 'out.csv')
    const args = [
      ...['reconcile', '--bill', write('bill.gz', gzippedBill(bill))],
      ...['--orders', write('gbk.csv', gbkExport()), '--csv', csv],
    ]
    const env = { LANG: 'zh_CN.UTF-8' }
    const { code, stdout } = await runBudan(args, { cwd: directory.path, env })
    expect(code).toBe(3)
    expect(stdout.match(/^已付款未入账 /gm)).toHaveLength(20)
    expect(stdout).toContain('状态“待支付”视为未支付：20 行')
    const written = readFileSync(csv, 'utf8')
    expect(written.startsWith('\ufefffinding,order_no,')).toBe(true)
    expect(written.match(/^missed_payment,/gm)).toHaveLength(20)
    expect(written).toContain(`,user-7`.replace('user-', 'u'))
  })

  it('reads any columns, units and statuses by a map', async () => {
    const rows = orders.map(
      ({ orderNo, amount }, nth) => `${amount},${isLost(nth) ? 0 : 1},${orderNo},wx`,
    )
    const other = '1,1,ALIPAY1,ali'
    const text = ['价格,state,号码,channel', ...rows, other].join('\n')
    const map = [
      'columns:',
      '  order_no: 号码',
      '  amount: { column: 价格, unit: fen }',
      '  status: state',
      'status: { paid: [1], unpaid: [0] }',
      'only: { channel: wx }',
    ].join('\n')
    const args = [
      ...['reconcile', '--json', '--bill', write('bill.csv', billText(bill))],
      ...['--orders', write('any.csv', text), '--map', write('map.yaml', map)],
    ]
    const { code, stdout } = await runInProcess(args, {})
    expect(code).toBe(3)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ verdict: 'differ', orders: { rows: 1000, skipped: 1 } })
    expect(result.counts.missed_payment.count).toBe(20)
    expect(result.findings[0]).toEqual({
      ...{ kind: 'missed_payment', order_no: orderAt(7).orderNo, user_id: null, amount: 107 },
      ...{ export_amount: 107, refunded: 0, status: '0', paid_at: '2026-01-24T02:00:07.000Z' },
      ...{ transaction_id: orderAt(7).transactionId, line: 9 },
    })
  })

  it('ends with 0 where both agree', async () => {
    const text = exportText().replaceAll(
      'pending,2026-01-24 09:59:00,',
      'paid,,2026-01-24 11:00:00',
    )
    const args = [
      ...['reconcile', '--bill', write('bill.csv', billText(bill))],
      ...['--orders', write('agreed.csv', text)],
    ]
    const { code, stdout } = await runInProcess(args, {})
    expect(code).toBe(0)
    expect(stdout).toContain('Bills and export agree on all that could be judged.')
  })

  const some = orders.slice(0, 3)
  it.each<[string, string | Buffer, string | Buffer, RegExp]>([
    [
      'a bill whose totals do not hold',
      billText({ rows: some, summary: { 总交易单数: '4' } }),
      exportText(some),
      /总交易单数 "4": the lines add up to something else \(3\)/,
    ],
    ['a bill that is a web page', '<html>', exportText(some), /it is a web page/],
    [
      'a bill that is cut off',
      gzippedBill({ rows: some }).subarray(0, 90),
      exportText(some),
      /cut off/,
    ],
    [
      'a status that is not known',
      billText({ rows: some }),
      exportText(some).replace(',paid,', ',zzz,'),
      /2 +status +zzz +it is not known/,
    ],
    [
      'a number that Excel rounded',
      billText({ rows: some }),
      exportText(some).replace(some[0]?.orderNo ?? '', '2.0260124E+17'),
      /2 +order_no +2\.0260124E\+17 +a spreadsheet has rounded/,
    ],
    [
      'a number that has lost its last digits',
      billText({ rows: some.map((row) => ({ ...row, orderNo: `${row.orderNo}7` })) }),
      exportText([{ ...orderAt(0), orderNo: '2026012400000010000' }]),
      /2026012400000010000 +no bill has this number/,
    ],
    [
      'a number that two rows have',
      billText({ rows: some }),
      `${exportText(some)}${some[1]?.orderNo},u,1.01,paid,,\n`,
      /5 +order_no +\d+ +another row has the same number/,
    ],
    [
      'yuan with three places',
      billText({ rows: some }),
      exportText(some).replace('1.01', '1.011'),
      /3 +amount +1\.011 +no amount/,
    ],
    ['a workbook', billText({ rows: some }), 'PK\u0003\u0004', /it is an Excel workbook/],
    [
      'no column of statuses',
      billText({ rows: some }),
      'order_no,amount\n1,2\n',
      /recognized for status/,
    ],
    [
      'a bill without a day, and an export in which nothing is paid',
      billText({ rows: [] }),
      `${header}\nOTHER1,u,5,pending,,\n`,
      /no all-clear/,
    ],
    [
      'a bill of refunds alone',
      billText({ rows: [{ ...orderAt(0), status: 'REFUND' }], format: 'REFUND' }),
      `${header}\n${orderAt(0).orderNo},u,1,refunded,,\n`,
      /no all-clear/,
    ],
    [
      'an export without rows that can be judged',
      billText({ rows: [] }),
      exportText(some.slice(0, 1)),
      /no all-clear/,
    ],
  ])('ends with 2, and no all-clear, for %s', async (_, billContent, ordersContent, message) => {
    const args = [
      ...[
        'reconcile',
        '--bill',
        write('b', billContent),
        '--orders',
        write('o.csv', ordersContent),
      ],
    ]
    const { code, stdout, stderr } = await runInProcess(args, {})
    expect(code).toBe(2)
    expect(stdout + stderr).toMatch(message)
    expect(stdout).not.toContain('agree on all')
  })

  it('prompts on a terminal for what it does not recognize, and prints the map', async () => {
    const text = exportText(some).replace(header, 'a,b,c,d,e,paid_at').replaceAll('paid,', '42,')
    const answers = ['1', 'x', 'c', '4', 'p']
    const prompts: string[] = []
    const prompt = async (shown: string) => {
      prompts.push(shown)
      return answers.shift() ?? null
    }
    const args = [
      ...['reconcile', '--bill', write('b', billText({ rows: some }))],
      ...['--orders', write('typed.csv', text)],
    ]
    const { code, stdout, stderr } = await runInProcess(args, {}, { prompt })
    expect(stdout).toContain('agree on all')
    expect({ code, left: answers }).toEqual({ code: 0, left: [] })
    expect(prompts).toHaveLength(5)
    expect(stderr).toContain('order_no: a')
    expect(stderr).toMatch(/paid:\n +- "42"/)
  })

  it('lists what was paid outside of the days of the bills as not judged', async () => {
    const text = `${exportText(some)}OTHER1,u,5,paid,,2026-01-25 12:00:00\nOTHER2,u,5,paid,,\nOTHER3,u,5,paid,,2026-01-24 12:00:00\n`
    const args = [
      ...['reconcile', '--json', '--bill', write('b', billText({ rows: some }))],
      ...['--orders', write('o.csv', text)],
    ]
    const { code, stdout } = await runInProcess(args, {})
    expect(code).toBe(3)
    const found = JSON.parse(stdout).findings.map(({ kind, order_no }: Record<string, string>) => [
      ...[kind, order_no],
    ])
    expect(found).toEqual([
      ['not_judged', 'OTHER1'],
      ['not_judged', 'OTHER2'],
      ['not_in_bill', 'OTHER3'],
    ])
  })

  it('lists an unpaid order as not judged where the bills have a refund of it alone', async () => {
    const refund = { ...orderAt(1), amount: 40n, status: 'REFUND' as const }
    const text = `${exportText(some.slice(0, 1))}${refund.orderNo},u,1.01,pending,,\n`
    const args = [
      ...['reconcile', '--json', '--bill', write('b', billText({ rows: [orderAt(0), refund] }))],
      ...['--orders', write('o.csv', text)],
    ]
    const { stdout } = await runInProcess(args, {})
    expect(JSON.parse(stdout).findings).toMatchObject([
      { kind: 'not_judged', order_no: refund.orderNo, status: 'pending', refunded: 40 },
    ])
  })

  it('says why it cannot write its list to the end', async () => {
    const args = [
      ...['reconcile', '--bill', write('b', billText({ rows: some }))],
      ...['--orders', write('o.csv', exportText(some)), '--csv', '/dev/full'],
    ]
    const { code, stderr } = await runInProcess(args, {})
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Cannot write "\/dev\/full": its disk is full$/m)
  })

  it('overwrites none of the files that it reads', async () => {
    const file = write('o.csv', exportText(some))
    const args = ['reconcile', '--bill', write('b', billText({ rows: some })), '--orders', file]
    const { code } = await runInProcess([...args, '--csv', file], {})
    expect(code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe(exportText(some))
  })
})
