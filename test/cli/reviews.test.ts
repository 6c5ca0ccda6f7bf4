import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../../src/cli/main.ts'
import { freshPostgresUrl } from '../support/stores.ts'
import {
  type Ended,
  openDirectory,
  type RunningCommand,
  runInProcess,
  startBudan,
} from './budan.ts'

// One life of a database; the tests build on one another.

const directory = openDirectory()
const cwd = directory.path
const config = join(cwd, 'budan-simulator', 'budan.yaml')
const [creditNo, expireNo, dismissNo] = ['REVIEW-CREDIT', 'REVIEW-EXPIRE', 'REVIEW-DISMISS']
/** Adopted, and unknown to the gateway. */
const neverAccepted = ['NEVER-1', 'NEVER-2'] as const
const env = {
  DATABASE_URL: await freshPostgresUrl(),
  SERVER_PORT: '0',
  RECHARGE_COMPENSATION_ENABLED: 'false',
  LOG_LEVEL: 'silent',
}

let simulator: RunningCommand
let simulatorUrl: string

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!reply.ok) throw new Error(`POST ${url}: ${reply.status} ${await reply.text()}`)
}

const sim = (path: string, body: object = {}) => post(`${simulatorUrl}/_sim${path}`, body)

function budan(...args: string[]): Promise<Ended> {
  return runInProcess([...args, '--config', config], env)
}

beforeAll(async () => {
  simulator = startBudan(['simulator', '--port', '0', '--json'], { cwd })
  const [line] = await simulator.printed(/^\{.*\}$/m)
  simulatorUrl = (JSON.parse(line) as { url: string }).url
  const serving = startBudan(['serve', '--config', config], { cwd, env })
  const url = (await serving.printed(/ready at (\S+)/))[1] ?? ''
  for (const order_no of [creditNo, expireNo, dismissNo]) {
    await sim('/orders', { out_trade_no: order_no, total: 100 })
    // With an end: a trade without one is closed for nobody.
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    await post(`${url}/v1/orders`, {
      adopt: true,
      order_no,
      user_id: 'u1',
      amount: 100,
      expires_at,
    })
    const fault = { kind: 'answer', merge: { trade_state: 'REFUND' } }
    await sim('/faults', { operation: 'query', out_trade_no: order_no, fault, times: 1 })
    await post(`${url}/v1/orders/${order_no}/check`, {})
  }
  await sim(`/orders/${creditNo}/pay`)
  for (const order_no of neverAccepted) {
    await post(`${url}/v1/orders`, { adopt: true, order_no, user_id: 'u1', amount: 100 })
  }
  serving.child.kill('SIGTERM')
  expect((await serving.ended).code).toBe(0)
})

afterAll(async () => {
  simulator.child.kill('SIGTERM')
  await simulator.ended
  directory.remove()
})

const words = ['--name', '李雷', '--reason', 'the payer sent the bill'] as const

describe('budan reviews', () => {
  test('lists the queue, as a table and as JSON', async () => {
    const { code, stdout } = await budan('reviews')
    expect(code).toBe(0)
    expect(stdout.split('\n')).toHaveLength(5)
    expect(stdout).toMatch(
      /^REVIEW-CREDIT +¥1\.00 +u1 +2\S+\+08:00 +it was paid, and a refund was/m,
    )
    const page = JSON.parse((await budan('reviews', '--json', '--limit', '2')).stdout)
    expect(page.reviews).toMatchObject([{ order_no: creditNo }, { order_no: expireNo }])
    const rest = await budan('reviews', '--json', '--cursor', page.next_cursor)
    expect(JSON.parse(rest.stdout)).toMatchObject({
      ...{ reviews: [{ order_no: dismissNo }], next_cursor: null },
    })
  })
})

