import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDirectory, type RunningCommand, runBudan, startBudan } from './budan.ts'

// One life of an embedded database, told by commands alone: the tests build on one another.

const directory = openDirectory()
const cwd = directory.path
const orderNos = ['RECH20260124150000AbCd1234Ef', 'RECH20260124150001XyZw5678Gh']
const [paidNo = '', unpaidNo = ''] = orderNos

let simulator: RunningCommand
let simulatorUrl: string
let env: Record<string, string>

beforeAll(async () => {
  simulator = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await simulator.printed(/^\{.*\}$/m)
  const ready = JSON.parse(line) as { url: string; config: string }
  simulatorUrl = ready.url
  env = {
    SERVER_PORT: '0',
    RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
    // The clock ticks once at the start of serve, before there are orders, and not again in here.
    RECHARGE_COMPENSATION_INTERVAL_MINS: '60',
    LOG_LEVEL: 'warn',
  }
})

afterAll(async () => {
  simulator.child.kill('SIGTERM')
  await simulator.ended
  directory.remove()
})

function budan(line: string, more: Record<string, string> = {}) {
  const args = [...line.split(' '), '--config', './budan-simulator/budan.yaml']
  return runBudan(args, { cwd, env: { ...env, ...more } })
}

async function post(url: string, body: object): Promise<Response> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(`POST ${url}: ${reply.status} ${await reply.text()}`)
  return reply
}

describe('before there is a database', () => {
  test.each(['orders', 'audit', `order ${paidNo}`])(
    'budan %s says so, and creates none',
    async (line) => {
      const { code, stdout, stderr } = await budan(line)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe('No database at "./data": run `budan migrate`\n')
      expect(existsSync(join(cwd, 'data'))).toBe(false)
    },
  )

  test('budan doctor warns, and creates none', async () => {
    const { code, stdout } = await budan('doctor')
    expect(stdout).toMatch(/^warn {2}database .*-> run `budan migrate`/m)
    expect(code).toBe(0)
    expect(existsSync(join(cwd, 'data'))).toBe(false)
  })

  test('budan migrate creates it, and again has nothing to do', async () => {
    const first = await budan('migrate --json')
    expect(first.code, first.stderr).toBe(0)
    expect((JSON.parse(first.stdout) as { applied: string[] }).applied.length).toBeGreaterThan(0)
    const second = await budan('migrate')
    expect(second).toEqual({ code: 0, stdout: 'the database is up to date\n', stderr: '' })
  })
})

describe('budan serve', () => {
  let serving: RunningCommand
  let url: string

  beforeAll(async () => {
    const args = ['serve', '--config', './budan-simulator/budan.yaml']
    serving = startBudan(args, { cwd, env })
    url = (await serving.printed(/^budan is ready at (http:\/\/127\.0\.0\.1:\d+)$/m))[1] ?? ''
  })

  test('answers at the address that it printed', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    for (const order_no of orderNos) {
      await post(`${simulatorUrl}/_sim/orders`, { out_trade_no: order_no, amount: { total: 1000 } })
      await post(`${url}/v1/orders`, { adopt: true, order_no, user_id: 'u1', amount: 1000 })
    }
  })

  test('keeps other commands off its database, which say why', async () => {
    const { code, stdout, stderr } = await budan('orders')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Cannot open the database in ".*": another budan process has it open/m)
    const examined = await budan('doctor')
    expect(examined.stdout).toMatch(/^warn {2}database /m)
  })

  test('refuses a port that is taken', async () => {
    const { code, stderr } = await budan('serve', {
      SERVER_PORT: new URL(url).port,
      DATABASE_URL: 'pglite:./other',
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Cannot listen on "127.0.0.1" port \d+: EADDRINUSE$/m)
  })

  test('stops on SIGTERM, twice too, with 0 and one line on standard output', async () => {
    serving.child.kill('SIGTERM')
    serving.child.kill('SIGINT')
    const { code, stdout } = await serving.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: `budan is ready at ${url}\n` })
  })
})

