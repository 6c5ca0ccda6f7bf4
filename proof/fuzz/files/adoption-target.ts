import { adoptionRows } from '../../../src/cli/adoption-file.ts'
import { ConfigError } from '../../../src/config/fault.ts'
import { openService } from '../../../src/service.ts'
import type { Store } from '../../../src/store/store.ts'
import { adoptBatch, type BatchResult } from '../../../src/web/api/adopt-batch.ts'
import type { Chance } from '../chance.ts'
import { inspectAudit, openFuzzDatabase } from '../database.ts'
import { configFor, present, withSecondMerchant } from '../keys.ts'
import { mutated } from '../mutate.ts'
import {
  expectNoCrash,
  Finding,
  type OpenOptions,
  type OpenTarget,
  type Target,
} from '../target.ts'
import { openFile, rejectedOr } from './file.ts'

const second = { name: 'B.2', mchid: '1900000777' } as const

/** Files of orders to adopt for two merchants. Each row is adopted for the merchant that it names, or refused. */
export function adoptionTarget(): Target {
  return {
    name: 'adoptions',
    weight: 1,
    async open({ keys }: OpenOptions): Promise<OpenTarget> {
      const file = openFile('adopt.csv')
      const database = await openFuzzDatabase()
      const config = withSecondMerchant(configFor(keys), second)
      const { store } = database
      const budan = await openService(config, { store, clock: () => present })
      const mchids = new Map([
        ['default', keys.merchant.mchid],
        [second.name, second.mchid],
      ])
      return {
        async feed(chance) {
          const bytes = adoptionBytes(chance)
          file.write(bytes)
          const input = bytes.toString('base64')
          const rows = await rejectedOr({ input, kind: ConfigError }, () => rowsOf(file.path))
          if (rows === 'rejected') return 'rejected'
          const by = { now: present, actor: { name: 'fuzz', address: null } }
          const results = await expectNoCrash(input, () => adoptBatch(budan, rows, by))
          for (const [nth, result] of results.entries()) {
            await judge(result, { row: rows[nth] ?? {}, mchids, store, input })
          }
          return results.every(({ code }) => code === undefined) ? 'accepted' : 'rejected'
        },
        inspect: () => inspectAudit(store),
        close: async () => {
          await budan.close()
          await database.remove()
          file.remove()
        },
      }
    },
  }
}

type Row = Readonly<Record<string, unknown>>

async function rowsOf(path: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for await (const { order } of adoptionRows(path)) rows.push(order)
  return rows
}

const cells = {
  merchant: [
    'default',
    'default',
    'B.2',
    'B.2',
    'B.2',
    'b.2',
    '',
    'nobody',
    'default ',
    '__proto__',
  ],
  amount: ['1', '100', '100', '12345', '0', '-1', '1e3', '9'.repeat(17), ''],
  user: ['u1', 'u2', '用户', 'x'.repeat(65), ''],
  time: ['', '', '2026-10-01T16:00:00+08:00', '2026-10-01', 'x'],
}

/** Few numbers, so that both merchants have most of them. */
function adoptionBytes(chance: Chance): Buffer {
  const isRight = chance.percent(40)
  const pick = (all: readonly string[], right: number) =>
    isRight ? (all[chance.below(right)] ?? '') : (all[chance.below(all.length)] ?? '')
  const rows = Array.from({ length: 1 + chance.below(5) }, () =>
    [
      `ADOPT-${chance.below(50)}`,
      pick(cells.user, 1),
      pick(cells.amount.slice(1), 1),
      pick(cells.time, 1),
      pick(cells.merchant, 5),
    ].join(','),
  )
  const amount = chance.pick(['amount_fen', 'amount_fen', 'amount_yuan'])
  const header = `order_no,user_id,${isRight ? 'amount_fen' : amount},created_at,merchant`
  const bytes = Buffer.from([header, ...rows, ''].join(chance.pick(['\n', '\r\n'])))
  return isRight || chance.percent(50) ? bytes : mutated(bytes, chance)
}

interface Judged {
  readonly row: Row
  readonly mchids: ReadonlyMap<unknown, string>
  readonly store: Store
  readonly input: unknown
}

async function judge(result: BatchResult, { row, mchids, store, input }: Judged): Promise<void> {
  const mchid = mchids.get(row.merchant)
  if (result.code !== undefined) {
    const isMerchantFault = ['merchant_required', 'merchant_unknown'].includes(result.code)
    if (isMerchantFault && mchid !== undefined) {
      throw new Finding('wrong answer', `${result.code} although it is named`, input)
    }
    return
  }
  const orders = await store.findOrders(String(row.order_no))
  const found = orders.find((order) => order.mchid === mchid)
  if (found === undefined || BigInt(String(row.amount)) !== found.amount) {
    throw new Finding('wrong answer', `it was not adopted for merchant ${row.merchant}`, input)
  }
}
