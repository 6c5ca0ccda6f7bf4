import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BillError } from '../../src/gateway/wechat/bills/bill-error.ts'
import { type BillBatch, readBill } from '../../src/gateway/wechat/bills/read-bill.ts'
import type { BillRow } from '../../src/gateway/wechat/bills/row.ts'
import {
  billText,
  gzippedBill,
  type MadeBill,
  type MadeRow,
  payerOpenid,
} from '../support/bill-file.ts'
import { runsOf, testSeed } from '../support/random.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'budan-bill-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function fileOf(content: string | Buffer): string {
  const file = join(directory, 'bill.csv')
  writeFileSync(file, content)
  return file
}

async function read(content: string | Buffer): Promise<readonly BillRow[]> {
  const rows: BillRow[] = []
  for await (const batch of readBill(fileOf(content))) rows.push(...batch.rows)
  return rows
}

async function faultOf(content: string | Buffer): Promise<BillError> {
  const error = await read(content).then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof BillError) return error
  throw new Error(`no fault: ${String(error)}`)
}

const paid: MadeRow = {
  orderNo: 'RECH1',
  transactionId: '4200000001202601240000000001',
  amount: 1234n,
  at: new Date('2026-01-24T15:00:00+08:00'),
}
const refunded: MadeRow = { ...paid, status: 'REFUND', refundId: '50000000001', amount: 234n }

/** A row as it was made, without its line. */
function expected(row: MadeRow) {
  const { status = 'SUCCESS', amount, orderNo, transactionId, at } = row
  const isPayment = status === 'SUCCESS'
  return {
    ...{ orderNo, transactionId, at, appId: 'wx2421b1c4370ec43b', mchid: '1230000109' },
    kind: { SUCCESS: 'payment', REFUND: 'refund', REVOKED: 'revoked' }[status],
    amount: isPayment ? amount : 0n,
    refund: isPayment ? null : expect.objectContaining({ amount }),
  }
}

const madeRow = fc.record<MadeRow>({
  orderNo: fc.stringMatching(/^[\w\-|*@]{6,32}$/),
  transactionId: fc.stringMatching(/^\d{28}$/),
  amount: fc.bigInt(1n, 10n ** 12n),
  at: fc
    .integer({ min: 0, max: 86_399 })
    .map((second) => new Date(Date.parse('2026-01-24T00:00:00+08:00') + second * 1000)),
  status: fc.constantFrom('SUCCESS', 'SUCCESS', 'REFUND', 'REVOKED'),
  refundId: fc.stringMatching(/^50\d{26}$/),
  // What a merchant writes: with the separators of the file, but never with a line end.
  description: fc.oneof(
    fc.constantFrom('a,`b', '`,`', ',,', '充值 ¥5'),
    fc.string({ maxLength: 20 }),
  ),
  attach: fc.constantFrom('', 'user=1', 'x,`y,`z'),
})

const madeBill = fc
  .record({
    rows: fc.array(madeRow, { maxLength: 30 }),
    format: fc.constantFrom('ALL' as const, 'SUCCESS' as const, 'REFUND' as const),
    isOld: fc.boolean(),
    hasBom: fc.boolean(),
    lineEnd: fc.constantFrom('\r\n' as const, '\n' as const),
    packed: fc.boolean(),
  })
  .map(({ rows, ...made }) => ({
    ...made,
    rows: rows
      .map((row) => ({ ...row, description: row.description?.replaceAll(/[\r\n]/g, ' ') ?? '' }))
      .filter(({ status = 'SUCCESS' }) =>
        made.format === 'ALL' ? true : (status === 'SUCCESS') === (made.format === 'SUCCESS'),
      ),
  }))

