import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { merchantOptions, startSimulator, writeMerchant } from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { examineProofKeys } from '../../src/cli/doctor/proof.ts'
import { completeConfig } from '../../src/config/complete.ts'
import { configurationFor } from '../../src/demo/configuration.ts'
import { sharedMerchant } from '../support/world.ts'
import { openDirectory, runInProcess, startBudan } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
const file = join(dir, 'budan.yaml')
const made = join(dir, 'budan-proof-keys.json')
let simulator: Awaited<ReturnType<typeof startSimulator>>

beforeAll(async () => {
  const merchant = await sharedMerchant()
  simulator = await startSimulator(merchantOptions(merchant))
  await writeMerchant(dir, merchant)
  const database = 'database: { url: "pglite:memory" }\nserver: { port: 0 }\n'
  writeFileSync(file, configurationFor(simulator, merchant, { dir }) + database)
})
afterAll(async () => {
  await simulator.stop()
  directory.remove()
})

interface Check {
  readonly name: string
  readonly status: string
  readonly detail: string
  readonly next: string | null
}

async function doctorOf(path: string): Promise<readonly Check[]> {
  const { stdout } = await runInProcess(['doctor', '--json', '--config', path], {})
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] }
  return checks
}

describe('without proof.keys', () => {
  test('doctor says that there is no key yet, and makes none', async () => {
    const found = (await doctorOf(file)).filter(({ name }) => name === 'proof key')
    expect(found).toMatchObject([{ status: 'warn', detail: expect.stringContaining(made) }])
    expect(existsSync(made)).toBe(false)
  })

  test('a command that may credit makes a key, and the next one, a service too, uses it', async () => {
    const first = await runInProcess(['run', '--config', file], {})
    expect(first.code).toBe(0)
    const text = readFileSync(made, 'utf8')
    const serving = startBudan(['serve'], { cwd: dir })
    await serving.printed(/budan is ready at/)
    serving.child.kill('SIGTERM')
    expect((await serving.ended).code).toBe(0)
    expect(readFileSync(made, 'utf8')).toBe(text)
    const { id, secret } = JSON.parse(text).keys[0]
    const [found] = (await doctorOf(file)).filter(({ name }) => name === 'proof key')
    expect(found).toMatchObject({ status: 'warn', detail: expect.stringContaining(id) })
    for (const said of [first.stderr, (await serving.ended).stderr, JSON.stringify(found)]) {
      expect(said).not.toContain(secret)
    }
  })

  test('a service proves what it credits', async () => {
    const env = { DATABASE_URL: `pglite:${join(dir, 'data')}` }
    const serving = startBudan(['serve'], { cwd: dir, env })
    const url = (await serving.printed(/ready at (\S+)/))[1] ?? ''
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const request = { method: 'POST', headers, body: JSON.stringify(body) }
      const reply = await fetch(`${url}/v1/orders${path}`, request)
      return (await reply.json()) as Record<string, unknown>
    }
    const order = { order_no: 'PROVED-1', user_id: 'u1', amount: 100 }
    simulator.control.putOrder({ out_trade_no: order.order_no, total: order.amount })
    await post('', { adopt: true, ...order })
    simulator.control.pay(order.order_no, { callback: false })
    await post(`/${order.order_no}/check`, {})
    serving.child.kill('SIGTERM')
    expect((await serving.ended).code).toBe(0)
    const audit = ['audit', '--verify', '--json', '--config', file]
    const { code, stdout, stderr } = await runInProcess(audit, env)
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/1 credit$/m) })
    expect(JSON.parse(stdout)).toMatchObject({ unproven: 0, unverifiable: 0, unproven_old: 0 })
  })

  test.each([['serve'], ['run'], ['check', 'RECH1'], ['audit']])(
    'a damaged file stops %s, by its name',
    async (...args) => {
      const text = readFileSync(made, 'utf8')
      writeFileSync(made, text.slice(0, 40))
      const { code, stdout, stderr } = await runInProcess([...args, '--config', file], {})
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain(`proof: ${JSON.stringify(made)} is damaged, it is not JSON`)
      writeFileSync(made, text)
    },
  )

  test('doctor says how to mend a damaged file', async () => {
    const text = readFileSync(made, 'utf8')
    writeFileSync(made, '{}')
    expect(await doctorOf(file)).toContainEqual(
      expect.objectContaining({
        ...{ name: 'configuration', status: 'fail' },
        next: expect.stringMatching(/^put a copy of that file back/),
      }),
    )
    writeFileSync(made, text)
  })

  test.each([['run'], ['serve']])(
    'a file that cannot be written is one warning of %s, and stops nothing',
    async (command) => {
      const sections = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>
      const env = Object.fromEntries(
        Object.entries(sections).flatMap(([section, keys]) =>
          Object.entries(keys).map(([key, value]) => [
            `${section}_${key}`.toUpperCase(),
            String(value),
          ]),
        ),
      )
      // Nothing can be made in the directory of open files, not even by root.
      const running = startBudan([command], { cwd: '/dev/fd', env })
      if (command === 'serve') {
        await running.printed(/budan is ready at/)
        running.child.kill('SIGTERM')
      }
      const { code, stderr } = await running.ended
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const lines = stderr.split('\n').filter((line) => line.includes('Credits keep no proof'))
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        {
          level: 'warn',
          path: expect.stringMatching(/\/budan-proof-keys\.json$/),
          reason: expect.any(String),
        },
      ])
    },
  )
})

