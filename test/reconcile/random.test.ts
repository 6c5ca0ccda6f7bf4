import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyMap } from '../../src/reconcile/export/map.ts'
import { layoutOf, readHeader } from '../../src/reconcile/export/read-export.ts'
import { type Reconciliation, reconcile } from '../../src/reconcile/reconcile.ts'
import { billText, type MadeRow, yuan } from '../support/bill-file.ts'
import { runsOf, testSeed } from '../support/random.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'budan-reconcile-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const dayMs = 86_400_000
const firstDay = Date.parse('2026-01-24T00:00:00+08:00')

interface ShopRow {
  readonly nth: number
  readonly standing: 'paid' | 'unpaid' | 'refunded'
  readonly fen: bigint
  /** Seconds after the first day; null: not known. */
  readonly paidAt: number | null
}

/** Few numbers, amounts and days, so that much of it meets. */
const madeRow = fc.record({
  nth: fc.nat(12),
  transaction: fc.nat(2),
  fen: fc.integer({ min: 1, max: 3 }),
  day: fc.nat(2),
  second: fc.oneof(fc.constantFrom(0, 299, 300, 43_200, 86_099, 86_100, 86_399), fc.nat(86_399)),
  status: fc.constantFrom('SUCCESS', 'SUCCESS', 'SUCCESS', 'REFUND', 'REVOKED'),
  refundStatus: fc.constantFrom('SUCCESS', 'SUCCESS', 'FAIL', 'CHANGE', 'PROCESSING'),
  refund: fc.nat(2),
  repeated: fc.boolean(),
})
const shopRow = fc.record({
  nth: fc.nat(14),
  standing: fc.constantFrom('paid' as const, 'unpaid' as const, 'refunded' as const),
  fen: fc.bigInt(1n, 3n),
  paidAt: fc.option(fc.integer({ min: -100, max: 4 * 86_400 })),
})

const statuses = { paid: '已支付', unpaid: '待支付', refunded: '已退款' }
const orderNo = (nth: number) => `RECH2026-${nth}`

type Made = ReturnType<typeof toRow>

function toRow(made: Parameters<Parameters<typeof madeRow.map>[0]>[0]) {
  // One transaction has one amount, and one refund one amount and one end, in all bills.
  const fen = BigInt(100 + made.nth * 3 + made.transaction)
  const row: MadeRow & { status: string } = {
    orderNo: orderNo(made.nth),
    transactionId: `4200${made.nth}00${made.transaction}`,
    amount:
      made.status === 'SUCCESS' ? fen : made.status === 'REVOKED' ? fen : BigInt(made.fen * 40),
    at: new Date(firstDay + made.day * dayMs + made.second * 1000),
    status: made.status as 'SUCCESS',
    refundId: `50${made.nth}00${made.transaction}00${made.refund}${made.fen}${made.status}${made.refundStatus}`,
    refundStatus: made.refundStatus,
  }
  return { ...row, day: made.day, repeated: made.repeated }
}

/** What one would write on paper: from the lists, each number by itself. */
function naive(
  rows: readonly Made[],
  { shop, days }: { shop: readonly ShopRow[]; days: Set<number> },
) {
  const found: string[] = []
  const numbers = new Set([
    ...rows.map((row) => row.orderNo),
    ...shop.map(({ nth }) => orderNo(nth)),
  ])
  for (const number of numbers) {
    const mine = rows.filter((row) => row.orderNo === number)
    const payments = new Map<string, Made>()
    const refunds = new Map<string, Made>()
    for (const row of mine) {
      if (row.status !== 'SUCCESS') refunds.set(row.refundId ?? '', row)
      else if (!payments.has(row.transactionId)) payments.set(row.transactionId, row)
    }
    const returned = (payment: Made) =>
      [...refunds.values()]
        .filter((each) => each.transactionId === payment.transactionId)
        .filter((each) => each.refundStatus === 'SUCCESS')
        .reduce((sum, { amount }) => sum + amount, 0n) >= payment.amount
    const sorted = [...payments.values()].sort(
      (a, b) =>
        Number(returned(a)) - Number(returned(b)) ||
        +a.at - +b.at ||
        (a.transactionId < b.transactionId ? -1 : 1),
    )
    const [main, ...others] = sorted
    const row = shop.find(({ nth }) => orderNo(nth) === number)
    const note = (kind: string, id = main?.transactionId ?? '') =>
      found.push(`${kind} ${number} ${id}`)
    for (const each of others) note('duplicate_payment', each.transactionId)
    const anyId = main?.transactionId ?? [...refunds.values()][0]?.transactionId ?? ''
    if (row === undefined) note('unknown_order', anyId)
    else if (row.standing === 'unpaid') {
      if (main !== undefined && !returned(main)) note('missed_payment')
      if (main === undefined && mine.length > 0) note('not_judged', anyId)
    } else {
      const isLive = [...refunds.values()].some(
        ({ refundStatus }) => refundStatus === 'SUCCESS' || refundStatus === 'PROCESSING',
      )
      if (main !== undefined && main.amount !== row.fen) note('amount_differs')
      if (row.standing === 'paid' && isLive) note('refund', anyId)
      if (main === undefined && mine.length > 0 && !isLive) note('not_judged', anyId)
      if (mine.length === 0) {
        const at = row.paidAt
        const near = at === null ? [] : [at - 300, at, at + 300]
        const isCovered =
          near.length > 0 && near.every((second) => days.has(Math.floor(second / 86_400)))
        note(isCovered ? 'not_in_bill' : 'not_judged')
      }
    }
  }
  return found.sort()
}

