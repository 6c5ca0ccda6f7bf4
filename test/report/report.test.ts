import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/report/report.ts'
import { now, numberOf, place, rowsOf, useDesk } from './desk.ts'
import { MemorySource } from './memory-source.ts'

const desk = useDesk()

describe('makeReport()', () => {
  it('lists what is paid and not credited, and only queries', async () => {
    const { control, report } = desk()
    const rows = rowsOf(35)
    for (const row of rows) place(control, row)
    for (const n of [3, 20, 34]) control.pay(numberOf(n), { callback: false })
    const { report: made, progress, begun } = await report(new MemorySource(rows))
    expect(made.findings.map(({ orderNo }) => orderNo)).toEqual([3, 20, 34].map(numberOf))
    expect(made.findings[0]).toMatchObject({
      ...{ source: 'shop', problem: 'paid_not_credited', userId: 'user-3', amount: 103n },
      ...{ status: 'pending', paidAt: expect.any(Date), transactionId: expect.any(String) },
    })
    expect(made.sum).toBe(103n + 120n + 134n)
    expect(made).toMatchObject({ rows: 35, queried: 35, unanswered: 0, skipped: 0, stopped: null })
    expect(exitCodeOf(made)).toBe(3)
    expect(begun).toEqual({ total: 35, done: 0 })
    expect(progress).toEqual(rows.map((_, n) => n + 1))
    const operations = control.requests().map(({ operation }) => operation)
    expect(new Set(operations)).toEqual(new Set(['query']))
  })

  it('ends with 0 when every row was answered, and none is paid', async () => {
    const { control, report } = desk()
    const rows = rowsOf(12)
    for (const row of rows) place(control, row)
    control.close(numberOf(5))
    const { report: made } = await report(new MemorySource(rows))
    expect(made).toMatchObject({ findings: [], rows: 12, queried: 12, sum: 0n })
    expect(exitCodeOf(made)).toBe(0)
  })

  it('ends with 0 for a window without rows', async () => {
    const { report: made } = await desk().report(new MemorySource([]))
    expect(made).toMatchObject({ findings: [], rows: 0, queried: 0, doubtful: [] })
    expect(exitCodeOf(made)).toBe(0)
  })

  it('says how a payment differs from its row', async () => {
    const { control, report } = desk()
    const rows = rowsOf(5, { status: 'expired' })
    for (const { orderNo, amount } of rows) {
      const dollars = orderNo === numberOf(1) && { currency: 'USD' }
      const other = orderNo === numberOf(2) && { appid: 'wx00000000000other' }
      const total = Number(amount) - (orderNo === numberOf(0) ? 1 : 0)
      control.putOrder({ out_trade_no: orderNo, total, ...dollars, ...other })
      control.pay(orderNo, { callback: false })
    }
    control.refund(numberOf(3))
    const { report: made } = await report(new MemorySource(rows))
    expect(
      made.findings.map(({ problem, amount, status, difference }) => [
        ...[problem, amount, status, difference?.theirs],
      ]),
    ).toEqual([
      ['amount_differs', 100n, 'expired', '99'],
      ['currency_differs', 101n, 'expired', 'USD'],
      ['app_id_differs', 102n, 'expired', 'wx00000000000other'],
      ['refunded', 103n, 'expired', undefined],
      ['paid_not_credited', 104n, 'expired', undefined],
    ])
  })

  it('takes a payment under any of the configured app ids', async () => {
    const { control, report } = desk()
    const rows = rowsOf(1)
    control.putOrder({ out_trade_no: numberOf(0), total: 100, appid: 'wx00000000000other' })
    control.pay(numberOf(0), { callback: false })
    const appIds = ['wx8888888888888888', 'wx00000000000other']
    const { report: made } = await report(new MemorySource(rows), { wechat: { appIds } })
    expect(made.findings.map(({ problem }) => problem)).toEqual(['paid_not_credited'])
  })

  it('lists rows that it cannot read, and gives no all-clear', async () => {
    const { control, report } = desk()
    const rows = rowsOf(6)
    for (const row of rows) place(control, row)
    const source = new MemorySource(
      rows.map((row, n) => (n === 4 ? { ...row, problem: 'amount_unreadable' } : row)),
    )
    const { report: made } = await report(source)
    expect(made.findings).toMatchObject([
      { problem: 'amount_unreadable', orderNo: numberOf(4), fault: { key: '4', value: '1.005' } },
    ])
    expect(made).toMatchObject({ rows: 6, queried: 5, skipped: 1, sum: 0n })
    expect(exitCodeOf(made)).toBe(1)
  })

  it('lists rows that were created in the future, because times are read wrongly then', async () => {
    const { control, report } = desk()
    const [row, other] = rowsOf(2)
    if (row === undefined || other === undefined) throw new Error('No rows')
    place(control, row)
    const ahead = { ...other, createdAt: new Date(+now + 8 * 3_600_000) }
    const { report: made } = await report(new MemorySource([row, ahead]))
    expect(made.findings).toMatchObject([{ problem: 'created_in_future', orderNo: numberOf(1) }])
    expect(made).toMatchObject({ rows: 2, queried: 1, skipped: 1 })
    expect(exitCodeOf(made)).toBe(1)
  })

  it('reads the days that it was given', async () => {
    const { control, report } = desk()
    const rows = rowsOf(3).map((row, n) => ({
      ...row,
      createdAt: new Date(+now - (5 * n + 1) * 86_400_000),
    }))
    for (const row of rows) place(control, row)
    const source = () => new MemorySource(rows)
    expect((await report(source(), { days: 5 })).report.rows).toBe(1)
    expect((await report(source(), { days: 10 })).report.rows).toBe(2)
    expect((await report(source())).report.rows).toBe(3)
  })

  it('leaves out what was credited before the report ended', async () => {
    const { control, report } = desk()
    const rows = rowsOf(30)
    for (const row of rows) {
      place(control, row)
      control.pay(row.orderNo, { callback: false })
    }
    const source = new MemorySource(rows)
    source.beforePage = (nth) => {
      if (nth === 3) for (const row of source.rows.slice(0, 28)) row.status = 'paid'
    }
    const { report: made } = await report(source)
    expect(made.findings.map(({ orderNo }) => orderNo)).toEqual([28, 29].map(numberOf))
    // The others were not in the page any more.
    expect(made.creditedMeanwhile).toBe(20)
    expect(exitCodeOf(made)).toBe(3)
  })

  it('keeps a paid row that was removed meanwhile', async () => {
    const { control, report } = desk()
    const rows = rowsOf(1)
    for (const row of rows) place(control, row)
    control.pay(numberOf(0), { callback: false })
    const source = new MemorySource(rows)
    source.reread = async () => ({ orders: [], credited: [], faults: [] })
    expect((await report(source)).report.findings).toHaveLength(1)
  })

  it('lists both of two rows with one number, because either may be the paid one', async () => {
    const { control, report } = desk()
    const [row] = rowsOf(1)
    if (row === undefined) throw new Error('No row')
    place(control, row)
    control.pay(row.orderNo, { callback: false })
    const twin = { ...row, key: 9, userId: 'somebody-else' }
    const { report: made } = await report(new MemorySource([row, { ...row, key: 8 }, twin]))
    expect(made.findings.map(({ problem, userId }) => [problem, userId])).toEqual([
      ['order_no_duplicate', 'user-0'],
      ['order_no_duplicate', 'somebody-else'],
    ])
    expect(exitCodeOf(made)).toBe(3)
  })

  it('reads several sources, one after the other', async () => {
    const { control, report } = desk()
    const rows = rowsOf(20)
    for (const row of rows) {
      place(control, row)
      control.pay(row.orderNo, { callback: false })
    }
    const sources = [
      new MemorySource(rows.slice(0, 12), { name: 'a' }),
      new MemorySource(rows.slice(12), { name: 'b' }),
    ]
    const { report: made, begun } = await report(sources)
    expect(begun?.total).toBe(20)
    expect(made.findings.map(({ source }) => source)).toEqual([
      ...Array(12).fill('a'),
      ...Array(8).fill('b'),
    ])
  })
})

