import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { configKeys } from '../../src/config/environment.ts'
import { isExposed } from '../../src/config/exposed.ts'
import { loadConfig, merchantPlaces, secretFiles } from '../../src/config/load.ts'
import { redactorOf, secretsOf } from '../../src/config/redact.ts'
import { openSeveral } from './merchants.ts'
import { apiV3Key, privatePem, publicPem } from './workspace.ts'

const space = openSeveral()
const home = process.cwd()
afterEach(() => process.chdir(home))
afterAll(() => space.remove())
const wechatKeys = configKeys().filter(({ section }) => section === 'wechat')

/** A right value of each key, other than those of the file. */
const values: Readonly<Record<string, string>> = {
  base_url: 'http://127.0.0.1:9001',
  proxy_url: 'http://u:secret@127.0.0.1:3128',
  mch_id: '1900000077',
  app_id: 'wx77',
  app_ids: 'wx1,wx2',
  serial_no: 'AB77',
  private_key_path: join(space.directory, 'c.pem'),
  private_key: privatePem(space.keys[2] ?? space.merchant.privateKey),
  api_v3_key: 'x'.repeat(32),
  notify_url: 'https://pay.example.com/v1/callbacks/wechatpay/shop-b',
  public_key_id: 'PUB_KEY_ID_77',
  public_key_path: join(space.directory, 'c-theirs.pem'),
  timeout_ms: '77',
  max_qps: '7.5',
  user_prefix: 'b:',
}

/** What a key needs beside it, or in its place. */
const beside: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  private_key: { private_key_path: null },
  public_key_id: { public_key_path: 'b-theirs.pem' },
  public_key_path: { public_key_id: 'PUB_KEY_ID_1' },
}

describe('a key of a merchant in the environment', () => {
  const given = wechatKeys.filter(({ key }) => key !== 'public_key').map(({ key }) => key)

  const usual = seen(space.load(space.merchants({}, {})))

  test.each(given)('%s has the name of its merchant, and wins over the file', (key) => {
    const yaml = space.merchants({}, beside[key] ?? {})
    const name = `MERCHANTS_SHOP_B_${key.toUpperCase()}`
    const value = values[key] ?? ''
    const inPlace = seen(space.load(yaml, { env: { [name]: value } }))
    const file = space.write('value', `${value}\n`)
    expect(seen(space.load(yaml, { env: { [`${name}_FILE`]: file } }))).toEqual(inPlace)
    expect(inPlace[0]).toEqual(usual[0])
    expect(inPlace[1]).not.toEqual(usual[1])
  })

  test.each(wechatKeys.map(({ key }) => key))('%s is not given with its _FILE', (key) => {
    const name = `MERCHANTS_SHOP_A_${key.toUpperCase()}`
    const env = { [name]: 'x', [`${name}_FILE`]: space.write('any', 'x') }
    expect(space.faults(space.merchants({}), { env })).toContain(
      `${name}_FILE: given together with ${name}: give one of them`,
    )
  })

  test.each([
    ['shop-a', 'SHOP_A'],
    ['Shop.a_1', 'SHOP_A_1'],
    ['default', 'DEFAULT'],
    ['7-', '7_'],
  ])('of the merchant %s begins with MERCHANTS_%s', (name, prefix) => {
    const env = { [`MERCHANTS_${prefix}_MCH_ID`]: '1900000077' }
    expect(space.load(space.merchants({ name }), { env }).merchants[0]?.mchId).toBe('1900000077')
  })

  test('has a name that is no other key’s, of whatever merchant', () => {
    const keys = wechatKeys.flatMap(({ key }) => [key, `${key}_file`])
    const ends = keys.flatMap((key) => keys.filter((other) => key.endsWith(`_${other}`)))
    expect(ends).toEqual([])
  })

  test('alone names no merchant', () => {
    const env = { MERCHANTS_SHOP_B_MCH_ID: '1', MERCHANTS_X: '1' }
    expect(space.load(space.merchants({}), { env })).toEqual(space.load(space.merchants({})))
  })

  test('is named where it is wrong', () => {
    const env = { MERCHANTS_SHOP_A_API_V3_KEY: 'short', MERCHANTS_SHOP_A_APP_IDS: 'wx1,w/' }
    expect(space.faults(space.merchants({}), { env })).toEqual([
      'merchants[0] (shop-a).app_ids[1] (MERCHANTS_SHOP_A_APP_IDS): "w/" is not an app id, like wx0123…',
      'merchants[0] (shop-a).api_v3_key (MERCHANTS_SHOP_A_API_V3_KEY): a value of 5 bytes is not an APIv3 key, which has 32',
    ])
  })
})

/** With the text of keys, which have no property to compare. */
function seen({ merchants }: Config) {
  return merchants.map((merchant) => ({
    ...{ ...merchant, privateKey: privatePem(merchant.privateKey) },
    publicKey: merchant.publicKey && [merchant.publicKey.id, publicPem(merchant.publicKey.key)],
  }))
}