async function reconciled(
  rows: readonly Made[],
  shop: readonly ShopRow[],
): Promise<Reconciliation> {
  const days = [...new Set(rows.map(({ day }) => day))]
  const bills = days.map((day) => {
    const file = join(directory, `bill-${day}.csv`)
    const ofDay = rows.filter((row) => row.day === day)
    writeFileSync(file, billText({ rows: [...ofDay, ...ofDay.filter(({ repeated }) => repeated)] }))
    return file
  })
  const lines = shop.map(({ nth, standing, fen, paidAt }) => {
    const time = paidAt === null ? '' : new Date(firstDay + paidAt * 1000).toISOString()
    return `${orderNo(nth)},${yuan(fen)},${statuses[standing]},${time},"用户 ""${nth}"""`
  })
  const orders = join(directory, 'orders.csv')
  writeFileSync(orders, `订单号,金额,状态,支付时间,用户\n${lines.join('\n')}\n`)
  const layout = layoutOf(await readHeader(orders), emptyMap)
  return reconcile({ bills, orders, layout })
}

describe('reconcile()', () => {
  it('finds exactly what a comparison by hand finds', async () => {
    const property = fc.asyncProperty(
      fc.array(madeRow.map(toRow), { maxLength: 25 }),
      fc.uniqueArray(shopRow, { selector: ({ nth }) => nth, maxLength: 15 }),
      async (made, drawn) => {
        // A transaction is in one bill, and so is a refund.
        const dayOf = new Map<string, Made>()
        const given = made.map((row) => {
          const id = row.status === 'SUCCESS' ? row.transactionId : (row.refundId ?? '')
          const first = dayOf.get(id) ?? row
          dayOf.set(id, first)
          return { ...row, day: first.day, at: first.at }
        })
        // In the order of the files.
        const rows = [...new Set(given.map(({ day }) => day))].flatMap((day) =>
          given.filter((row) => row.day === day),
        )
        const shop = drawn.map((row) => ({
          ...row,
          fen: 99n + BigInt(row.nth * 3) + row.fen,
          paidAt: row.standing === 'unpaid' ? null : row.paidAt,
        }))
        const result = await reconciled(rows, shop)
        const days = new Set(rows.map(({ day }) => day))
        const expected = naive(rows, { shop, days })
        const found = [...result.findings()]
          .map(
            ({ kind, orderNo: number, transactionId }) =>
              `${kind} ${number} ${transactionId ?? ''}`,
          )
          .sort()
        expect(found).toEqual(expected)
        expect(result.faultCount).toBe(0)
        const isUnjudged = expected.every((each) => each.startsWith('not_judged'))
        if (!isUnjudged) expect(result.verdict).toBe('differ')
        else if (days.size === 0) expect(result.verdict).toBe('cannot_judge')
        else if (expected.length === 0) expect(result.verdict).toBe('agree')
        else expect(result.verdict).not.toBe('differ')
        const sums = [...result.counts.values()].reduce((sum, { count }) => sum + count, 0)
        expect(sums).toBe(expected.length)
      },
    )
    await fc.assert(property, { numRuns: runsOf(1200), seed: testSeed })
  })
})
