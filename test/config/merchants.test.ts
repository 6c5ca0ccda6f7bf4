import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configKeys } from '../../src/config/environment.ts'
import { openSeveral } from './merchants.ts'
import { apiV3Key, privatePem } from './workspace.ts'

const space = openSeveral()
afterAll(() => space.remove())
const wechatKeys = configKeys().filter(({ section }) => section === 'wechat')

describe('merchants:', () => {
  test('are loaded in their order, each with its own keys', () => {
    const { merchants, merchantIds } = space.load(
      space.merchants(
        { app_ids: '[wx1, wx0123456789abcde0]', max_qps: '2.5', user_prefix: '"a:"' },
        { base_url: 'http://127.0.0.1:9000/', timeout_ms: '700', gateway: 'wechatpay' },
      ),
    )
    expect(merchants).toMatchObject([
      {
        ...{ name: 'shop-a', gateway: 'wechatpay', mchId: '1900000001', serialNo: '5E10' },
        ...{ baseUrl: 'https://api.mch.weixin.qq.com', timeoutMs: 5000, notifyUrl: null },
        ...{ appId: 'wx0123456789abcde0', appIds: ['wx0123456789abcde0', 'wx1'] },
        ...{ maxQps: 2.5, userPrefix: 'a:', publicKey: null, proxyUrl: null },
      },
      {
        ...{ name: 'shop-b', gateway: 'wechatpay', mchId: '1900000002', serialNo: '5E11' },
        ...{ baseUrl: 'http://127.0.0.1:9000', timeoutMs: 700, maxQps: null, userPrefix: null },
      },
    ])
    expect(merchants.map(({ privateKey }) => privatePem(privateKey))).toEqual(
      space.keys.slice(0, 2).map(privatePem),
    )
    expect(merchantIds).toEqual([
      {
        ...{ name: 'shop-a', gateway: 'wechatpay', mchid: '1900000001' },
        appids: ['wx0123456789abcde0', 'wx1'],
      },
      {
        ...{ name: 'shop-b', gateway: 'wechatpay', mchid: '1900000002' },
        appids: ['wx0123456789abcde1'],
      },
    ])
  })

  test('have as a short form the section wechat, which is named default', () => {
    const yaml = space.yaml({ wechat: { max_qps: '7', user_prefix: 'x.' } })
    const inSection = space.load(yaml)
    expect(inSection.merchants).toMatchObject([
      { name: 'default', gateway: 'wechatpay', maxQps: 7, userPrefix: 'x.' },
    ])
    const keys = yaml.replace('wechat:', '').replaceAll(/^/gm, '  ')
    expect(space.load(`merchants:\n  - name: default\n${keys}`)).toEqual(inSection)
  })

  test('are known by number where no key is loaded, and only where they have one', () => {
    const gone = { private_key_path: 'gone.pem' }
    const yaml = space.merchants(gone, { ...gone, app_id: null }, { mch_id: null })
    const { merchants, merchantIds } = space.load(yaml, { need: 'database' })
    expect(merchants).toEqual([])
    expect(merchantIds).toEqual([
      expect.objectContaining({ name: 'shop-a', appids: ['wx0123456789abcde0'] }),
      { name: 'shop-b', gateway: 'wechatpay', mchid: '1900000002', appids: [] },
    ])
    expect(space.load(space.yaml(), { need: 'database' }).merchantIds).toEqual([
      expect.objectContaining({ name: 'default', mchid: '1900000001' }),
    ])
  })

  test.each(['merchants:\n', 'merchants: []\n', 'merchants: {}\n'])(
    'that are none, %j, leave the section wechat as it is',
    (none) => {
      expect(space.load(space.yaml() + none)).toEqual(space.load(space.yaml()))
      expect(space.faults(none, { need: 'gateway' })[0]).toMatch(/^wechat\.mch_id: not set/)
    },
  )

  test('may be 1,000', () => {
    const listed = (count: number) =>
      `merchants:\n${Array.from({ length: count }, (_, at) => `  - {name: m${at}, mch_id: ${at}}\n`).join('')}`
    expect(space.load(listed(1000), { need: 'database' }).merchantIds).toHaveLength(1000)
    expect(space.faults(listed(1001), { need: 'database' })).toEqual([
      'merchants: is a list of more than 1000 merchants',
    ])
  })
})

