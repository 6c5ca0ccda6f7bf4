import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrations } from '../../src/store/migrations/index.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import { openDirectory, type RunningCommand, runBudan, runInProcess, startBudan } from './budan.ts'

// One embedded database from its creation on, used by commands alone. Each test continues from the one before.
// What a process does to another is tried with processes; the rest runs in this one, because each
// new process spends a second on loading the database.

const directory = openDirectory()
const cwd = directory.path
const orderNos = ['RECH20260124150000AbCd1234Ef', 'RECH20260124150001XyZw5678Gh']
const [paidNo = '', unpaidNo = ''] = orderNos
const absentNo = 'RECH20260124150002MnOp9012Ij'
const config = join(cwd, 'budan-simulator', 'budan.yaml')
const data = join(cwd, 'data')
const env = {
  DATABASE_URL: `pglite:${data}`,
  SERVER_PORT: '0',
  RECHARGE_COMPENSATION_THRESHOLD_MINS: '0',
  // The clock ticks once at the start of serve, before there are orders, and not again in here.
  RECHARGE_COMPENSATION_INTERVAL_MINS: '60',
  LOG_LEVEL: 'silent',
}

let simulator: RunningCommand
let simulatorUrl: string

beforeAll(async () => {
  simulator = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await simulator.printed(/^\{.*\}$/m)
  simulatorUrl = (JSON.parse(line) as { url: string }).url
})

afterAll(async () => {
  simulator.child.kill('SIGTERM')
  const { code } = await simulator.ended
  directory.remove()
  expect(code).toBe(0)
})

function argsOf(line: string): string[] {
  return [...line.split(' '), '--config', config]
}

/** A command in a process of its own. */
function spawned(line: string, more: Record<string, string> = {}) {
  return runBudan(argsOf(line), { cwd, env: { ...env, ...more } })
}

/** A command in this process. */
function budan(line: string, more: Record<string, string> = {}) {
  return runInProcess(argsOf(line), { ...env, ...more })
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(`POST ${url}: ${reply.status} ${await reply.text()}`)
}

const nobody = { WECHAT_BASE_URL: 'http://127.0.0.1:1' } // nobody listens there

describe('before there is a database', () => {
  test.each(['orders', 'audit', `order ${paidNo}`])(
    'budan %s says so, and creates none',
    async (line) => {
      const { code, stdout, stderr } = await budan(line)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe(`No database at "${data}": run \`budan migrate\`\n`)
      expect(existsSync(data)).toBe(false)
    },
  )

  test('budan doctor warns, and creates none', async () => {
    const { code, stdout } = await budan('doctor')
    expect(stdout).toMatch(/^warn {2}database .*-> run `budan migrate`/m)
    expect(code).toBe(0)
    expect(existsSync(data)).toBe(false)
  })

  test('budan migrate creates it, and again has nothing to do', async () => {
    const first = await spawned('migrate --json')
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
    cpSync(data, `${data}-copy`, { recursive: true })
    serving = startBudan(argsOf('serve'), { cwd, env })
    url = (await serving.printed(/^budan is ready at (http:\/\/127\.0\.0\.1:\d+)$/m))[1] ?? ''
  })

  test('answers at the address that it printed', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    for (const order_no of orderNos) {
      await post(`${simulatorUrl}/_sim/orders`, { out_trade_no: order_no, total: 1000 })
      await post(`${url}/v1/orders`, { adopt: true, order_no, user_id: 'u1', amount: 1000 })
    }
  })

  test('keeps other commands off its database, which say why', async () => {
    const { code, stdout, stderr } = await spawned('orders')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Cannot open the database .*: another budan process has it open/)
    const examined = await budan('doctor')
    expect(examined.stdout).toMatch(/^warn {2}database /m)
    expect(examined.code).toBe(0)
  })

  test('refuses a port that is taken', async () => {
    const taken = { SERVER_PORT: new URL(url).port, DATABASE_URL: `pglite:${data}-copy` }
    const { code, stdout, stderr } = await budan('serve', taken)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^Cannot listen on "127.0.0.1" port \d+: EADDRINUSE, another program listens there: end it, or give another server\.port \(SERVER_PORT\)$/m,
    )
  })

  test('stops on SIGTERM, twice too, with 0 and one line on standard output', async () => {
    serving.child.kill('SIGTERM')
    serving.child.kill('SIGINT')
    const { code, stdout } = await serving.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: `budan is ready at ${url}\n` })
  })
})

