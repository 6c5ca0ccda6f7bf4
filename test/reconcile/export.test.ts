import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/fault.ts'
import {
  bareText,
  orderNoProblem,
  readAmount,
  readExportTime,
} from '../../src/reconcile/export/cells.ts'
import {
  recognizedColumn,
  recognizedStanding,
  unitOf,
} from '../../src/reconcile/export/known-words.ts'
import { emptyMap, readMap } from '../../src/reconcile/export/map.ts'
import { layoutOf, readExport, readHeader } from '../../src/reconcile/export/read-export.ts'
import { recordsOf } from '../../src/reconcile/export/records.ts'
import { textOf } from '../../src/reconcile/export/text.ts'
import { runsOf, testSeed } from '../support/random.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'budan-export-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function fileOf(content: string | Buffer, name = 'orders.csv'): string {
  const file = join(directory, name)
  writeFileSync(file, content)
  return file
}

async function cellsOf(pieces: readonly string[]): Promise<readonly (readonly string[])[]> {
  const cells: (readonly string[])[] = []
  const texts = (async function* () {
    yield* pieces
  })()
  for await (const records of recordsOf(texts, 'x.csv'))
    cells.push(...records.map((each) => each.cells))
  return cells
}

describe('recordsOf()', () => {
  it('reads back what a library writes, in any pieces', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\n', '订', ' ', ';'),
      maxLength: 8,
    })
    const table = fc
      .array(fc.tuple(fc.constantFrom('n1', 'n2'), cell, cell), { minLength: 1, maxLength: 20 })
      .map((rows) => [['order_no', 'status', 'amount'], ...rows])
    const property = fc.asyncProperty(table, fc.array(fc.nat(40)), async (rows, cuts) => {
      const text = stringify(rows)
      const pieces: string[] = []
      let start = 0
      for (const length of cuts) {
        pieces.push(text.slice(start, start + length))
        start += length
      }
      pieces.push(text.slice(start))
      expect(await cellsOf(pieces.filter((each) => each !== ''))).toEqual(rows)
    })
    await fc.assert(property, { numRuns: runsOf(600), seed: testSeed })
  })

  it.each([',', '\t', ';'])('finds the delimiter %j', async (delimiter) => {
    const text = `a${delimiter}b\r\n1${delimiter}2\r\n`
    expect(await cellsOf([text])).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ])
  })

  it('rejects a quote that is never closed, with its line', async () => {
    const text = `a,b\n1,2\n"3,4\n${'x\n'.repeat(600_000)}`
    await expect(cellsOf([text])).rejects.toThrow(/line 3: a quote is not closed/)
  })
})

describe('textOf()', () => {
  const read = async (content: string | Buffer) => {
    let text = ''
    for await (const piece of textOf(fileOf(content))) text += piece
    return text
  }

  it.each<[string, string | Buffer, string]>([
    ['UTF-8', '订单号,1', '订单号,1'],
    ['UTF-8 with a byte order mark', '\ufeff订单号,1', '订单号,1'],
    ['GBK', Buffer.from('b6a9b5a5bac52c31', 'hex'), '订单号,1'],
    ['UTF-16', Buffer.from('\ufeff订单号\t1', 'utf16le'), '订单号\t1'],
  ])('reads %s', async (_, content, expected) => {
    const text = await read(content)
    expect(text.replace('\ufeff', '')).toBe(expected)
  })

  it('decides by the whole file, though GBK may begin like UTF-8', async () => {
    const gbk = Buffer.concat([
      Buffer.from(`d2bb\n${'a,b\n'.repeat(100_000)}`.replace('d2bb', ''), 'latin1'),
      Buffer.from('d2bb0ab6a9b5a5bac5', 'hex'),
    ])
    expect((await read(gbk)).endsWith('一\n订单号')).toBe(true)
  })

  it.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /it is empty/],
    ['a workbook', 'PK\u0003\u0004xyz', /Excel workbook/],
    ['a web page', ' <html>', /web page/],
    ['other bytes', Buffer.from([0x61, 0xff, 0xff, 0xff]), /neither UTF-8 nor GBK/],
    ['a binary file', Buffer.from([0x61, 0, 0, 0x62]), /it is not text/],
  ])('rejects %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message)
  })
})