describe('a name', () => {
  test.each(['default', 'a', '7', 'Shop.A', 'x_y-z.', '9'.repeat(63)])('%s is taken', (name) => {
    const { merchants } = space.load(space.merchants({ name }))
    expect(merchants[0]?.name).toBe(name)
  })

  test.each(['..', '.a', '-a', '_a', 'a/b', '"a b"', 'a%2Fb', '店', 'x'.repeat(64), '"a\\nb"'])(
    '%s is refused, because it is no part of a path',
    (name) => {
      const faults = space.faults(space.merchants({ name }))
      expect(faults).toHaveLength(1)
      expect(faults[0]).toMatch(/^merchants\[0\]\.name: ".*" is no name of a merchant: /)
    },
  )

  test.each([
    ['null', null, 'not set'],
    ['""', '""', 'is empty: give a value or leave the key out'],
    ['[a]', '[a]', 'must be a single value, not a list or a mapping'],
  ])('%s is refused', (_, name, fault) => {
    expect(space.faults(space.merchants({ name, mch_id: null }))).toEqual([
      `merchants[0].name: ${fault}`,
      'merchants[0].mch_id: not set',
    ])
  })
})

/** What two merchants may not share. The changes are those of `shop-a` and `shop-b`. */
type Fault = [
  kind: string,
  changes: readonly Readonly<Record<string, string | null>>[],
  faults: readonly string[],
]

const theirs = (letter: string, id = letter) => ({
  public_key_id: `PUB_KEY_ID_${id}`,
  public_key_path: `${letter}-theirs.pem`,
})

const shared: Fault[] = [
  [
    'one number',
    [{}, { mch_id: '1900000001' }],
    ['merchants[1] (shop-b).mch_id: "1900000001" is that of merchants[0] (shop-a) as well'],
  ],
  [
    'one number, thrice',
    [{ mch_id: '7' }, { mch_id: '"7 "' }, { mch_id: '7' }],
    [
      'merchants[1] (shop-b).mch_id: "7" is that of merchants[0] (shop-a) as well',
      'merchants[2] (shop-c).mch_id: "7" is that of merchants[0] (shop-a) as well',
    ],
  ],
  [
    'one name',
    [{}, { name: 'shop-a' }],
    ['merchants[1] (shop-a).name: "shop-a" is the name of merchants[0] (shop-a) as well'],
  ],
  [
    'one name in the environment',
    [{}, { name: 'Shop.A' }, { name: 'shop_a' }],
    [
      'merchants[1] (Shop.A).name: "Shop.A" has the same names in the environment as merchants[0] (shop-a): MERCHANTS_SHOP_A_…',
      'merchants[2] (shop_a).name: "shop_a" has the same names in the environment as merchants[0] (shop-a): MERCHANTS_SHOP_A_…',
    ],
  ],
  [
    'a private key, but not its serial number',
    [{}, { private_key_path: 'a.pem' }],
    [
      'merchants[1] (shop-b).private_key_path: the key is that of merchants[0] (shop-a), whose serial_no is another',
    ],
  ],
  [
    'a serial number, however it is written, but not its private key',
    [{ serial_no: 'ab:cd' }, { serial_no: 'ABCD' }],
    [
      'merchants[1] (shop-b).serial_no: "ABCD" is that of merchants[0] (shop-a), whose private key is another',
    ],
  ],
  [
    'a serial number that may be a secret on the wrong line',
    [{ serial_no: 'a'.repeat(32) }, { serial_no: 'a'.repeat(32) }],
    [
      'merchants[1] (shop-b).serial_no: a value of 32 characters is that of merchants[0] (shop-a), whose private key is another',
    ],
  ],
  [
    'a public key, but not its id',
    [theirs('a'), theirs('a', 'b')],
    [
      'merchants[1] (shop-b).public_key_path: the key is that of merchants[0] (shop-a), whose public_key_id is another',
    ],
  ],
  [
    'an id of a public key, but not the key',
    [theirs('a'), theirs('b', 'a')],
    [
      'merchants[1] (shop-b).public_key_id: "PUB_KEY_ID_a" is that of merchants[0] (shop-a), whose public key is another',
    ],
  ],
  [
    "the public half of the other's private key",
    [{ public_key_id: 'PUB_KEY_ID_1', public_key_path: 'b-own.pem' }, {}],
    [
      "merchants[0] (shop-a).public_key_path: the key is the public half of the private key of merchants[1] (shop-b): give WeChat Pay's public key, downloaded from the merchant console",
    ],
  ],
]