describe('afterwards', () => {
  test('budan run --dry-run tells what would happen, and changes nothing', async () => {
    await post(`${simulatorUrl}/_sim/orders/${paidNo}/lose`, {})
    await post(`${simulatorUrl}/_sim/orders/${paidNo}/pay`, {})
    const { code, stdout, stderr } = await budan('run --dry-run --json')
    expect(code, stderr).toBe(0)
    const run = JSON.parse(stdout) as { dry_run: boolean; total: number }
    expect(run).toMatchObject({ dry_run: true, total: 2, trigger: 'manual', status: 'finished' })
    const { stdout: page } = await budan('orders --status paid --json')
    expect(JSON.parse(page)).toEqual({ orders: [], next_cursor: null })
  })

  test('budan run credits what was paid', async () => {
    const { code, stdout, stderr } = await budan('run --json')
    expect(code, stderr).toBe(0)
    const run = JSON.parse(stdout) as { results: { order_no: string; outcome: string }[] }
    expect(run).toMatchObject({ total: 2, success: 1, failed: 0, skipped: 1 })
    const outcomes = run.results.map((each) => [each.order_no, each.outcome])
    expect(new Map(outcomes as [string, string][])).toEqual(
      new Map([
        [paidNo, 'credited'],
        [unpaidNo, 'waiting'],
      ]),
    )
  })

  test('budan run without --json prints a table and its counts', async () => {
    const { code, stdout } = await budan('run')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^run \S+ finished: total=0 success=0 failed=0 skipped=0 duration_ms=\d+/m,
    )
  })

  test('budan order tells the order and its timeline', async () => {
    const { stdout: json } = await budan(`order ${paidNo} --json`)
    const order = JSON.parse(json) as { events: { kind: string; decision: string | null }[] }
    expect(order).toMatchObject({ order_no: paidNo, status: 'paid', amount: 1000 })
    expect(order.events.at(0)?.kind).toBe('adopted')
    expect(order.events.at(-1)).toMatchObject({
      kind: 'answered',
      decision: 'pay',
      to_status: 'paid',
    })
    const { stdout } = await budan(`order ${paidNo}`)
    expect(stdout).toMatch(/^status +paid$/m)
    expect(stdout).toMatch(/^amount +¥10\.00 CNY$/m)
    expect(stdout).not.toContain('\t')
  })

  test('budan orders gives pages, and filters', async () => {
    const first = await budan('orders --limit 1 --json')
    const page = JSON.parse(first.stdout) as { orders: { order_no: string }[]; next_cursor: string }
    expect(page.orders).toHaveLength(1)
    const second = await budan(`orders --limit 1 --cursor ${page.next_cursor} --json`)
    const next = JSON.parse(second.stdout) as typeof page
    const seen = [...page.orders, ...next.orders].map((order) => order.order_no)
    expect(seen.sort()).toEqual([...orderNos].sort())
    const { stdout } = await budan('orders --status paid --user u1')
    expect(stdout.split('\n')).toHaveLength(3)
    expect(stdout).toMatch(new RegExp(`^${paidNo} +paid +¥10\\.00 +u1 `, 'm'))
  })

  test('budan orders refuses a cursor that is not its own', async () => {
    const { code, stderr } = await budan('orders --cursor bogus')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: '--cursor: is not one that this list gave\n',
    })
  })

  test.each([`order ${paidNo}x`, `check ${paidNo}x`])(
    'budan %s does not find it: 1',
    async (line) => {
      const { code, stdout, stderr } = await budan(line)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`Cannot find order "${paidNo}x"`)
    },
  )

  test('budan check asks now and tells what was decided', async () => {
    await post(`${simulatorUrl}/_sim/orders/${unpaidNo}/pay`, {})
    const { code, stdout } = await budan(`check ${unpaidNo} --json`)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      order_no: unpaidNo,
      trade_state: 'SUCCESS',
      decision: 'pay',
      status: 'paid',
    })
    const again = await budan(`check ${unpaidNo}`)
    expect(again.stdout).toMatch(/^decision +keep$/m)
  })

  test('budan check ends with 0 when the gateway says nothing', async () => {
    const { code, stdout } = await budan(`check ${paidNo} --json`, {
      WECHAT_BASE_URL: 'http://127.0.0.1:1', // nobody listens there
    })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ trade_state: null, status: 'paid' })
  })

  test('budan audit finds the books in order', async () => {
    const { code, stdout } = await budan('audit --json')
    expect(code).toBe(0)
    expect(Object.values(JSON.parse(stdout) as object).every((count) => count === 0)).toBe(true)
    expect((await budan('audit')).stdout).toMatch(/^credited_twice=0$/m)
  })

  test('budan doctor finds all well', async () => {
    const { code, stdout } = await budan('doctor --json')
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] }
    expect(checks.filter((check) => check.status === 'fail')).toEqual([])
    expect(checks.map((check) => check.name)).toContain('schema')
    expect(code).toBe(0)
  })

  test('budan doctor ends with 2 for a wrong configuration, and looks at the database all the same', async () => {
    const { code, stdout } = await budan('doctor', { WECHAT_API_V3_KEY: 'short' })
    expect(code).toBe(2)
    expect(stdout).toMatch(/^fail {2}configuration +wechat\.api_v3_key \(WECHAT_API_V3_KEY\): /m)
    expect(stdout).toMatch(/^ok {4}schema/m)
  })

  test('budan run ends with 1 when not one order could be asked', async () => {
    const order_no = 'RECH20260124150002MnOp9012Ij'
    const serving = startBudan(['serve', '--config', './budan-simulator/budan.yaml'], { cwd, env })
    const url = (await serving.printed(/ready at (\S+)/))[1] ?? ''
    await post(`${url}/v1/orders`, { adopt: true, order_no, user_id: 'u1', amount: 1000 })
    serving.child.kill('SIGINT')
    expect((await serving.ended).code).toBe(0)
    const { code, stdout } = await budan('run --json', { WECHAT_BASE_URL: 'http://127.0.0.1:1' })
    expect(JSON.parse(stdout)).toMatchObject({ total: 1, failed: 1, success: 0 })
    expect(code).toBe(1)
  })
})