describe('cells', () => {
  it.each([
    ['123', '123'],
    ['\t123', '123'],
    ["'123", '123'],
    ['`123', '123'],
    ['="123"', '123'],
    [' RECH1 ', 'RECH1'],
  ])('bareText(%j) is %j', (cell, text) => {
    expect(bareText(cell)).toBe(text)
  })

  it.each([
    ['20260124000001', null],
    ['1.23457E+17', 'order_no_rounded'],
    ['1E17', 'order_no_rounded'],
    ['RECHE5', null],
    ['', 'order_no_missing'],
    ['x'.repeat(65), 'order_no_too_long'],
  ])('orderNoProblem(%j) is %j', (orderNo, problem) => {
    expect(orderNoProblem(orderNo)).toBe(problem)
  })

  it.each<[string, 'yuan' | 'fen', bigint | null]>([
    ['12.34', 'yuan', 1234n],
    ['12', 'yuan', 1200n],
    ['12.3400', 'yuan', 1234n],
    ['12.345', 'yuan', null],
    ['¥1,234.50', 'yuan', 123450n],
    ['￥ 5元', 'yuan', 500n],
    ['1,23', 'yuan', null],
    ['-1', 'yuan', null],
    ['1e3', 'yuan', null],
    ['', 'yuan', null],
    ['99999999999999', 'yuan', null],
    ['1234', 'fen', 1234n],
    ['1234.00', 'fen', 1234n],
    ['12.5', 'fen', null],
    ["'7", 'fen', 7n],
  ])('readAmount(%j, %s) is %s', (cell, unit, fen) => {
    expect(readAmount(cell, unit)).toBe(fen)
  })

  it.each([
    ['2026-01-24 15:00:00', '2026-01-24T07:00:00.000Z'],
    ['2026/1/24 15:00', '2026-01-24T07:00:00.000Z'],
    ['2026-01-24T15:00:00+08:00', '2026-01-24T07:00:00.000Z'],
    ['2026-01-24 07:00:00+00', '2026-01-24T07:00:00.000Z'],
    ['2026-01-24T07:00:00.5Z', '2026-01-24T07:00:00.500Z'],
    ['1769238000', '2026-01-24T07:00:00.000Z'],
    ['1769238000000', '2026-01-24T07:00:00.000Z'],
    ['2026-02-30 15:00:00', null],
    ['yesterday', null],
    ['46046.625', null],
  ])('readExportTime(%j) is %s', (cell, time) => {
    expect(readExportTime(cell, 480)?.toISOString() ?? null).toBe(time)
  })

  it('readExportTime() takes the offset for times without one', () => {
    expect(readExportTime('2026-01-24 07:00:00', 0)?.toISOString()).toBe('2026-01-24T07:00:00.000Z')
  })
})

describe('the words of an export', () => {
  it.each([
    ['order_no', ['id', 'Order No'], 'Order No'],
    ['order_no', ['订单号', '商户订单号'], '商户订单号'],
    ['amount', ['amount', 'pay_amount'], 'pay_amount'],
    ['amount', ['金额(元)'], '金额(元)'],
    ['status', ['支付状态', '订单状态'], null],
    ['status', ['state'], null],
    ['paid_at', ['payTime'], 'payTime'],
  ] as const)('recognizes %s among %j: %j', (use, header, column) => {
    expect(recognizedColumn(use, header)).toBe(column)
  })

  it.each([
    ['amount', 'yuan'],
    ['金额', 'yuan'],
    ['amount_fen', 'fen'],
    ['金额（分）', 'fen'],
    ['金额(元)', 'yuan'],
    ['amountFen', 'fen'],
    ['AMOUNT-FEN', 'fen'],
    ['often', 'yuan'],
  ])('unitOf(%j) is %s', (column, unit) => {
    expect(unitOf(column)).toBe(unit)
  })

  it.each([
    ['PAID', 'paid'],
    ['待支付', 'unpaid'],
    ['已退款', 'refunded'],
    ['1', null],
    ['recharging', null],
  ])('recognizedStanding(%j) is %j', (status, standing) => {
    expect(recognizedStanding(status)).toBe(standing)
  })
})