describe('two merchants', () => {
  test.each(shared)('may not have %s', (_, changes, faults) => {
    expect(space.faults(space.merchants(...changes))).toEqual(faults)
  })

  test('may have the key of one test gateway, and whatever people choose twice', () => {
    const same = {
      ...{ private_key_path: 'a.pem', serial_no: 'AB', api_v3_key: apiV3Key, app_id: 'wx1' },
      ...theirs('a'),
    }
    expect(space.faults(space.merchants(same, same))).toEqual([])
  })

  test('may not have one number by the environment either, which is named', () => {
    const env = { MERCHANTS_SHOP_B_MCH_ID: '1900000001' }
    expect(space.faults(space.merchants({}, {}), { env, need: 'database' })).toEqual([
      'merchants[1] (shop-b).mch_id (MERCHANTS_SHOP_B_MCH_ID): "1900000001" is that of merchants[0] (shop-a) as well',
    ])
  })
})

describe('a fault names its merchant:', () => {
  test('every key that is missing', () => {
    const gone = { mch_id: null, app_id: null, serial_no: null, private_key_path: null }
    const yaml = space.merchants({}, { ...gone, api_v3_key: null })
    expect(space.faults(yaml, { need: 'gateway' })).toEqual(
      ['MCH_ID', 'APP_ID', 'SERIAL_NO', 'PRIVATE_KEY_PATH', 'API_V3_KEY'].map(
        (key) =>
          `merchants[1] (shop-b).${key.toLowerCase()}: not set (nor is MERCHANTS_SHOP_B_${key})`,
      ),
    )
    expect(space.faults(yaml, { need: 'database' })).toEqual([])
  })

  test.each(wechatKeys.map(({ key }) => key))('a wrong %s', (key) => {
    const faults = space.faults(space.merchants({}, { [key]: '{a: b}' }), { need: 'database' })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(new RegExp(`^merchants\\[1\\] \\(shop-b\\)\\.${key}: must be a `))
  })

  test.each([
    ['api_v3_key', 'short', 'a value of 5 bytes is not an APIv3 key, which has 32'],
    ['max_qps', '0', '"0" is below the least, 0.01'],
    ['max_qps', '10001', '"10001" is above the most, 10000'],
    ['user_prefix', 'a/b', '"a/b" begins no user id: 1 to 32 of 0-9 A-Z a-z _ . : -'],
    [
      'user_prefix',
      'x'.repeat(33),
      `"${'x'.repeat(33)}" begins no user id: 1 to 32 of 0-9 A-Z a-z _ . : -`,
    ],
    ['gateway', 'alipay', '"alipay" is not one of wechatpay'],
    ['mchid', '1', 'unknown key; did you mean mch_id?'],
    ['port', '1', 'unknown key'],
    ['public_key_id', 'PUB_KEY_ID_1', null],
    ['private_key_path', 'c-own.pem', null],
    ['private_key', '"-----BEGIN X-----"', null],
  ])('%s: %s', (key, value, fault) => {
    const faults = space.faults(space.merchants({}, { [key]: value }))
    expect(faults.length).toBeGreaterThan(0)
    for (const each of faults) expect(each).toMatch(/^merchants\[1\] \(shop-b\)\.\w+: /)
    if (fault !== null) expect(faults).toEqual([`merchants[1] (shop-b).${key}: ${fault}`])
  })

  test.each([
    ['merchants: shop', 'merchants: must be a list, like "- name: shop"'],
    ['merchants: {shop-a: {mch_id: 1}}', 'merchants: must be a list, like "- name: shop"'],
    ['merchants: [shop]', 'merchants[0]: must hold keys, like "key: value"'],
  ])('%s', (yaml, fault) => {
    expect(space.faults(yaml, { need: 'gateway' })).toEqual([fault])
  })

  test('docs/configuration-merchants has each as it is printed, in both languages', () => {
    const pages = ['', '.zh-CN'].map((language) =>
      readFileSync(
        new URL(`../../docs/configuration-merchants${language}.md`, import.meta.url),
        'utf8',
      ),
    )
    const [page = ''] = pages
    const printed = shared.flatMap(([, , faults]) => faults)
    const lines = page.split('\n').filter((line) => /^merchants\[1\].* is /.test(line))
    expect(lines.length).toBeGreaterThan(4)
    const unnumbered = (line: string) => line.replaceAll(/"[0-9A-F]{4,}"/g, '"…"')
    const known = printed.map(unnumbered)
    expect(
      lines.filter((line) => !known.includes(unnumbered(line)) && !/not set/.test(line)),
    ).toEqual([])
    for (const line of lines) expect(pages[1]).toContain(line)
  })
})