describe('exitCodeOf()', () => {
  it('is 1 while most numbers are not known to the gateway, and nothing was found', async () => {
    const { control, report } = desk()
    const rows = rowsOf(9)
    for (const row of rows.slice(0, 4)) place(control, row)
    const { report: made } = await report(new MemorySource(rows))
    expect(made).toMatchObject({ queried: 9, findings: [], unanswered: 0 })
    expect(made.doubtful).toEqual([{ name: 'shop', absent: 5, trades: 4 }])
    expect(exitCodeOf(made)).toBe(1)
  })

  it('is 0 when as many are known as not', async () => {
    const { control, report } = desk()
    const rows = rowsOf(10)
    for (const row of rows.slice(0, 5)) place(control, row)
    const { report: made } = await report(new MemorySource(rows))
    expect(exitCodeOf(made)).toBe(0)
  })

  it('is 3 when most are not known, but payments were found: they show that the merchant is right', async () => {
    const { control, report } = desk()
    const rows = rowsOf(9)
    for (const row of rows.slice(0, 2)) {
      place(control, row)
      control.pay(row.orderNo, { callback: false })
    }
    const { report: made } = await report(new MemorySource(rows))
    expect(made.doubtful).toHaveLength(1)
    expect(exitCodeOf(made)).toBe(3)
  })

  it('is 1 for another merchant number, and says so while the report is made', async () => {
    const { control, report } = desk()
    const rows = rowsOf(120)
    for (const row of rows) {
      place(control, row)
      control.pay(row.orderNo, { callback: false })
    }
    control.addFault({
      operation: 'query',
      fault: { kind: 'error', status: 404, code: 'ORDER_NOT_EXIST' },
    })
    const { report: made, warnings } = await report(new MemorySource(rows))
    expect(warnings).toEqual([
      '100 answers in a row were "no such order": is the merchant number right?',
    ])
    expect(exitCodeOf(made)).toBe(1)
  })
})