describe('afterwards', () => {
  test('budan run --dry-run prints what would happen, and changes nothing', async () => {
    await post(`${simulatorUrl}/_sim/orders/${paidNo}/pay`, {})
    const { code, stdout, stderr } = await budan('run --dry-run --json')
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      dry_run: true,
      trigger: 'manual',
      status: 'finished',
      total: 2,
    })
    const { stdout: page } = await budan('orders --status paid --json')
    expect(JSON.parse(page)).toEqual({ orders: [], next_cursor: null })
  })

  test('budan run credits what was paid, and ends', async () => {
    const { code, stdout, stderr } = await spawned('run --json')
    expect(code, stderr).toBe(0)
    const run = JSON.parse(stdout) as { results: { order_no: string; outcome: string }[] }
    expect(run).toMatchObject({ total: 2, success: 1, failed: 0, skipped: 1 })
    expect(Object.fromEntries(run.results.map((each) => [each.order_no, each.outcome]))).toEqual({
      [paidNo]: 'credited',
      [unpaidNo]: 'waiting',
    })
  })

  test('budan run exits with 1 when no order could be queried', async () => {
    const serving = startBudan(argsOf('serve'), { cwd, env })
    const url = (await serving.printed(/ready at (\S+)/))[1] ?? ''
    await post(`${url}/v1/orders`, { adopt: true, order_no: absentNo, user_id: 'u1', amount: 1 })
    serving.child.kill('SIGINT')
    expect((await serving.ended).code).toBe(0)
    const { code, stdout } = await budan('run', nobody)
    expect(stdout).toMatch(new RegExp(`^${absentNo} +- +unknown `, 'm'))
    expect(stdout).toMatch(
      /^run \S+ finished: total=1 success=0 failed=1 skipped=0 duration_ms=\d+$/m,
    )
    expect(code).toBe(1)
  })

  test('budan order prints the order and its timeline', async () => {
    const { stdout: json } = await budan(`order ${paidNo} --json`)
    const order = JSON.parse(json) as { events: object[] }
    expect(order).toMatchObject({ order_no: paidNo, status: 'paid', amount: 1000 })
    expect(order.events.at(0)).toMatchObject({ kind: 'adopted' })
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
    const first = await budan('orders --limit 2 --json')
    const page = JSON.parse(first.stdout) as { orders: { order_no: string }[]; next_cursor: string }
    expect(page.orders).toHaveLength(2)
    const second = await budan(`orders --limit 2 --cursor ${page.next_cursor} --json`)
    const next = JSON.parse(second.stdout) as typeof page
    const seen = [...page.orders, ...next.orders].map((order) => order.order_no)
    expect(seen.sort()).toEqual([...orderNos, absentNo].sort())
    const { stdout } = await budan('orders --status paid --user u1')
    expect(stdout.split('\n')).toHaveLength(3)
    expect(stdout).toMatch(new RegExp(`^${paidNo} +paid +¥10\\.00 +u1 `, 'm'))
  })

  test('budan orders refuses a cursor that is not its own', async () => {
    expect(await budan('orders --cursor bogus')).toEqual({
      code: 2,
      stdout: '',
      stderr: '--cursor: is not one that this list gave\n',
    })
  })

  test.each([`order ${paidNo}x`, `check ${paidNo}x`])(
    'budan %s does not find it: 1',
    async (line) => {
      expect(await budan(line)).toEqual({
        code: 1,
        stdout: '',
        stderr: `Cannot find order "${paidNo}x"\n`,
      })
    },
  )

  test('budan check queries now and prints the decision', async () => {
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
    const { code, stdout } = await budan(`check ${paidNo} --json`, nobody)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ trade_state: null, status: 'paid' })
  })

  test('budan audit finds the books in order', async () => {
    const { code, stdout } = await budan('audit --json')
    expect(code).toBe(0)
    expect(Object.values(JSON.parse(stdout) as object).every((count) => count === 0)).toBe(true)
    expect((await budan('audit')).stdout).toMatch(/^credited_twice=0$/m)
  })

  test('budan audit --verify finds a proof of each credit', async () => {
    const { code, stdout } = await budan('audit --verify --json')
    expect(JSON.parse(stdout)).toMatchObject({ unproven: 0, unverifiable: 0, unproven_old: 0 })
    expect(code).toBe(0)
    expect((await budan('audit --verify')).stdout).toMatch(
      /^unproven=0\nunverifiable=0\nunproven_old=0$/m,
    )
  })

  test('budan audit --verify ends with 1 where the key of the proofs is another one', async () => {
    const other = { PROOF_KEYS: `other:${'another key '.repeat(3)}` }
    const { code, stdout, stderr } = await budan('audit --verify', other)
    expect(stdout).toMatch(/^unproven=0$/m)
    expect(stdout).toMatch(new RegExp(`^unverifiable +${paidNo} +\\d+$`, 'm'))
    expect(stderr).toContain('Verifying 2 credits')
    expect(code).toBe(1)
  })

  test('budan doctor finds all well', async () => {
    const { code, stdout } = await spawned('doctor --json')
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] }
    expect(checks.filter((check) => check.status === 'fail')).toEqual([])
    expect(checks.map((check) => check.name)).toContain('schema')
    expect(code).toBe(0)
  })

  test('budan doctor ends with 1 when the gateway does not answer', async () => {
    const { code, stdout } = await budan('doctor', nobody)
    expect(stdout).toMatch(/^fail {2}gateway .*-> correct host and port in wechat\.base_url/m)
    expect(code).toBe(1)
  })

  test('budan doctor ends with 2 for a wrong configuration, and looks at the database all the same', async () => {
    const { code, stdout } = await budan('doctor', { WECHAT_PRIVATE_KEY_PATH: './gone.pem' })
    expect(code).toBe(2)
    expect(stdout).toMatch(
      /^fail {2}configuration +wechat\.private_key_path \(WECHAT_PRIVATE_KEY_PATH\): Cannot read private key /m,
    )
    expect(stdout).toMatch(/^ok {4}schema/m)
  })

  test('budan audit ends with 1 when the books do not agree', async () => {
    // Past every trigger and constraint.
    const database = await PGlite.create(data)
    await database.exec(
      `set search_path = budan, public; set session_replication_role = replica;
         update orders set amount = 999 where order_no = '${paidNo}'`,
    )
    await database.close()
    const { code, stdout, stderr } = await budan('audit')
    expect(stdout).toMatch(/^mismatched=1$/m)
    expect(stdout).toMatch(new RegExp(`^mismatched +${paidNo} +\\d+$`, 'm'))
    expect(stderr).toContain('The books do not agree')
    expect(code).toBe(1)
    const verified = await budan('audit --verify')
    expect(verified.stdout).toMatch(/^unproven=1$/m)
    expect(verified.stdout).toMatch(new RegExp(`^unproven +${paidNo} +\\d+$`, 'm'))
    expect(verified.code).toBe(1)
  })
})

