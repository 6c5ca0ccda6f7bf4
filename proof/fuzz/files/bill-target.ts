import { BillError } from '../../../src/gateway/wechat/bills/bill-error.ts'
import { readBill } from '../../../src/gateway/wechat/bills/read-bill.ts'
import type { BillRow } from '../../../src/gateway/wechat/bills/row.ts'
import {
  billText,
  gzippedBill,
  type MadeRow,
  payerOpenid,
} from '../../../test/support/bill-file.ts'
import type { Chance } from '../chance.ts'
import { mutated } from '../mutate.ts'
import { Finding, type OpenTarget, type Target } from '../target.ts'
import { openFile, rejectedOr } from './file.ts'

/** Bills, most of them changed in a few bytes. Each is read to its end, or has one fault. */
export function billTarget(): Target {
  return {
    name: 'bills',
    weight: 1,
    async open(): Promise<OpenTarget> {
      const file = openFile('bill.csv')
      return {
        async feed(chance) {
          const bytes = billBytes(chance)
          file.write(bytes)
          const input = bytes.toString('base64')
          const read = await rejectedOr({ input, kind: BillError }, () => rowsOf(file.path))
          if (read === 'rejected') return 'rejected'
          judge(read, input)
          return 'accepted'
        },
        close: async () => file.remove(),
      }
    },
  }
}

function billBytes(chance: Chance): Buffer {
  const rows = Array.from({ length: chance.below(6) }, (_, nth) => rowBy(chance, nth))
  const bill = {
    rows: rows.filter(({ status }) => status === 'SUCCESS'),
    format: chance.pick(['ALL', 'SUCCESS'] as const),
    isOld: chance.percent(30),
    hasBom: chance.percent(50),
  }
  const whole = chance.percent(60) ? { ...bill, rows, format: 'ALL' as const } : bill
  const bytes = chance.percent(20) ? gzippedBill(whole) : Buffer.from(billText(whole))
  return chance.percent(20) ? bytes : mutated(bytes, chance)
}

function rowBy(chance: Chance, nth: number): MadeRow {
  return {
    orderNo: `RECH${nth}`,
    transactionId: `420000${nth}`,
    amount: BigInt(1 + chance.below(100_000)),
    at: new Date(Date.parse('2026-01-24T00:00:00+08:00') + chance.below(86_400) * 1000),
    status: chance.pick(['SUCCESS', 'SUCCESS', 'REFUND', 'REVOKED'] as const),
    description: chance.pick(['a', ',`', 'a,`b,`', '充值']),
  }
}

async function rowsOf(file: string): Promise<readonly BillRow[]> {
  const rows: BillRow[] = []
  for await (const batch of readBill(file)) rows.push(...batch.rows)
  return rows
}

function judge(rows: readonly BillRow[], input: unknown): void {
  for (const row of rows) {
    const texts = [row.appId, row.mchid, row.orderNo, row.transactionId]
    if (texts.includes(payerOpenid)) throw new Finding('leak', 'it keeps the payer', input)
    if (Number.isNaN(+row.at)) throw new Finding('wrong answer', 'a time is none', input)
    if ((row.kind === 'payment') !== (row.refund === null)) {
      throw new Finding('wrong answer', `a ${row.kind} has the wrong refund`, input)
    }
  }
}