describe('a key that ends in _file', () => {
  const sections: [string, (keys: Record<string, string | null>) => string, string][] = [
    ['merchants', (keys) => space.merchants(keys), 'merchants[0] (shop-a)'],
    ['wechat', (keys) => space.yaml({ wechat: keys }), 'wechat'],
  ]

  test.each(sections)('of %s names the file that holds the value', (_, yaml) => {
    const proxy = 'http://u:hush@127.0.0.1:3128'
    space.write('v3', `${'k'.repeat(32)}\n`)
    space.write('proxy', `${proxy}\r\n`)
    const keys = { api_v3_key: null, api_v3_key_file: './v3', proxy_url_file: 'proxy' }
    const [merchant] = space.load(yaml(keys)).merchants
    expect(merchant).toMatchObject({ apiV3Key: Buffer.from('k'.repeat(32)), proxyUrl: proxy })
  })

  test.each(sections)('of %s is not given with its key', (_, yaml, place) => {
    space.write('v3', 'k'.repeat(32))
    expect(space.faults(yaml({ api_v3_key_file: 'v3' }))).toEqual([
      `${place}.api_v3_key_file: given together with api_v3_key: give one of them`,
    ])
  })

  test.each(sections)('of %s is reported once where it cannot be read', (_, yaml, place) => {
    expect(space.faults(yaml({ api_v3_key: null, api_v3_key_file: '[v3]' }))).toEqual([
      `${place}.api_v3_key_file: is empty: give the path of a file`,
    ])
    space.write('short', 'too-short')
    expect(space.faults(yaml({ api_v3_key: null, api_v3_key_file: 'short' }))).toEqual([
      `${place}.api_v3_key: a value of 9 bytes is not an APIv3 key, which has 32`,
    ])
  })

  test('is overridden by the environment alone, and then not read', () => {
    space.write('v3', 'k'.repeat(32))
    const keys = { api_v3_key: null, api_v3_key_file: 'gone' }
    const inMerchants = { MERCHANTS_SHOP_A_API_V3_KEY: apiV3Key }
    expect(space.faults(space.merchants(keys), { env: inMerchants })).toEqual([])
    const inWechat = { WECHAT_API_V3_KEY: apiV3Key }
    expect(space.faults(space.yaml({ wechat: keys }), { env: inWechat })).toEqual([])
  })
})

describe('paths of merchants', () => {
  test('are relative to the file that names them, and in the environment to the directory', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'budan-elsewhere-'))
    mkdirSync(join(space.directory, 'deep'), { recursive: true })
    const file = join(space.directory, 'deep', 'budan.yaml')
    writeFileSync(
      file,
      space.merchants(
        {
          private_key_path: '../a.pem',
          public_key_id: 'PUB_KEY_ID_A',
          public_key_path: '../a-theirs.pem',
        },
        { private_key_path: null, api_v3_key: null, api_v3_key_file: '../v3' },
      ),
    )
    space.write('v3', 'k'.repeat(32))
    process.chdir(elsewhere)
    const own = relative(elsewhere, join(space.directory, 'b.pem'))
    const env = { MERCHANTS_SHOP_B_PRIVATE_KEY_PATH: own }
    const { merchants } = loadConfig({ file, env, need: 'serve' })
    expect(merchants.map(({ name }) => name)).toEqual(['shop-a', 'shop-b'])
    expect(merchantPlaces({ file, env })).toEqual([
      { section: 'merchants[0] (shop-a)', privateKeyPath: join(space.directory, 'a.pem') },
      { section: 'merchants[1] (shop-b)', privateKeyPath: own },
    ])
    process.chdir(home)
    rmSync(elsewhere, { recursive: true })
  })
})

describe('secrets of merchants', () => {
  test('are replaced in logs, of each merchant', () => {
    const proxies = ['first-hush', 'other-hush'].map((word) => `"http://u:${word}@127.0.0.1:3128"`)
    const config = space.load(
      space.merchants(
        { proxy_url: proxies[0] ?? null, api_v3_key: '"0123456789abcdef0123456789AAAAAA"' },
        { proxy_url: proxies[1] ?? null, api_v3_key: '"0123456789abcdef0123456789BBBBBB"' },
      ),
    )
    const redact = redactorOf(secretsOf(config))
    const secrets = [
      ...['first-hush', 'other-hush', '9AAAAAA', '9BBBBBB'],
      ...space.keys.slice(0, 2).map((key) => privatePem(key).split('\n')[3] ?? ''),
    ]
    const text = `0123456789abcdef0123456789AAAAAA 0123456789abcdef0123456789BBBBBB ${secrets.join(' ')}`
    const redacted = redact(text)
    for (const secret of secrets.filter((each) => !each.startsWith('9'))) {
      expect(redacted).not.toContain(secret)
    }
    expect(redacted).toMatch(/^\*\*\* \*\*\* /)
  })

  test.each([
    ['api_v3_key', {}, true],
    ['private_key', { api_v3_key: null, private_key: 'x' }, true],
    ['a password', { api_v3_key: null, proxy_url: '"http://u:p@h:1"' }, true],
    ['nothing secret', { api_v3_key: null, api_v3_key_file: 'v3' }, false],
  ])('make the file one to keep private: %s', (_, keys, holdsOne) => {
    space.write('v3', 'k'.repeat(32))
    const file = space.write('any.yaml', space.merchants({ api_v3_key: null }, keys))
    const found = secretFiles({ file, env: {} })
    expect(found.includes(file)).toBe(holdsOne)
    expect(found).toContain(join(space.directory, 'a.pem'))
  })

  test.skipIf(process.platform === 'win32')('are in files that others may read, or not', () => {
    const v3 = space.write('v3', 'k'.repeat(32))
    const file = space.write(
      'any.yaml',
      space.merchants({ api_v3_key: null, api_v3_key_file: 'v3' }),
    )
    chmodSync(v3, 0o644)
    chmodSync(join(space.directory, 'a.pem'), 0o600)
    expect(secretFiles({ file, env: {} }).filter(isExposed)).toEqual([v3])
  })
})
