import { ConfigError } from '../../../src/config/fault.ts'
import { emptyMap } from '../../../src/reconcile/export/map.ts'
import {
  type ExportBatch,
  layoutOf,
  readExport,
  readHeader,
} from '../../../src/reconcile/export/read-export.ts'
import type { Chance } from '../chance.ts'
import { mutated } from '../mutate.ts'
import { Finding, type OpenTarget, type Target } from '../target.ts'
import { openFile, rejectedOr } from './file.ts'

/** Exports, most of them changed in a few bytes. Each row is understood, or named as a fault. */
export function exportTarget(): Target {
  return {
    name: 'exports',
    weight: 1,
    async open(): Promise<OpenTarget> {
      const file = openFile('orders.csv')
      return {
        async feed(chance) {
          const bytes = exportBytes(chance)
          file.write(bytes)
          const input = bytes.toString('base64')
          const read = await rejectedOr({ input, kind: ConfigError }, () => batchesOf(file.path))
          if (read === 'rejected') return 'rejected'
          for (const batch of read) judge(batch, input)
          return read.every(({ faults }) => faults.length === 0) ? 'accepted' : 'rejected'
        },
        close: async () => file.remove(),
      }
    },
  }
}

const cells = {
  order: ['RECH1', '="20260124"', "'123456", '1.2E+17', '202601240000001000', '', '订单'],
  amount: ['1', '1.00', '¥1,234.50', '1.001', '', '-1', '1e3'],
  status: ['paid', '待支付', 'closed', 'zzz', ''],
  time: ['', '2026-01-24 10:00:00', '2026/1/24 10:00', '1769238000', '0000-00-00', 'x'],
}

function exportBytes(chance: Chance): Buffer {
  const delimiter = chance.pick([',', ';', '\t'])
  const quoted = (text: string) =>
    chance.percent(20) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text
  const rows = Array.from({ length: chance.below(5) }, () => {
    const { order, amount, status, time } = cells
    return [order, amount, status, time].map((each) => quoted(chance.pick(each))).join(delimiter)
  })
  const header = ['订单号', 'amount', 'status', 'paid_at'].join(delimiter)
  const bytes = Buffer.from([header, ...rows, ''].join(chance.pick(['\n', '\r\n'])))
  return chance.percent(40) ? bytes : mutated(bytes, chance)
}

async function batchesOf(file: string): Promise<readonly ExportBatch[]> {
  const layout = layoutOf(await readHeader(file), emptyMap)
  const batches: ExportBatch[] = []
  for await (const batch of readExport(file, layout)) batches.push(batch)
  return batches
}

function judge({ rows, faults }: ExportBatch, input: unknown): void {
  for (const { amount, standing, orderNo, line } of rows) {
    const isAmount = amount === null ? standing === 'unpaid' : amount >= 0n
    if (!isAmount) throw new Finding('wrong answer', `an amount of ${amount}`, input)
    if (orderNo === '' || /^\d+(\.\d+)?E\+?\d+$/.test(orderNo)) {
      throw new Finding('wrong answer', `the number ${orderNo}`, input)
    }
    if (line < 2) throw new Finding('wrong answer', 'a row is in the line of the titles', input)
  }
  if (faults.some(({ line }) => line < 2)) {
    throw new Finding('wrong answer', 'a fault is in the line of the titles', input)
  }
}