describe('readBill()', () => {
  it('reads every row of any format, packed or not, whatever the merchant wrote', async () => {
    const property = fc.asyncProperty(madeBill, async ({ packed, ...bill }) => {
      const rows = await read(packed ? gzippedBill(bill) : billText(bill))
      expect(rows).toMatchObject(bill.rows.map(expected))
    })
    await fc.assert(property, { numRuns: runsOf(400), seed: testSeed })
  })

  it.each<[string, Partial<MadeBill>, number]>([
    ['ALL', { format: 'ALL' }, 27],
    ['SUCCESS', { format: 'SUCCESS' }, 20],
    ['REFUND', { format: 'REFUND' }, 29],
    ['old ALL', { format: 'ALL', isOld: true }, 24],
    ['old SUCCESS', { format: 'SUCCESS', isOld: true }, 18],
    ['old REFUND', { format: 'REFUND', isOld: true }, 26],
  ])('reads %s', async (_, made, columns) => {
    const rows = made.format === 'REFUND' ? [refunded] : [paid]
    const text = billText({ ...made, rows })
    expect(text.split('\r\n')[0]?.split(',')).toHaveLength(columns)
    expect(await read(text)).toMatchObject(rows.map(expected))
  })

  it('reads titles in any order', async () => {
    const property = fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
      const order = (titles: readonly string[]) =>
        titles
          .map((title) => ({ title, place: numbers.next().value }))
          .sort((a, b) => a.place - b.place)
          .map(({ title }) => title)
      const rows = [paid, refunded, { ...paid, description: 'a, b' }]
      expect(await read(billText({ rows, order }))).toMatchObject(rows.map(expected))
    })
    await fc.assert(property, { numRuns: runsOf(100), seed: testSeed })
  })

  it('never keeps the payer', async () => {
    const bill = { rows: [paid, refunded] }
    expect(billText(bill)).toContain(payerOpenid)
    const rows = await read(billText(bill))
    expect(JSON.stringify(rows, (_, value) => String(value))).not.toContain(payerOpenid)
  })

  it('compares 订单金额, from which no coupon is taken off', async () => {
    const [row] = await read(billText({ rows: [{ ...paid, coupon: 100n }] }))
    expect(row?.amount).toBe(1234n)
  })

  it('reads the statuses of refunds', async () => {
    const rows = ['SUCCESS', 'PROCESSING', 'FAIL', 'CHANGE', 'NEW'].map((refundStatus) => ({
      ...refunded,
      refundStatus,
    }))
    const read_ = await read(billText({ rows }))
    expect(read_.map(({ refund }) => refund?.status)).toEqual([
      ...['succeeded', 'unsettled', 'failed', 'failed', 'unsettled'],
    ])
  })

  it('accepts a day without trades, with one batch', async () => {
    const batches: BillBatch[] = []
    for await (const batch of readBill(fileOf(billText({ rows: [] })))) batches.push(batch)
    expect(batches).toEqual([{ format: 'all', rows: [] }])
  })

  it('reads a pipe', async () => {
    const pipe = join(directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    const rows: BillRow[] = []
    const written = (async () => {
      const { writeFile } = await import('node:fs/promises')
      await writeFile(pipe, gzippedBill({ rows: [paid] }))
    })()
    for await (const batch of readBill(pipe)) rows.push(...batch.rows)
    await written
    expect(rows).toMatchObject([expected(paid)])
  })
})