// On PostgreSQL: schemas are compared in the same way there, and one is opened in a moment.
describe('a database that does not fit this program', () => {
  let client: pg.Client
  let other: Record<string, string>

  beforeAll(async () => {
    const url = await freshPostgresUrl()
    other = { DATABASE_URL: url }
    client = new pg.Client(url)
    await client.connect()
  })

  afterAll(() => client.end())

  test('budan orders and doctor say that it is behind', async () => {
    const newest = 'select max(name) from budan_migrations'
    await client.query(`delete from budan_migrations where name = (${newest})`)
    expect(await budan('orders', other)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The database is behind by 1 migration: run `budan migrate`\n',
    })
    const { code, stdout } = await budan('doctor', other)
    expect(stdout).toMatch(/^fail {2}schema .* -> run `budan migrate`$/m)
    expect(code).toBe(1)
  })

  const migratedBy = (name: string) =>
    client.query(`insert into budan_migrations (name, timestamp) values ('${name}', '2030-01-01')`)

  test('budan orders, migrate and doctor go on with one that a newer budan added to', async () => {
    // What the test before took away.
    await migratedBy(Object.keys(migrations).sort().at(-1) ?? '')
    await migratedBy('998_later')
    const migrated = await budan('migrate', other)
    expect(migrated).toEqual({ code: 0, stdout: 'the database is up to date\n', stderr: '' })
    expect((await budan('orders', other)).code).toBe(0)
    expect((await budan('doctor', other)).stdout).toMatch(/^warn {2}schema .*998_later/m)
  })

  test('budan orders, migrate, run and serve refuse one that a newer budan changed', async () => {
    await migratedBy('999_breaking_later')
    for (const line of ['orders', 'migrate', 'run', 'serve']) {
      const { code, stdout, stderr } = await budan(line, other)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Cannot .*newer budan.*999_breaking_later.*upgrade this one\n$/)
    }
    expect((await budan('doctor', other)).stdout).toMatch(/^fail {2}schema .*999_breaking_later/m)
  })
})
