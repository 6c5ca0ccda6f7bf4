import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, merchantOptions, startSimulator, writeMerchant } from 'budan-simulator'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configurationFor } from '../../src/demo/configuration.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { type Ended, openDirectory, runBudan, runInProcess } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
const config = join(dir, 'budan.yaml')
const csv = join(dir, 'orders.csv')
let env: Record<string, string>

beforeAll(async () => {
  const merchant = await generateMerchant()
  await writeMerchant(dir, merchant)
  const simulator = await startSimulator(merchantOptions(merchant))
  writeFileSync(config, configurationFor(simulator, merchant, { dir }))
  await simulator.stop()
  env = { DATABASE_URL: await freshPostgresUrl(), LOG_LEVEL: 'silent' }
})
afterAll(() => directory.remove())

function adopt(text: string | Uint8Array, ...options: string[]): Promise<Ended> {
  writeFileSync(csv, text)
  return runInProcess(['adopt', csv, '--config', config, ...options], env)
}

/** The order as `budan order --json` shows it. */
async function stored(orderNo: string): Promise<Record<string, unknown>> {
  const { stdout } = await runInProcess(['order', orderNo, '--json', '--config', config], env)
  return JSON.parse(stdout)
}

describe('budan adopt', () => {
  test('takes over each order of a file, and may be repeated', async () => {
    const rows = Array.from(
      { length: 1_234 },
      (_, nth) => `FILE-${1000 + nth},u${nth},12.${10 + (nth % 90)}`,
    )
    const text = `\ufefforder_no,user_id,amount_yuan\r\n${rows.join('\r\n')}\r\n`
    for (const _ of ['first', 'again']) {
      const { code, stdout, stderr } = await adopt(text)
      expect(stdout).toBe('adopted=1234 refused=0 total=1234\n')
      expect(stderr).toContain('Adopting 1234 orders')
      expect(code).toBe(0)
    }
    expect(await stored('FILE-2233')).toMatchObject({
      user_id: 'u1233',
      amount: 1273,
      adopted: true,
    })
  })

  test('reads quoted cells, and every column of the HTTP API', async () => {
    const ends = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toISOString()
    const { code } = await adopt(
      `created_at,expires_at,order_no,amount_fen,user_id,description\n2026-01-24T10:00:00+08:00,${ends},QUOTED-1,5,"李, 四","two "" quotes"\n`,
    )
    expect(code).toBe(0)
    expect(await stored('QUOTED-1')).toMatchObject({
      ...{ user_id: '李, 四', amount: 5, description: 'two " quotes' },
      ...{ created_at: '2026-01-24T02:00:00.000Z', expires_at: ends },
    })
  })

  test('lists what it refuses by line, and adopts the others', async () => {
    const text = [
      'order_no,user_id,amount_yuan,created_at',
      'LIST-0001,u1,1.00,',
      'LIST-0002,u1,1.005,',
      '4.2E+27,u1,1.00,',
      'LIST-0003,,1.00,',
      'LIST-0004,u1,,',
      'LIST-0005,u1,1.00,2026-01-24 10:00:00',
      'LIST-0001,u2,1.00,',
      'LIST-0006,u1,"1,000.00",',
    ].join('\n')
    const { code, stdout } = await adopt(text, '--json')
    expect(code).toBe(1)
    const { adopted, refused } = JSON.parse(stdout)
    expect(adopted).toBe(1)
    const faults = refused.map((each: { line: number; code: string; message: string }) => [
      ...[each.line, each.code, each.message],
    ])
    const named = (text: string) => expect.stringContaining(text)
    expect(faults).toEqual([
      [3, 'request_invalid', named('amount_yuan')],
      [4, 'request_invalid', named('4.2E+27')],
      [5, 'request_invalid', named('user_id')],
      [6, 'request_invalid', named('amount')],
      [7, 'request_invalid', named('2026-01-24 10:00:00')],
      [8, 'order_conflict', named('another user_id')],
      [9, 'request_invalid', named('amount_yuan')],
    ])
    const { stdout: shown } = await adopt(text)
    expect(shown).toContain('LIST-0002')
    expect(shown).toMatch(/^adopted=1 refused=7 total=8$/m)
    const { stdout: chinese } = await runInProcess(['adopt', csv, '--config', config], {
      ...env,
      LANG: 'zh_CN.UTF-8',
    })
    expect(chinese).toMatch(/^共 8 个订单，已导入 1，拒绝 7$/m)
  })

  test.each<[string, string | Uint8Array, RegExp]>([
    ['without a unit', 'order_no,user_id,amount\nA-00001,u,1\n', /amount_fen or amount_yuan/],
    ['with both units', 'order_no,user_id,amount_fen,amount_yuan\n', /one column for the amount/],
    ['without a number', 'user_id,amount_fen\n', /no column order_no/],
    ['with an unknown column', 'order_no,user_id,amount_fen,colour\n', /"colour" is unknown/],
    ['with a column twice', 'order_no,user_id,amount_fen,user_id\n', /"user_id" twice/],
    ['that is empty', '', /it is empty/],
    ['with an open quote', 'order_no,user_id,amount_fen\nA-00001,"u,1\n', /not CSV .*line/],
    [
      'with a row that is too long',
      'order_no,user_id,amount_fen\nA-00001,u,1,9\n',
      /not CSV .*line 2/,
    ],
    ['in GBK', Buffer.from([0xd0, 0xd5, 0x0a]), /not UTF-8/],
  ])('refuses a file %s, and adopts nothing', async (_, text, message) => {
    const { code, stdout, stderr } = await adopt(text)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toContain(csv)
  })

  test('says after a failure of the database that it may be repeated, and then adopts the rest', async () => {
    const client = new pg.Client(env.DATABASE_URL)
    await client.connect()
    const rows = Array.from({ length: 600 }, (_, nth) => `HALF-${1000 + nth},u,1`)
    const text = `order_no,user_id,amount_fen\n${rows.join('\n')}\n`
    try {
      await client.query(`alter table orders add constraint half check (order_no <> 'HALF-1599')`)
      const { code, stdout, stderr } = await adopt(text)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Interrupted after 500 rows: run the same command again/m)
      expect(stderr).toMatch(/^Cannot store 100 orders: /m)
    } finally {
      await client.query('alter table orders drop constraint if exists half')
      await client.end()
    }
    expect(await adopt(text)).toMatchObject({
      code: 0,
      stdout: 'adopted=600 refused=0 total=600\n',
    })
  })

  test('stops between two batches at a signal, and says that rows are left', async () => {
    writeFileSync(csv, 'order_no,user_id,amount_fen\nSTOP-0001,u,1\n')
    const screen = { stopRequested: async () => {} }
    const args = ['adopt', csv, '--config', config]
    const { code, stdout } = await runInProcess(args, env, screen)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^adopted=0 refused=0 total=1\nStopped by a signal: run the same/)
  })

  test('refuses a pipe, which cannot be read twice', async () => {
    const pipe = join(dir, 'pipe')
    execFileSync('mkfifo', [pipe])
    const { code, stderr } = await runInProcess(['adopt', pipe, '--config', config], env)
    expect(code).toBe(2)
    expect(stderr).toMatch(/it is a pipe, and is read more than once/)
  })

  test('names a file that is not there', async () => {
    const { code, stderr } = await runBudan(['adopt', 'gone.csv', '--config', config], {
      cwd: dir,
      env,
    })
    expect(code).toBe(2)
    expect(stderr).toContain('Cannot adopt from "gone.csv": no such file')
  })
})
