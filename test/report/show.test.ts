import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeFindings } from '../../src/cli/report/csv.ts'
import { showGaps, showReport, showTraps } from '../../src/cli/report/show.ts'
import { createOutput } from '../../src/cli/terminal/output.ts'
import type { Locale } from '../../src/i18n/locale.ts'
import { blank, type Finding } from '../../src/report/finding.ts'
import type { Report } from '../../src/report/report.ts'
import { openDirectory } from '../cli/budan.ts'

function printed(locale: Locale, options: { asJson?: boolean } = {}) {
  const texts = { out: '', err: '' }
  const terminal = {
    ...{ env: {}, isInteractive: false, hasColor: false },
    out: (text: string) => {
      texts.out += text
    },
    err: (text: string) => {
      texts.err += text
    },
    stopRequested: () => new Promise<void>(() => {}),
  }
  return { texts, output: createOutput(terminal, { asJson: options.asJson ?? false, locale }) }
}

const paid: Finding = {
  ...blank,
  ...{ source: 'shop', problem: 'amount_differs', orderNo: 'PAY1', userId: 'u1', amount: 100n },
  ...{ status: 'pending', transactionId: '4200', paidAt: new Date('2026-01-24T07:00:00Z') },
  difference: { fact: 'amount', theirs: '90', ours: '100', currency: 'CNY' },
}
const unreadable: Finding = {
  ...blank,
  ...{ source: 'shop', problem: 'amount_unreadable', orderNo: '=1+1' },
  fault: { key: '17', column: 'pay_amount', value: '1.005' },
}

const report: Report = {
  ...{ findings: [paid, unreadable], sum: 100n, rows: 90, queried: 40, unanswered: 49, unread: 30 },
  ...{ skipped: 1, creditedMeanwhile: 2, resumedFrom: new Date('2026-01-24T06:00:00Z') },
  doubtful: [{ name: 'shop', absent: 30, trades: 10 }],
  stopped: { kind: 'gateway', message: '403: this merchant may not query' },
}
const reason = {
  code: 'no_answer',
  cause: 'timeout',
  message: 'Cannot query order "1": no answer in time',
} as const
const lastUnanswered = { kind: 'unanswered', cause: 'timeout', reason } as const
const shown = { report, isOfSeveral: true, lastUnanswered, resume: 'budan report --resume f' }

it('showReport() and showGaps() say what was found, and each thing that is missing', () => {
  const { texts, output } = printed('en')
  showReport(output, shown)
  showGaps(output, shown)
  expect(texts.out).toContain('paid, but not as ordered: amount ¥0.90, ordered ¥1.00')
  expect(texts.out).toContain('the amount cannot be read; row 17, column "pay_amount": "1.005"')
  expect(texts.out).toContain('1 order was paid, and is not credited: ¥1.00\n')
  expect(texts.out).toContain('2 more were credited while this report was made\n')
  expect(texts.err.split('\n').slice(0, -1)).toEqual([
    'This report was begun at 2026-01-24T14:00:00+08:00: rows that were created later are not in it.',
    'Beware, source "shop": the gateway does not know 30 of 40 order numbers. Were they placed under this merchant number?',
    'Stopped, because every query would fail: 403: this merchant may not query',
    'Not complete: 1 rows were skipped, because they cannot be understood',
    'Not complete: 49 rows have no answer, about 30 of them were not read',
    expect.stringMatching(/^The last query without an answer: .*no answer in time/),
    'To go on: `budan report --resume f`',
  ])
})

it('says the same in Chinese', () => {
  const { texts, output } = printed('zh')
  showReport(output, shown)
  showGaps(output, shown)
  expect(texts.out).toContain('共 90 行，已查单 40，无结果 49，跳过 1\n')
  expect(texts.out).toContain('1 个订单已支付而未入账，合计 ¥1.00\n')
  for (const line of texts.err.trim().split('\n')) expect(line).toMatch(/\p{Script=Han}/u)
  expect(texts.err).toContain('结果不完整：有 49 行没有查到结果，其中约 30 行尚未读取\n')
})

it('gives no all-clear for an empty list that may lack rows', () => {
  const { texts, output } = printed('en')
  showReport(output, { ...shown, report: { ...report, findings: [] } })
  expect(texts.out).toContain('Nothing was found so far, and that means nothing')
})

it('showTraps() names them before the list, with what mends them; beside JSON as messages', () => {
  const traps = [
    { kind: 'order_no_not_unique', where: 'orders.order_no', remedy: 'create unique index …' },
    { kind: 'expiry_overwrites', where: 'event expire_orders', remedy: null },
  ] as const
  const words = [
    'Beware, source "shop": the order number is not unique: two rows may be credited for one payment (orders.order_no)',
    '  mended by: create unique index …',
    'Beware, source "shop": a job or trigger may set a paid row back to expired (event expire_orders)',
    '',
  ].join('\n')
  const people = printed('en')
  showTraps(people.output, 'shop', traps)
  expect(people.texts).toEqual({ out: words, err: '' })
  const programs = printed('en', { asJson: true })
  showTraps(programs.output, 'shop', traps)
  expect(programs.texts).toEqual({ out: '', err: words })
})

it('writeFindings() makes formulas harmless', () => {
  const directory = openDirectory()
  const path = join(directory.path, 'list.csv')
  writeFindings(path, [paid, unreadable], () => 'detail')
  expect(readFileSync(path, 'utf8').split('\r\n')).toEqual([
    '\ufeffsource,order_no,user_id,amount_yuan,transaction_id,paid_at,status,problem,detail',
    'shop,PAY1,u1,1.00,4200,2026-01-24T15:00:00+08:00,pending,amount_differs,detail',
    "shop,'=1+1,,,,,,amount_unreadable,detail",
    '',
  ])
  directory.remove()
})
