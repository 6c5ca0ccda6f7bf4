import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type NewException, noChanges } from '../../src/domain/review/exception.ts'
import { openStore } from '../../src/store/open.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openDirectory, runInProcess } from './budan.ts'

const config = join(openDirectory().path, 'budan.yaml')
const env = { DATABASE_URL: await freshPostgresUrl(), LOG_LEVEL: 'silent' }
const budan = (...args: string[]) => runInProcess([...args, '--config', config], env)

beforeAll(async () => {
  writeFileSync(config, 'log: { level: silent }\n')
  const store = await openStore(env.DATABASE_URL)
  const one: Omit<NewException, 'about' | 'transactionId'> = {
    kind: 'unknown_payment',
    ...{ gateway: 'wechatpay', mchid: '1900000001', key: null },
    ...{ orderNo: 'GONE-1', refundId: null, amountAtStake: 700n, currency: 'CNY' },
    reason: { code: 'paid_without_order' },
  }
  const opened = ['4200-1', '4200-2'].map((id) => ({ ...one, about: id, transactionId: id }))
  await store.transaction((tx) => tx.changeExceptions({ ...noChanges, opened }))
  await store.close()
})

describe('budan exceptions', () => {
  test('lists what is open, with its sum, and as JSON', async () => {
    const listed = await budan('exceptions')
    expect(listed).toMatchObject({ code: 0 })
    expect(listed.stdout).toMatch(/unknown_payment +GONE-1 +¥7\.00/)
    expect(listed.stderr).toContain('open: 2, ¥14.00 at stake')
    const json = JSON.parse((await budan('exceptions', '--json', '--limit', '1')).stdout)
    expect(json).toMatchObject({
      exceptions: [{ id: '2', kind: 'unknown_payment', state: 'open', amount_at_stake: 700 }],
      next_cursor: expect.any(String),
      open: { count: 2, amount_at_stake: 1_400 },
    })
    expect(
      JSON.parse((await budan('exceptions', '--json', '--kind', 'review')).stdout),
    ).toMatchObject({ exceptions: [] })
  })

  test('closes one with a reason, once, and nothing without', async () => {
    expect(await budan('exceptions', 'close', '1')).toMatchObject({ code: 2 })
    expect(await budan('exceptions', 'close', '--reason', 'r')).toMatchObject({ code: 2 })
    expect(await budan('exceptions', '--reason', 'r')).toMatchObject({ code: 2 })
    const closed = await budan('exceptions', 'close', '1', '--reason', 'adopted elsewhere')
    expect(closed).toMatchObject({ code: 0, stdout: 'exception 1 of order GONE-1 is closed now\n' })
    const again = await budan('exceptions', 'close', '1', '--reason', 'again')
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('was closed by')])
    const none = await budan('exceptions', 'close', '99', '--reason', 'r')
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('Cannot find exception "99"'),
    ])
    const { exceptions } = JSON.parse(
      (await budan('exceptions', '--json', '--state', 'closed')).stdout,
    )
    expect(exceptions).toMatchObject([{ id: '1', closed_reason: 'adopted elsewhere' }])
    expect(
      JSON.parse((await budan('exceptions', '--json', '--state', 'all')).stdout).exceptions,
    ).toHaveLength(2)
  })
})
