import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, describe, expect, it } from 'vitest'
import { billText, type MadeRow, yuan } from '../support/bill-file.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
afterAll(() => directory.remove())

const { write } = directory

const csv = join(directory.path, 'list.csv')

function orderAt(nth: number, day = '2026-01-24'): MadeRow {
  return {
    orderNo: `NO${String(nth).padStart(6, '0')}`,
    transactionId: `42000025${String(nth).padStart(20, '0')}`,
    amount: BigInt(100 + nth),
    at: new Date(Date.parse(`${day}T10:00:00+08:00`) + nth * 1000),
  }
}

const header = 'order_no,user_id,amount,status,paid_at'

async function reconciled(
  bills: readonly (readonly MadeRow[])[],
  lines: readonly string[],
  more: readonly string[] = [],
) {
  const files = bills.flatMap((rows, nth) => [
    '--bill',
    write(`bill-${nth}.csv`, billText({ rows })),
  ])
  const orders = write('orders.csv', [header, ...lines, ''].join('\n'))
  return runInProcess(['reconcile', ...files, '--orders', orders, ...more], {})
}

const paidLine = ({ orderNo, amount }: MadeRow) => `${orderNo},u,${yuan(amount)},paid,`

/** One of each kind: an order that the export lacks, one that the bill lacks, and so on. */
const each = {
  bill: [
    orderAt(1),
    orderAt(2),
    orderAt(3),
    { ...orderAt(4), transactionId: '4200002500000000000000000098' },
    orderAt(4),
    orderAt(5),
    { ...orderAt(5), amount: 40n, status: 'REFUND' as const },
  ],
  lines: [
    'NO000001,=1+1,1.01,pending,',
    'NO000003,,9.99,paid,2026-01-24 10:00:03',
    paidLine(orderAt(4)),
    paidLine(orderAt(5)),
    'NO000006,u6,1.06,paid,2026-01-24 11:00:00',
    'NO000007,u7,,paid,2026-01-23 11:00:00',
    'NO000008,u8,1.08,paid,2026-01-23 11:00:00',
  ],
}

