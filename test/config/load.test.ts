import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { apiV3Key, faultsOf, openWorkspace, privatePem } from './workspace.ts'

const space = openWorkspace()
const home = process.cwd()
afterEach(() => process.chdir(home))
afterAll(() => space.remove())

test('loadConfig() gives the defaults for an empty file', () => {
  for (const empty of ['', '# nothing\n', 'server:\nrecharge:\n  # all commented out\n']) {
    expect(space.load(empty, { need: 'database' })).toEqual({
      server: {
        host: '127.0.0.1',
        port: 8080,
        apiToken: null,
        sessions: { hours: 12 },
        ...{ metricsAuth: false, tokens: [] },
        trustedProxies: [],
      },
      database: { url: `pglite:${join(space.directory, 'data')}`, retentionDays: 0 },
      engine: { url: 'local' },
      recharge: {
        compensationEnabled: true,
        compensationIntervalMins: 5,
        compensationThresholdMins: 5,
        compensationBatchSize: 50,
        compensationConcurrency: 5,
        compensationRecheckMins: [5, 5, 10, 15, 30, 60],
        compensationDrain: false,
        compensationMaxQps: 20,
        orderTtlMins: 120,
      },
      merchants: [],
      merchantIds: [],
      log: { level: 'info', format: 'json' },
      reviews: { fourEyes: false },
      events: { keepDays: 90 },
      proof: { keys: [] },
    })
  }
})

test('loadConfig() loads the keys and normalises what has two spellings', () => {
  const [wechat] = space.load(
    space.yaml({ wechat: { base_url: 'https://api2.mch.weixin.qq.com/', serial_no: 'abcdef01' } }),
  ).merchants
  expect(wechat).toMatchObject({
    baseUrl: 'https://api2.mch.weixin.qq.com',
    mchId: '1900000001',
    serialNo: 'ABCDEF01',
    apiV3Key: Buffer.from(apiV3Key),
    publicKey: null,
    timeoutMs: 5000,
  })
  expect(wechat?.privateKey.equals(space.merchant.privateKey)).toBe(true)
})

test('loadConfig() keeps digits as text: no serial becomes a float, no number loses a zero', () => {
  const [wechat] = space.load(
    space.yaml({
      wechat: { mch_id: '0019000000', serial_no: '5E1000000000000000000000000000000000000' },
    }),
  ).merchants
  expect(wechat?.mchId).toBe('0019000000')
  expect(wechat?.serialNo).toBe('5E1000000000000000000000000000000000000')
})

test('loadConfig() lets the environment win over the file', () => {
  const config = space.load(
    space.yaml({ server: { port: '1' }, recharge: { compensation_batch_size: '0' } }),
    {
      env: {
        SERVER_PORT: '0',
        RECHARGE_COMPENSATION_BATCH_SIZE: '7',
        RECHARGE_COMPENSATION_RECHECK_MINS: '0.5, 1,2.25',
        RECHARGE_COMPENSATION_ENABLED: 'false',
        DATABASE_URL: 'postgres://budan:secret@db/budan',
        LOG_FORMAT: 'pretty',
        UNRELATED: 'x',
      },
    },
  )
  expect(config.server.port).toBe(0)
  expect(config.recharge.compensationBatchSize).toBe(7)
  expect(config.recharge.compensationRecheckMins).toEqual([0.5, 1, 2.25])
  expect(config.recharge.compensationEnabled).toBe(false)
  expect(config.database.url).toBe('postgres://budan:secret@db/budan')
  expect(config.log.format).toBe('pretty')
})

test('loadConfig() needs no file when the environment says everything', () => {
  process.chdir(space.directory)
  const empty = mkdtempSync(join(tmpdir(), 'budan-empty-'))
  process.chdir(empty)
  const config = loadConfig({
    file: null,
    env: {
      WECHAT_MCH_ID: '1900000001',
      WECHAT_APP_ID: 'wx1',
      WECHAT_SERIAL_NO: '0A',
      WECHAT_PRIVATE_KEY_PATH: join(space.directory, 'key.pem'),
      WECHAT_API_V3_KEY: apiV3Key,
    },
    need: 'serve',
  })
  expect(config.merchants[0]?.mchId).toBe('1900000001')
  rmSync(empty, { recursive: true })
})

test('loadConfig() takes ./budan.yaml where there is one, and paths from the working directory', () => {
  process.chdir(space.directory)
  space.write(
    'budan.yaml',
    space.yaml({ wechat: { private_key_path: './key.pem' }, server: { port: '81' } }),
  )
  expect(loadConfig({ file: null, env: {}, need: 'gateway' }).server.port).toBe(81)
})

test('loadConfig() opens no key for commands that use the database alone', () => {
  const yaml = space.yaml({ wechat: { private_key_path: './gone.pem', mch_id: null } })
  expect(space.load(yaml, { need: 'database' }).merchants).toEqual([])
  expect(space.faults(yaml, { need: 'gateway' })).toEqual([
    'wechat.mch_id: not set (nor is WECHAT_MCH_ID)',
    `wechat.private_key_path: Cannot read private key "${join(space.directory, 'gone.pem')}": no such file`,
  ])
})

