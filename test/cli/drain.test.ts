import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  generateMerchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/main.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configurationFor } from '../../src/demo/configuration.ts'
import { openService } from '../../src/service.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { type Ended, openDirectory, runInProcess, startBudan } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
const file = join(dir, 'budan.yaml')

let simulator: Simulator

beforeAll(async () => {
  const merchant = await generateMerchant()
  await writeMerchant(dir, merchant)
  simulator = await startSimulator(merchantOptions(merchant))
  writeFileSync(file, configurationFor(simulator, merchant, { dir }))
})
afterAll(async () => {
  await simulator.stop()
  directory.remove()
})

/** A shop with a database of its own: batches of 3, and no waiting for callbacks. */
async function openShop(name: string, more: Record<string, string> = {}) {
  const env = {
    DATABASE_URL: await freshPostgresUrl(),
    RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
    RECHARGE_COMPENSATION_BATCH_SIZE: '3',
    RECHARGE_COMPENSATION_MAX_QPS: '1000',
    LOG_LEVEL: 'silent',
    ...more,
  }
  const orderNo = (nth: number) => `${name}-${nth}`
  return {
    env,
    orderNo,
    budan: (...args: string[]): Promise<Ended> => runInProcess([...args, '--config', file], env),
    /** Puts orders at the gateway and adopts them; every second one was paid, and its callback lost. */
    adopt: async (count: number): Promise<void> => {
      const budan = await openService(loadConfig({ file, env, need: 'gateway' }))
      for (let nth = 0; nth < count; nth += 1) {
        simulator.control.putOrder({ out_trade_no: orderNo(nth), total: 100 })
        if (nth % 2 === 0) simulator.control.pay(orderNo(nth), { callback: false })
        const facts = { orderNo: orderNo(nth), userId: 'u1', amount: 100n, description: '' }
        await budan.adoptOrder({ ...facts, createdAt: new Date(), expiresAt: tomorrow() })
      }
      await budan.close()
    },
  }
}

function tomorrow(): Date {
  return new Date(Date.now() + 86_400_000)
}