describe('readBill() rejects', () => {
  const good = billText({ rows: [paid, refunded] })
  const with_ = (from: string, to: string) => {
    expect(good).toContain(from)
    return good.replace(from, to)
  }

  it.each<[string, string | Buffer, Partial<Record<'problem' | 'place', unknown>>]>([
    ['an empty file', '', { problem: 'empty_file' }],
    ['blank lines', '\r\n\r\n', { problem: 'empty_file' }],
    ['an error', '{"code":"NO_STATEMENT_EXIST"}', { problem: 'error_body' }],
    ['a web page', '<!DOCTYPE html><html>', { problem: 'web_page' }],
    ['an archive', 'PK\u0003\u0004', { problem: 'archive' }],
    ['another table', 'a,b\r\n1,2\r\n', { problem: 'title_missing', place: { line: 1 } }],
    [
      'titles that it needs and that are missing',
      with_('微信订单号,商户订单号', 'x,y'),
      { problem: 'title_missing', place: { line: 1, column: '微信订单号, 商户订单号' } },
    ],
    ['a title twice', with_('设备号', '商户号'), { problem: 'title_twice' }],
    ['a bill in GBK', Buffer.from('bdbbd2d7cab1bce4', 'hex'), { problem: 'not_utf8' }],
    ['a line with a field less', with_('`NATIVE,', ''), { problem: 'fields', place: { line: 2 } }],
    [
      'an amount with three places',
      with_('`12.34,`0.00,`\r\n', '`12.345,`0.00,`\r\n'),
      { problem: 'amount', place: { line: 2, column: '订单金额', value: '12.345' } },
    ],
    ['a day that is none', with_('2026-01-24', '2026-02-30'), { problem: 'time' }],
    ['an unknown status', with_('`SUCCESS', '`PAID'), { problem: 'status' }],
    ['another currency', with_('`CNY', '`USD'), { problem: 'currency' }],
    ['a number that is none', with_('`RECH1', '`'), { problem: 'order_no' }],
    ['a number that Excel wrote', with_('`4200000001', '`4.2E+27 '), { problem: 'transaction_id' }],
    ['no summary', good.slice(0, good.indexOf('总交易单数')), { problem: 'summary_missing' }],
    ['half a summary', good.slice(0, good.lastIndexOf('`2.0')), { problem: 'summary_missing' }],
    ['half a line', good.slice(0, good.indexOf('`NATIVE')), { problem: 'fields' }],
    ['lines after the summary', `${good}${good}`, { problem: 'after_summary' }],
  ])('%s', async (_, content, fault) => {
    expect(await faultOf(content)).toMatchObject(fault)
  })

  it.each<[string, MadeBill, string]>([
    ['rows', { rows: [paid], summary: { 总交易单数: '2' } }, '总交易单数'],
    ['paid', { rows: [paid], summary: { 订单总金额: '12.33' } }, '订单总金额'],
    ['refunds', { rows: [refunded], summary: { 退款总金额: '2.33' } }, '退款总金额'],
    ['refunds', { rows: [refunded], summary: { 申请退款总金额: '0' } }, '申请退款总金额'],
    [
      'paid, in the old format',
      { rows: [paid], isOld: true, summary: { 应结订单总金额: '1' } },
      '总交易额',
    ],
  ])('totals that do not hold: %s', async (_, bill, column) => {
    const fault = await faultOf(billText(bill))
    expect(fault).toMatchObject({ problem: 'total_differs', place: { column } })
  })

  it('a gzip that is cut off anywhere', async () => {
    const packed = gzippedBill({ rows: [paid, refunded] })
    for (const length of [10, 100, packed.length - 9, packed.length - 1]) {
      const { problem } = await faultOf(packed.subarray(0, length))
      expect(problem).toBe('gzip_cut_off')
    }
  })

  it('a gzip that is damaged', async () => {
    const packed = Buffer.from(gzippedBill({ rows: [paid, refunded] }))
    // Its check sum: by then all its rows were read.
    packed.writeUInt32LE(~packed.readUInt32LE(packed.length - 8) >>> 0, packed.length - 8)
    expect(await faultOf(packed)).toMatchObject({ problem: 'gzip_broken' })
  })

  it('a line without an end', async () => {
    expect(await faultOf(gzipSync('x'.repeat(3_000_000)))).toMatchObject({
      problem: 'line_too_long',
    })
  })

  it('a file that is not there, with a sentence', async () => {
    const reading = readBill(join(directory, 'none.csv')).next()
    await expect(reading).rejects.toThrow(/^Cannot read the bill ".*none\.csv": no such file$/)
  })

  it('every bill that is cut off, whatever the place', async () => {
    const text = billText({ rows: [paid, refunded] }).trimEnd()
    const property = fc.asyncProperty(fc.nat(text.length - 2), async (length) => {
      await faultOf(text.slice(0, length))
    })
    await fc.assert(property, { numRuns: runsOf(200), seed: testSeed })
  })

  it('with file, line, column and value', async () => {
    const { message } = await faultOf(with_('`12.34,`0.00,`\r\n', '`12.345,`0.00,`\r\n'))
    expect(message).toMatch(
      /^Cannot use the bill ".*bill\.csv": line 2: 订单金额 "12\.345": it is not an amount/,
    )
  })
})