test('loadConfig() reports all faults at once', () => {
  const yaml = space.yaml({
    server: { port: '65536', host: '0.0.0.0' },
    recharge: { compensation_interval_mins: '0', compensation_batchsize: '5' },
    wechat: { api_v3_key: 'short', private_key_path: './gone.pem', app_id: null },
  })
  expect(space.faults(yaml, { env: { RECHARGE_COMPENSATION_BATCH: '5' } })).toEqual([
    'RECHARGE_COMPENSATION_BATCH: unknown environment name; did you mean RECHARGE_COMPENSATION_BATCH_SIZE?',
    'server.port: "65536" is above the most, 65535',
    'recharge.compensation_interval_mins: "0" is below the least, 0.001',
    'recharge.compensation_batchsize: unknown key; did you mean compensation_batch_size?',
    'wechat.api_v3_key: a value of 5 bytes is not an APIv3 key, which has 32',
    'wechat.app_id: not set (nor is WECHAT_APP_ID)',
    'server.api_token: not set, and server.host "0.0.0.0" can be reached from other machines: set a token, or listen on 127.0.0.1',
    `wechat.private_key_path: Cannot read private key "${join(space.directory, 'gone.pem')}": no such file`,
  ])
})

test('loadConfig() refuses a file that is not there, not a file, not text, or too big', () => {
  const at = (file: string) => faultsOf(() => loadConfig({ file, env: {}, need: 'database' }))
  const missing = join(space.directory, 'missing.yaml')
  expect(at(missing)).toEqual([`Cannot read configuration "${missing}": no such file`])
  expect(at(space.directory)).toEqual([
    `Cannot read configuration "${space.directory}": it is a directory`,
  ])
  const binary = space.write('binary.yaml', new Uint8Array([0x61, 0x3a, 0xff, 0xfe]))
  expect(at(binary)).toEqual([`Cannot read configuration "${binary}": it is not UTF-8 text`])
  const big = space.write('big.yaml', '#'.repeat(1_000_001))
  expect(at(big)).toEqual([`${big}: too big for a configuration`])
})

test('loadConfig() never prints a secret, wherever it was put', () => {
  const secret = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3t!!'
  const pem = JSON.stringify(privatePem(space.merchant.privateKey))
  const places = [
    space.yaml({ server: { api_token: `"${secret} ü"` } }),
    space.yaml({ server: { api_tokn: secret } }),
    space.yaml({ server: { api_token: `*${secret}` } }),
    space.yaml({ server: { api_token: `!${secret}` } }),
    space.yaml({ server: { api_token: `@${secret}` } }),
    space.yaml({ server: { api_token: `"${secret}` } }),
    space.yaml({ server: { api_token: `${secret}: x` } }),
    space.yaml({ server: { api_token: `[${secret}]` } }),
    space.yaml({ wechat: { api_v3_key: `${secret}${secret}` } }),
    space.yaml({ wechat: { serial_no: secret } }),
    space.yaml({ wechat: { private_key_path: pem } }),
    space.yaml({ wechat: { mch_id: pem } }),
    space.yaml({ wechat: { notify_url: `https://user:${secret}@shop.example/` } }),
    space.yaml({ wechat: { base_url: `http://user:${secret}@shop.example/` } }),
    space.yaml({ database: { url: `mysql://user:${secret}@db/x` } }),
    space.yaml({ database: { url: `postgres://user:${secret}@[bad/x` } }),
    space.yaml({ database: { url: secret } }),
    space.yaml({ engine: { url: `redis://:${secret}@[bad` } }),
    space.yaml({ engine: { url: secret } }),
  ]
  const keyLine = privatePem(space.merchant.privateKey).split('\n')[1] ?? ''
  for (const yaml of places) {
    const faults = space.faults(yaml).join('\n')
    expect(faults, yaml).not.toBe('')
    expect(faults).not.toContain(secret.slice(0, 8))
    expect(faults).not.toContain(keyLine.slice(0, 20))
  }
})

test('loadConfig() cannot be reached through __proto__ or other names of the language', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    expect(space.faults(`${name}: { port: 1 }\n`, { need: 'database' })).toEqual([
      `${name}: unknown section`,
    ])
    expect(space.faults(`server: { ${name}: 1 }\n`, { need: 'database' })).toEqual([
      `server.${name}: unknown key`,
    ])
  }
  expect(Object.hasOwn(Object.prototype, 'port')).toBe(false)
})

test('loadConfig() ends quickly on aliases that unfold without end', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (let level = 0; level < 20; level += 1) {
    const name = String.fromCharCode(98 + level)
    const before = String.fromCharCode(97 + level)
    bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}x]`)
  }
  writeFileSync(join(space.directory, 'bomb.yaml'), bomb.join('\n'))
  const faults = space.faults(bomb.join('\n'), { need: 'database' })
  expect(faults.length).toBeGreaterThan(0)
})

test('loadConfig() keeps everything unless days of retention are given', () => {
  const daysOf = (value: string, env = {}) =>
    space.load(`database: { retention_days: ${value} }`, { env, need: 'database' }).database
      .retentionDays
  expect([daysOf('0'), daysOf('7'), daysOf('30.5')]).toEqual([0, 7, 30.5])
  expect(daysOf('30', { DATABASE_RETENTION_DAYS: '90' })).toBe(90)
})

test.each(['local', 'redis://:pw@cache:6379/1', 'rediss://cache', 'postgres://u:pw@db/queue'])(
  'loadConfig() takes %s for an engine',
  (url) => {
    expect(space.load(space.yaml({ engine: { url } })).engine).toEqual({ url })
  },
)