describe('budan review', () => {
  test('prints what can be done, and does nothing', async () => {
    const { code, stdout, stderr } = await budan('review', creditNo)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^trade_state +SUCCESS$/m)
    expect(stdout).toMatch(/^In review since 2\S+\+08:00: it was paid/m)
    expect(stdout).toMatch(/^credit +yes +credits ¥1\.00 to user "u1"/m)
    expect(stdout).toMatch(/^expire +no +not possible: it was paid$/m)
    const json = JSON.parse((await budan('review', creditNo, '--json')).stdout)
    expect(json).toMatchObject({ order_no: creditNo, actions: { credit: { possible: true } } })
  })

  test('does nothing without --yes, and says so', async () => {
    const { code, stderr } = await budan('review', creditNo, '--credit', ...words)
    expect({ code, stderr }).toEqual({
      ...{ code: 1, stderr: 'Nothing was changed: give --yes to carry it out.\n' },
    })
    expect(JSON.parse((await budan('order', creditNo, '--json')).stdout).status).toBe('review')
  })

  test('refuses what the gateway does not bear out: 1', async () => {
    const { code, stderr } = await budan('review', expireNo, '--credit', '--yes', ...words)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Nothing was changed: to credit it is not possible: .* NOTPAY$/m)
  })

  test('carries it out with --yes', async () => {
    const credited = await budan('review', creditNo, '--credit', '--yes', ...words, '--json')
    expect(credited.code).toBe(0)
    expect(JSON.parse(credited.stdout)).toMatchObject({
      order: { status: 'paid', credited_by: 'operator' },
      event: { operator: '李雷', reason: 'the payer sent the bill' },
    })
    const expired = await budan('review', expireNo, '--expire', '--yes', ...words)
    expect(expired.code).toBe(0)
    expect(expired.stdout).toMatch(/^order REVIEW-EXPIRE is expired now$/m)
    const { stdout } = await budan('order', expireNo)
    expect(stdout).toMatch(/ closing +operator 李雷 /)
    expect(stdout).toMatch(/ resolved +operator 李雷 .* expire +expired +the payer sent the bill$/m)
  })

  test('requires a person at a terminal to type the number', async () => {
    const prompts: string[] = []
    const typing = async (line: string | null) => {
      let stderr = ''
      const code = await runCommand(
        ['review', dismissNo, '--dismiss', ...words, '--config', config],
        {
          ...{ env, isInteractive: true, hasColor: false, out: () => {} },
          err: (text) => {
            stderr += text
          },
          prompt: async (prompt) => {
            prompts.push(prompt)
            return line
          },
          stopRequested: () => new Promise(() => {}),
        },
      )
      return { code, stderr }
    }
    for (const line of [null, '', 'yes', `${dismissNo}x`]) {
      expect(await typing(line)).toEqual({
        code: 1,
        stderr: "Nothing was changed: the order's number was not typed.\n",
      })
    }
    expect(await typing(` ${dismissNo} `)).toEqual({ code: 0, stderr: '' })
    expect(prompts).toHaveLength(5)
    expect(prompts[0]).toBe(`To dismiss it, type the order's number (${dismissNo}): `)
    const { stdout } = await budan('reviews', '--dismissed')
    expect(stdout).toMatch(/^REVIEW-DISMISS .* 李雷$/m)
    expect((await budan('reviews', '--json')).stdout).toBe('{"reviews":[],"next_cursor":null}\n')
  })

  test('says who resolved it before: 1', async () => {
    const { code, stdout, stderr } = await budan('review', creditNo, '--credit', '--yes', ...words)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^Cannot review: .* is paid, not in review: "李雷" credited it at 2\S+\+08:00$/m,
    )
  })

  test('does not find the order of somebody else: 1', async () => {
    const { code, stderr } = await budan('review', 'NOBODYS')
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Cannot find order "NOBODYS"\n' })
  })
})

test.each([
  [['--credit', '--expire'], /'--credit' cannot be used with option '--expire'/],
  [['--credit'], /^--name: is needed with --credit\n--reason: is needed with --credit$/m],
  [['--dismiss', '--name', 'Li'], /^--reason: is needed with --dismiss$/m],
  [['--yes'], /^--yes: needs one of --credit, --expire and --dismiss$/m],
  [['--name', ' '], /--name <name>' argument ' ' is invalid\. It must have 1 to 64 characters/],
  [['--reason', 'a\nb'], /It must not hold control characters/],
  [['--reason', 'x'.repeat(501)], /It must have 1 to 500 characters/],
])('budan review ORDER-1 %j is wrong usage: 2', async (args, message) => {
  const { code, stdout, stderr } = await budan('review', 'ORDER-1', ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(message)
})

describe('budan abandon', () => {
  const reason = ['--reason', 'placed under a wrong app'] as const

  test('gives up an order that the gateway never accepted', async () => {
    const [first, second] = neverAccepted
    expect(await budan('abandon', first, ...reason)).toMatchObject({
      code: 0,
      stdout: `order ${first} is expired now, and its Idempotency-Key can be used again\n`,
    })
    const { code, stdout } = await budan('abandon', second, ...reason, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ order_no: second, status: 'expired' })
  })

  test('changes nothing without a reason, and for any other order', async () => {
    expect(await budan('abandon', creditNo)).toMatchObject({ code: 2 })
    for (const orderNo of [creditNo, dismissNo]) {
      const { code, stderr } = await budan('abandon', orderNo, ...reason)
      expect({ code, stderr }).toEqual({
        ...{ code: 1, stderr: expect.stringMatching(/^Nothing was changed: /) },
      })
    }
    const gone = await budan('abandon', 'GONE-1', ...reason)
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('GONE-1') })
  })
})