describe('budan drain', () => {
  test('makes one run after the other until nothing is due, and credits what was paid', async () => {
    const shop = await openShop('DRAIN-ALL')
    // Without a key of proofs: the drain, which has one, seals them before its first run.
    await shop.adopt(8)
    const { code, stdout, stderr } = await shop.budan('drain')
    // On a slow machine progress lines are printed, too.
    expect(stderr).toMatch(/^8 orders are due\n( +\d\/8.*\n)*$/)
    expect(stdout).toMatch(
      /^3 runs: total=8 success=4 failed=0 skipped=4 duration_ms=\d+\nnothing is due any more\n$/,
    )
    expect(code).toBe(0)
    const { stdout: books } = await shop.budan('audit', '--json')
    expect(Object.values(JSON.parse(books)).every((count) => count === 0)).toBe(true)
    const { stdout: paid } = await shop.budan('orders', '--status', 'paid', '--json')
    expect(JSON.parse(paid).orders).toHaveLength(4)
  })

  test('has nothing to do where nothing is due', async () => {
    const { code, stdout, stderr } = await (await openShop('DRAIN-NONE')).budan('drain')
    expect({ code, stdout, stderr }).toEqual({
      ...{ code: 0, stdout: 'nothing is due any more\n', stderr: '' },
    })
  })

  test('gives one JSON value with --json, and all that was done in it', async () => {
    const shop = await openShop('DRAIN-JSON')
    await shop.adopt(4)
    const { code, stdout } = await shop.budan('drain', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ done: true, ended: 'done', runs: 2, total: 4, success: 2, failed: 0, skipped: 2 },
      ...{ remaining: 0, unanswered: [], outcomes: { credited: 2, waiting: 2 } },
    })
  })

  test('names the orders that could not be queried: 1', async () => {
    const shop = await openShop('DRAIN-ONE-FAILS')
    await shop.adopt(3)
    const fault = { kind: 'error', status: 500 } as const
    simulator.control.addFault({ operation: 'query', out_trade_no: shop.orderNo(1), fault })
    const { code, stdout } = await shop.budan('drain')
    expect(stdout).toMatch(/^DRAIN-ONE-FAILS-1 +unknown +no answer: /m)
    expect(stdout).toMatch(/^1 run: total=3 success=2 failed=1 skipped=0 /m)
    expect(stdout).toMatch(/^nothing is due now, but 1 order is still without an answer$/m)
    expect(code).toBe(1)
  })

  test('stops after a run without one answer, and does not storm a gateway that is down: 1', async () => {
    const shop = await openShop('DRAIN-DOWN', { WECHAT_BASE_URL: 'http://127.0.0.1:1' })
    await shop.adopt(8)
    const { code, stdout } = await shop.budan('drain', '--json')
    expect(code).toBe(1)
    const drained = JSON.parse(stdout)
    expect(drained).toMatchObject({ done: false, ended: 'no_progress', runs: 1, remaining: 5 })
    expect(drained.unanswered).toHaveLength(3)
    expect(drained.reason).toBe(
      'stopped: the last run got no answer to any query; 5 orders are still due',
    )
  })

  test('stops where the breaker holds runs back, and says why: 1', async () => {
    const shop = await openShop('DRAIN-REFUSED', { WECHAT_SERIAL_NO: 'ABCDEF' })
    await shop.adopt(8)
    const { code, stdout } = await shop.budan('drain')
    expect(stdout).toMatch(
      /^stopped, because every query would fail: 401: .*; \d orders are still due$/m,
    )
    expect(code).toBe(1)
    const { stdout: runs } = await shop.budan('drain', '--json')
    expect(JSON.parse(runs)).toMatchObject({ ended: 'breaker', runs: 1, success: 0 })
  })

  test('finishes the queries in progress after a stop request, and begins no further run: 1', async () => {
    const shop = await openShop('DRAIN-STOP', { RECHARGE_COMPENSATION_CONCURRENCY: '1' })
    await shop.adopt(7)
    // The first query is answered after a delay, so the stop comes while it is in progress.
    simulator.control.addFault({
      ...{ operation: 'query', out_trade_no: shop.orderNo(0), times: 1 },
      fault: { kind: 'slow', ms: 300 },
    })
    let stdout = ''
    const queried = simulator.control.waitForRequests({ out_trade_no: shop.orderNo(0) })
    const code = await runCommand(['drain', '--json', '--config', file], {
      ...{ env: shop.env, isInteractive: false, hasColor: false },
      out: (text) => {
        stdout += text
      },
      err: () => {},
      stopRequested: () => queried.then(() => undefined),
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ended: 'stopped', runs: 1, success: 1 })
  })

  test('ends its process with 1 on SIGINT, and a later one goes on from there', async () => {
    const shop = await openShop('DRAIN-SIGINT', { RECHARGE_COMPENSATION_MAX_QPS: '5' })
    await shop.adopt(40)
    const drain = startBudan(['drain', '--json', '--config', file], { cwd: dir, env: shop.env })
    await simulator.control.waitForRequests({ out_trade_no: shop.orderNo(4) })
    drain.child.kill('SIGINT')
    const { code, stdout } = await drain.ended
    expect(code).toBe(1)
    const first = JSON.parse(stdout)
    expect(first).toMatchObject({ ended: 'stopped', failed: 0 })
    const rest = await runInProcess(['drain', '--json', '--config', file], {
      ...{ ...shop.env, RECHARGE_COMPENSATION_MAX_QPS: '1000' },
    })
    expect(JSON.parse(rest.stdout)).toMatchObject({ ended: 'done', done: true })
    expect(first.success + JSON.parse(rest.stdout).success).toBe(20)
  })

  test.each([
    ['--dry-run', /unknown option '--dry-run'/],
    ['now', /too many arguments for 'drain'/],
  ])('%s is wrong usage: 2', async (argument, message) => {
    const { code, stdout, stderr } = await runInProcess(['drain', argument], {})
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('needs a configuration with which the gateway can be queried: 2', async () => {
    const { code, stderr } = await runInProcess(['drain', '--config', join(dir, 'gone.yaml')], {})
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Cannot read configuration ".*gone.yaml": no such file$/m)
  })
})