describe('examineProofKeys()', () => {
  const key = (id: string) => ({ id, secret: `${id}-0123456789abcdef0123456789abcdef` })
  const usual = completeConfig({ merchants: [] })
  const config = (changes: Partial<typeof usual>) => ({ ...usual, ...changes })
  const keys = (...ids: string[]) => ({ proof: { keys: ids.map(key) } })
  const place = { kind: 'made', path: made } as const
  const embedded = { database: { url: 'pglite:./data' } }
  const postgres = { database: { url: 'postgres://db/budan' } }
  const redis = { ...embedded, engine: { url: 'redis://127.0.0.1' } }

  test('names the key of the configuration, and the older ones', () => {
    const given = (...ids: string[]) => examineProofKeys(config(keys(...ids)), { kind: 'given' })
    expect(given('k1')).toMatchObject([{ status: 'ok', detail: 'k1, of proof.keys' }])
    expect(given('k3', 'k2', 'k1')).toMatchObject([
      { status: 'ok', detail: 'k3, of proof.keys; to verify by also k2, k1' },
    ])
  })

  test.each([
    [
      'of one process',
      embedded,
      /without this file no credit/,
      /^keep a copy of .* on another machine/,
    ],
    [
      'on PostgreSQL',
      postgres,
      /each node that does not have this file/,
      /^give all nodes the same key/,
    ],
    ['with Redis', redis, /each node that does not have this file/, /^give all nodes the same key/],
  ])('warns of a made key, %s', (_, changes, detail, next) => {
    const [found] = examineProofKeys(config({ ...changes, ...keys('k1') }), place)
    expect(found).toMatchObject({ status: 'warn', detail: expect.stringMatching(detail) })
    expect(found?.next).toMatch(next)
  })

  test.each([
    ['of one process', embedded, /`budan serve`/],
    ['on PostgreSQL', postgres, /the same for all nodes/],
    ['with Redis', redis, /the same for all nodes/],
  ])('warns where there is none yet, %s', (_, changes, next) => {
    const found = examineProofKeys(config({ ...changes, ...keys() }), place)
    expect(found).toMatchObject([{ status: 'warn', next: expect.stringMatching(next) }])
  })

  test.skipIf(process.platform === 'win32')('warns where others may read the file', () => {
    chmodSync(made, 0o644)
    const findings = examineProofKeys(config({ ...embedded, ...keys('k1') }), place)
    expect(findings).toMatchObject([
      { status: 'warn' },
      { status: 'warn', next: `chmod 600 ${made}` },
    ])
    chmodSync(made, 0o600)
    expect(examineProofKeys(config({ ...embedded, ...keys('k1') }), place)).toHaveLength(1)
  })

  test('says where none can be made', () => {
    const path = '/proc/none/budan-proof-keys.json'
    const found = examineProofKeys(config({ ...embedded, ...keys() }), { kind: 'made', path })
    expect(found).toMatchObject([{ status: 'warn', detail: expect.stringContaining(path) }])
    expect(found[0]?.next).toMatch(/^set proof\.keys, or PROOF_KEYS_FILE/)
  })
})