describe('wechat and merchants together', () => {
  const both = 'given together with merchants: give one of them'

  test('are refused, also where the environment gives one of them, which is named', () => {
    expect(space.faults(space.yaml() + space.merchants({}))).toEqual([`wechat: ${both}`])
    const env = { WECHAT_MCH_ID: '1900000009', WECHAT_TIMEOUT_MS: '700' }
    expect(space.faults(space.merchants({}), { env })).toEqual([`wechat (WECHAT_MCH_ID): ${both}`])
    expect(space.faults(`wechat: {max_qps: 7}\n${space.merchants({})}`, { env })).toEqual([
      `wechat: ${both}`,
    ])
  })

  test('are no fault where every line of wechat is behind a #', () => {
    expect(space.faults(`wechat:\n  #mch_id: 1\n${space.merchants({})}`)).toEqual([])
  })
})

describe('a secret of any merchant', () => {
  const secret = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3t!!'
  const pem = JSON.stringify(privatePem(space.keys[0] ?? space.merchant.privateKey))
  const line = privatePem(space.keys[0] ?? space.merchant.privateKey).split('\n')[1] ?? ''

  test.each<[string, string]>([
    ['api_v3_key', `${secret}${secret}`],
    ['api_v3_kye', secret],
    ['serial_no', secret],
    ['proxy_url', `http://u:${secret}@[x`],
    ['base_url', `http://u:${secret}@shop.example/`],
    ['notify_url', `https://u:${secret}@shop.example/`],
    ['private_key', secret],
    ['private_key_path', pem],
    ['mch_id', pem],
    ['name', pem],
  ])('is not printed where %s is wrong', (key, value) => {
    const faults = space.faults(space.merchants({}, { [key]: value })).join('\n')
    expect(faults).toMatch(/^merchants\[1\]/)
    expect(faults).not.toContain(secret.slice(0, 8))
    expect(faults).not.toContain(line.slice(0, 20))
  })

  test('is not printed where its file is wrong', () => {
    const env = { MERCHANTS_SHOP_A_API_V3_KEY_FILE: secret }
    expect(space.faults(space.merchants({ api_v3_key: null }), { env })).toEqual([
      'MERCHANTS_SHOP_A_API_V3_KEY_FILE: Cannot read the file that it names: no such file',
    ])
    const file = { api_v3_key: null, api_v3_key_file: join(space.directory, 'gone') }
    expect(space.faults(space.merchants(file))).toEqual([
      `merchants[0] (shop-a).api_v3_key_file: Cannot read the file "${join(space.directory, 'gone')}": no such file`,
    ])
  })
})