describe('readMap()', () => {
  it('names every fault with its key', () => {
    const file = fileOf(
      [
        'colums: {}',
        'columns: { order_no: [], amount: { column: a, unit: dollar }, paid_at: { column: b, zone: Mars }, x: y, user_id: { column: c, units: fen } }',
        'status: { paid: [1], unpaid: [1], open: [2] }',
        'only: { a: [1] }',
      ].join('\n'),
      'map.yaml',
    )
    const faults = (() => {
      try {
        return readMap(file)
      } catch (error) {
        return error instanceof ConfigError ? error.faults : error
      }
    })()
    expect(faults).toEqual([
      `${file}: colums: unknown key; did you mean columns?`,
      `${file}: columns.x: unknown key`,
      `${file}: columns.user_id.units: unknown key`,
      `${file}: columns.order_no: must name a column, like "订单号" or { column: 金额, unit: yuan }`,
      `${file}: columns.amount.unit: must be yuan or fen`,
      `${file}: columns.paid_at.zone: must be Asia/Shanghai, UTC, or an offset like +08:00`,
      `${file}: status.unpaid: "1" has another meaning already`,
      `${file}: status.open: unknown key`,
      `${file}: only.a: must be one value`,
    ])
  })

  it.each([
    ['columns: 订单号', 'columns: must hold keys, like "key: value"'],
    ['status: unpaid', 'status: must hold keys, like "key: value"'],
    ['only: [channel]', 'only: must hold keys, like "key: value"'],
    ['status: { paid: [[a, b], { c: d }] }', 'status.paid: must be a list of statuses'],
    [
      'columns: { amount: "" }',
      'columns.amount: must name a column, like "订单号" or { column: 金额, unit: yuan }',
    ],
    ...['+15:00', '-08:60', '8', 'GMT+8', ''].map((zone) => [
      `columns: { paid_at: { column: a, zone: "${zone}" } }`,
      'columns.paid_at.zone: must be Asia/Shanghai, UTC, or an offset like +08:00',
    ]),
  ])('refuses %j', (yaml = '', fault) => {
    const file = fileOf(yaml, 'wrong.yaml')
    expect(() => readMap(file)).toThrow(`${file}: ${fault}`)
  })

  it.each([
    ['Asia/Shanghai', 480],
    ['UTC', 0],
    ['+08:00', 480],
    ['+0545', 345],
    ['-03:30', -210],
    ['+14:00', 840],
  ])('takes the zone %s for an offset of %s minutes', (zone, minutes) => {
    const file = fileOf(`columns: { paid_at: { column: a, zone: "${zone}" } }`, 'zone.yaml')
    expect(readMap(file).offsetMinutes).toBe(minutes)
  })

  it('needs none of its sections, and takes "status: paid" for a file in which all is paid', () => {
    expect(readMap(fileOf('', 'empty.yaml'))).toEqual(emptyMap)
    expect(readMap(fileOf('columns:\nstatus:\nonly:\n', 'empty.yaml'))).toEqual(emptyMap)
    const map = readMap(fileOf('status: paid\nonly: { channel: wx }', 'paid.yaml'))
    expect(map).toEqual({ ...emptyMap, statuses: 'paid', only: new Map([['channel', 'wx']]) })
  })

  it('takes one status, or a list of them', () => {
    const map = readMap(fileOf('status: { paid: "1", unpaid: [0, new], refunded: [9] }', 's.yaml'))
    expect(map.statuses).toEqual(
      new Map([
        ['1', 'paid'],
        ['0', 'unpaid'],
        ['new', 'unpaid'],
        ['9', 'refunded'],
      ]),
    )
  })
})

describe('readExport()', () => {
  it('names the line of each row that it cannot judge, past quoted line ends', async () => {
    const file = fileOf(
      [
        'order_no,amount,status,remark',
        '"R1",1,paid,"a',
        'b"',
        'R2,1.001,paid,',
        'R3,x,pending,',
        'R4,,pending,',
        ',,,',
        'R5,1,paid,,,',
        'R6,1,paid,a,b',
        '',
      ].join('\r\n'),
    )
    const layout = layoutOf(await readHeader(file), emptyMap)
    const rows: unknown[] = []
    const faults: unknown[] = []
    for await (const batch of readExport(file, layout)) {
      rows.push(...batch.rows.map(({ orderNo, line }) => [orderNo, line]))
      faults.push(...batch.faults.map(({ problem, line }) => [problem, line]))
    }
    expect(rows).toEqual([
      ['R1', 3],
      ['R4', 6],
      ['R5', 8],
    ])
    expect(faults).toEqual([
      ['amount_unreadable', 4],
      ['amount_unreadable', 5],
      ['cells', 9],
    ])
  })

  it('takes a column without a name for none of those that are not there', async () => {
    const file = fileOf('order_no,amount,status,\nR1,1,paid,next week\n')
    const layout = layoutOf(await readHeader(file), emptyMap)
    const batches: unknown[] = []
    for await (const batch of readExport(file, layout)) batches.push(batch)
    const row = { orderNo: 'R1', paidAt: null, userId: null }
    expect(batches).toMatchObject([{ rows: [row], faults: [] }])
  })

  it('rejects two columns of one name where it would use one of them, which two joined tables have', () => {
    const header = ['order_no', 'amount', 'status', 'id', 'id']
    expect(layoutOf(header, emptyMap).columns.status).toBe('status')
    expect(() => layoutOf([...header, 'status'], emptyMap)).toThrow('has the column "status" twice')
  })

  it('rejects "every row was paid" where there is a column of statuses', () => {
    const map = { ...emptyMap, statuses: 'paid' as const }
    expect(layoutOf(['order_no', 'amount'], map).columns.status).toBe(null)
    expect(() => layoutOf(['order_no', 'amount', 'status'], map)).toThrow(
      'The export has the column "status"',
    )
  })

  it('rejects lines that end with carriage returns alone, which would be one line', async () => {
    const file = fileOf('order_no,amount,status,user\rR1,1,paid,u\r')
    await expect(readHeader(file)).rejects.toThrow(/carriage returns alone/)
  })

  it('rejects a pipe, whose second reading would be empty or never begin', async () => {
    const pipe = join(directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(readHeader(pipe)).rejects.toThrow(/it is a pipe/)
  })

  it('names the columns of a map that the export does not have', async () => {
    const map = { ...emptyMap, columns: { order_no: 'number' } }
    expect(() => layoutOf(['a', 'b'], map)).toThrow('The export has no column "number": "a", "b"')
  })
})
