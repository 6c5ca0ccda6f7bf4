import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../src/report/report.ts'
import { runsOf, testSeed } from '../support/random.ts'
import { type Desk, now, numberOf, useDesk } from './desk.ts'
import { isCredited, type MemoryRow, MemorySource } from './memory-source.ts'

const desk = useDesk()

const trades = [
  ...['none', 'unpaid', 'closed', 'paid', 'refunded'],
  ...['other amount', 'other currency', 'other app'],
] as const
type TradeKind = (typeof trades)[number]

const problems: Partial<Record<TradeKind, string>> = {
  paid: 'paid_not_credited',
  refunded: 'refunded',
  'other amount': 'amount_differs',
  'other currency': 'currency_differs',
  'other app': 'app_id_differs',
}

interface Drawn {
  readonly row: MemoryRow
  readonly trade: TradeKind
}

const statuses = ['pending', 'expired', 'cancelled', 'paid', 'completed']

const drawn: fc.Arbitrary<Omit<Drawn, 'row'> & { row: Omit<MemoryRow, 'orderNo' | 'key'> }> =
  fc.record({
    row: fc
      .record({
        userId: fc.constantFrom('u1', 'u2', 'u3'),
        amount: fc.bigInt({ min: 2n, max: 9_999_999n }),
        ageS: fc.integer({ min: 0, max: 20 * 86_400 }),
        status: fc.constantFrom(...statuses),
        isUnreadable: fc.nat(12).map((n) => n === 0),
      })
      .map(({ ageS, isUnreadable, ...row }) => ({
        ...row,
        createdAt: new Date(+now - ageS * 1000),
        ...(isUnreadable && { problem: 'amount_unreadable' as const }),
      })),
    trade: fc.constantFrom(...trades),
  })

/** Numbers go by the place in the list, so that none is there twice. */
const tables = fc
  .array(drawn, { maxLength: 40 })
  .map((list) =>
    list.map(({ row, trade }, n) => ({ trade, row: { ...row, key: n, orderNo: numberOf(n) } })),
  )

function place({ control }: Desk, { row, trade }: Drawn): void {
  if (trade === 'none') return
  const { orderNo } = row
  control.putOrder({
    out_trade_no: orderNo,
    total: Number(row.amount) - (trade === 'other amount' ? 1 : 0),
    ...(trade === 'other currency' && { currency: 'USD' }),
    ...(trade === 'other app' && { appid: 'wx00000000000other' }),
  })
  if (trade === 'closed') control.close(orderNo)
  else if (trade !== 'unpaid') control.pay(orderNo, { callback: false })
  if (trade === 'refunded') control.refund(orderNo)
}

const windowMs = 16 * 86_400_000

/** What a person would find, who goes through the table row by row. */
function expected(table: readonly Drawn[]) {
  const open = table.filter(
    ({ row }) => !isCredited(row.status) && +row.createdAt >= +now - windowMs,
  )
  const readable = open.filter(({ row }) => row.problem === undefined)
  const found = readable.filter(({ trade }) => problems[trade] !== undefined)
  const absent = readable.filter(({ trade }) => trade === 'none').length
  const skipped = open.length - readable.length
  return {
    found: new Map(found.map(({ row, trade }) => [row.orderNo, problems[trade]])),
    sum: found.reduce((sum, { row }) => sum + row.amount, 0n),
    ...{ rows: open.length, queried: readable.length, skipped },
    exitCode: skipped > 0 ? 1 : found.length > 0 ? 3 : absent > readable.length - absent ? 1 : 0,
  }
}

describe('makeReport()', () => {
  it('finds exactly what a naive comparison finds', async () => {
    const { control, report } = desk()
    await fc.assert(
      fc.asyncProperty(
        tables,
        fc.record({
          pageRows: fc.integer({ min: 1, max: 9 }),
          concurrency: fc.integer({ min: 1, max: 9 }),
        }),
        async (table, { pageRows, concurrency }) => {
          control.reset()
          for (const each of table) place(desk(), each)
          const source = new MemorySource(
            table.map(({ row }) => row),
            { pageRows },
          )
          const { report: made } = await report(source, { concurrency })
          const { found, exitCode, ...counts } = expected(table)
          const paid = made.findings.filter(({ fault }) => fault === null)
          expect(new Map(paid.map(({ orderNo, problem }) => [orderNo, problem]))).toEqual(found)
          expect(paid).toHaveLength(found.size)
          expect(made).toMatchObject({ ...counts, unanswered: 0 })
          expect(exitCodeOf(made)).toBe(exitCode)
        },
      ),
      { seed: testSeed, numRuns: runsOf(160) },
    )
  })

  it('misses no row that was there all the time, and lists none that is credited, while the table changes', async () => {
    const { control, report } = desk()
    await fc.assert(
      fc.asyncProperty(
        tables,
        fc.array(
          fc.record({
            nth: fc.integer({ min: 2, max: 9 }),
            at: fc.nat(39),
            to: fc.constantFrom(...statuses),
          }),
        ),
        async (table, changes) => {
          control.reset()
          const rows = table.map(({ row }) => ({ ...row }))
          for (const each of table) place(desk(), each)
          const source = new MemorySource(rows, { pageRows: 5 })
          source.beforePage = (nth) => {
            for (const change of changes.filter((each) => each.nth === nth)) {
              const row = source.rows[change.at]
              if (row !== undefined) row.status = change.to
              // A row that becomes visible late, before the position of the page.
              source.rows.push(...rowAdded(nth))
            }
          }
          const { report: made } = await report(source)
          const listed = new Set(made.findings.map(({ orderNo }) => orderNo))
          const changed = new Set(changes.map(({ at }) => numberOf(at)))
          const { found } = expected(table)
          for (const orderNo of found.keys()) {
            if (!changed.has(orderNo)) expect(listed).toContain(orderNo)
          }
          const credited = source.rows.filter(({ status }) => isCredited(status))
          for (const { orderNo } of credited) expect(listed).not.toContain(orderNo)
        },
      ),
      { seed: testSeed, numRuns: runsOf(80) },
    )
  })
})

function rowAdded(nth: number): readonly MemoryRow[] {
  const createdAt = new Date(+now - 86_400_000)
  const row = { userId: 'u1', amount: 5n, createdAt, status: 'pending' }
  return [{ ...row, key: 100 + nth, orderNo: numberOf(100 + nth) }]
}