describe('the lists of budan reconcile', () => {
  it('have of each finding what is known of it, and nothing else: CSV', async () => {
    const { code, stderr } = await reconciled([each.bill], each.lines, ['--csv', csv])
    expect(code).toBe(2)
    expect(stderr).toContain(`wrote ${csv}`)
    const text = readFileSync(csv, 'utf8')
    expect(
      text
        .split('\n')
        .slice(0, -1)
        .every((line) => line.endsWith('\r')),
    ).toBe(true)
    const rows: string[][] = parse(text.replace('\ufeff', ''), { record_delimiter: '\r\n' })
    const of = (kind: string) => rows.filter(([first]) => first === kind).map((row) => row.slice(1))
    const transaction = (nth: number) => orderAt(nth).transactionId
    expect(of('missed_payment')).toEqual([
      [
        ...['NO000001', "'=1+1", '1.01', '1.01', '0.00', 'pending', '2026-01-24T10:00:01+08:00'],
        ...[transaction(1), '2', 'paid, not credited'],
      ],
    ])
    expect(of('unknown_order')).toEqual([
      [
        ...['NO000002', '', '1.02', '', '0.00', '', '2026-01-24T10:00:02+08:00', transaction(2)],
        ...['', 'in the bill, not in the export'],
      ],
    ])
    const first = (kind: string) => of(kind).map((row) => row.slice(0, 5))
    expect(first('amount_differs')).toEqual([['NO000003', '', '1.03', '9.99', '0.00']])
    expect(first('duplicate_payment')).toEqual([['NO000004', 'u', '1.04', '1.04', '0.00']])
    expect(first('refund')).toEqual([['NO000005', 'u', '1.05', '1.05', '0.40']])
    expect(first('not_in_bill')).toEqual([['NO000006', 'u6', '', '1.06', '0.00']])
    expect(first('not_judged')).toEqual([['NO000008', 'u8', '', '1.08', '0.00']])
    expect(of('cannot_judge')).toEqual([
      [
        ...['NO000007', '', '', '', '', '', '', '', '7'],
        'no amount in the unit of this column (yuan have at most 2 places) (amount "")',
      ],
    ])
  })

  it('have of each finding what is known of it, and nothing else: JSON', async () => {
    const { stdout } = await reconciled([each.bill], each.lines, ['--json'])
    const { findings, faults, fault_count: count } = JSON.parse(stdout)
    const of = (wanted: string) =>
      findings.filter(({ kind }: { readonly kind: string }) => kind === wanted)
    expect(of('unknown_order')).toMatchObject([
      { order_no: 'NO000002', user_id: null, amount: 102, export_amount: null, line: null },
    ])
    expect(of('not_in_bill')).toMatchObject([
      { order_no: 'NO000006', amount: null, transaction_id: null, status: 'paid', line: 6 },
    ])
    expect(of('refund')).toMatchObject([{ order_no: 'NO000005', refunded: 40 }])
    expect(count).toBe(1)
    expect(faults).toEqual([
      {
        ...{ line: 7, order_no: 'NO000007', column: 'amount', value: '' },
        problem: 'amount_unreadable',
      },
    ])
  })

  it('have of each finding what is known of it, and nothing else: on the screen', async () => {
    const { stdout } = await reconciled([each.bill], each.lines)
    expect(stdout).toMatch(/^in the bill, not in the export +NO000002 +- +¥1\.02 +- +- +- /m)
    expect(stdout).toMatch(
      /^paid in the export, not in the bill +NO000006 +u6 +- +¥1\.06 +- +paid /m,
    )
    expect(stdout).toMatch(/^refunded, paid in the export +NO000005 +u +¥1\.05 +¥1\.05 +¥0\.40 /m)
    expect(stdout).toMatch(/^1 refunded, paid in the export, ¥1\.05 in all$/m)
  })

  it('have every finding, also where they are written in several parts', async () => {
    const orders = Array.from({ length: 2_500 }, (_, nth) => orderAt(nth))
    const written = await reconciled([orders], [paidLine(orderAt(9_999))], ['--csv', csv])
    const text = readFileSync(csv, 'utf8')
    const listed = [...text.matchAll(/^unknown_order,(NO\d+),/gm)].map(([, no]) => no)
    expect(listed).toEqual(orders.map(({ orderNo }) => orderNo))
    expect(written.stdout.match(/^in the bill, not in the export /gm)).toHaveLength(200)
    expect(written.stdout).toMatch(/^2301 more: --csv FILE or --json has all$/m)
    const { stdout } = await reconciled([orders], [paidLine(orderAt(9_999))], ['--json'])
    expect(JSON.parse(stdout).findings).toHaveLength(2_501)
  })

  it.each([2_000, 2_001, 1_999])('are whole JSON with %i findings', async (count) => {
    const orders = Array.from({ length: count }, (_, nth) => orderAt(nth))
    const { stdout } = await reconciled([orders], [], ['--json'])
    expect(JSON.parse(stdout).findings).toHaveLength(count)
  })

  it('are empty JSON lists where there is nothing to list', async () => {
    const { code, stdout } = await reconciled([[orderAt(1)]], [paidLine(orderAt(1))], ['--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'agree', findings: [], faults: [] })
  })

  it('show 200 rows that cannot be judged, write 1,000, and count all', async () => {
    const lines = Array.from({ length: 1_100 }, (_, nth) => `X${nth},u,1.001,paid,`)
    const { code, stdout } = await reconciled([[orderAt(1)]], lines, ['--csv', csv])
    expect(code).toBe(2)
    expect(stdout).toMatch(/^1100 rows cannot be judged$/m)
    expect(stdout.match(/^\d+ +amount +1\.001 /gm)).toHaveLength(200)
    expect(stdout).toMatch(/^900 more: --csv FILE and --json have the first 1000$/m)
    expect(readFileSync(csv, 'utf8').match(/^cannot_judge,/gm)).toHaveLength(1_000)
  })

  it('cut a long value on the screen alone', async () => {
    const value = 'y'.repeat(100)
    const { stdout } = await reconciled([[orderAt(1)]], [`X1,u,${value},paid,`], ['--csv', csv])
    expect(stdout).toContain(` ${'y'.repeat(80)} `)
    expect(stdout).not.toContain('y'.repeat(81))
    expect(readFileSync(csv, 'utf8')).toContain(value)
  })
})

describe('the days of budan reconcile', () => {
  const onDays = (...days: readonly string[]) => days.map((day, nth) => orderAt(nth, day))

  it.each([
    [['2026-01-24'], '2026-01-24'],
    [['2026-01-24', '2026-01-25'], '2026-01-24 – 2026-01-25'],
    [
      ['2026-01-24', '2026-01-26', '2026-01-27', '2026-01-28', '2026-02-01'],
      '2026-01-24, 2026-01-26 – 2026-01-28, 2026-02-01',
    ],
    [['2026-02-28', '2026-03-01', '2027-03-01'], '2026-02-28 – 2026-03-01, 2027-03-01'],
  ])('%j are shown as %s', async (days, shown) => {
    const rows = onDays(...days)
    const { code, stdout } = await reconciled([rows], rows.map(paidLine))
    expect(code).toBe(0)
    expect(stdout).toContain(`Bills of ${shown}: ${rows.length} payments, 0 refunds.`)
  })

  it('count rows once that two bills have', async () => {
    const rows = [orderAt(1), orderAt(2)]
    const { code, stdout } = await reconciled([rows, rows], rows.map(paidLine))
    expect(code).toBe(0)
    expect(stdout).toMatch(/2 payments, 0 refunds\.\n2 rows were there before, and count once\.$/m)
  })
})
