import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { type ConfigInput, completeConfig } from '../../src/config/complete.ts'
import { openService } from '../../src/service.ts'
import { apiV3Key, faultsOf, openWorkspace, privatePem, publicPem } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })

const wechat = {
  mchId: '1900000001',
  appId: 'wx0123456789abcdef',
  serialNo: '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC',
  privateKey: space.merchant.privateKey,
  apiV3Key,
}
const sources = `sources:
  - name: shop
    url: mysql://budan@127.0.0.1/shop
    table: orders
    columns:
      order_no: order_no
      user_id: user_id
      amount: { column: pay_amount, unit: yuan }
      created_at: { column: created_at, zone: Asia/Shanghai }
    status: { column: status, pending: [pending] }
`
const faults = (input: unknown) => faultsOf(() => completeConfig(input as ConfigInput))

describe('completeConfig()', () => {
  test('gives what is left out the defaults of a file', () => {
    const inFile = space.load(space.yaml({ wechat: { notify_url: null } }))
    const inCode = completeConfig({ database: { url: inFile.database.url }, wechat })
    expect(inCode).toEqual(inFile)
    expect(completeConfig({}).database.url).toBe('pglite:./data')
  })

  test('leaves a whole configuration as it is', () => {
    const whole = space.load(space.yaml({ server: { api_token: 'a'.repeat(32) } }))
    expect(completeConfig(whole)).toEqual(whole)
    const withoutGateway = space.load('', { need: 'database' })
    expect(completeConfig(withoutGateway)).toEqual(withoutGateway)
    const withSources = space.load(`${space.yaml()}${sources}`)
    expect(withSources.sources).toHaveLength(1)
    expect(completeConfig(withSources)).toEqual(withSources)
  })

  test('takes null for what is left out', () => {
    const given = { server: { apiToken: null }, recharge: { adoptAttach: null } }
    const completed = completeConfig({ ...given, wechat: { ...wechat, publicKey: null } })
    expect(completed).toEqual(completeConfig({ wechat }))
  })

  test('takes keys opened, as text and as bytes', () => {
    const pem = privatePem(space.merchant.privateKey)
    for (const privateKey of [space.merchant.privateKey, pem, Buffer.from(pem)]) {
      for (const key of [platform.publicKey, publicPem(platform.publicKey)]) {
        const publicKey = { id: 'PUB_KEY_ID_01', key }
        const [config] = completeConfig({ wechat: { ...wechat, privateKey, publicKey } }).merchants
        expect(config?.privateKey.equals(space.merchant.privateKey)).toBe(true)
        expect(config?.publicKey?.key.equals(platform.publicKey)).toBe(true)
      }
    }
  })

  test('keeps the bytes of an APIv3 key that is no text', () => {
    const bytes = Buffer.alloc(32, 0xff)
    const [config] = completeConfig({ wechat: { ...wechat, apiV3Key: bytes } }).merchants
    expect(config?.apiV3Key).toEqual(bytes)
  })

  test('reports all faults at once, by the names that code uses, and no secret', () => {
    const secret = 'hush-hush'
    expect(
      faults({
        server: { port: 65_536 },
        recharge: { compensationBatchSize: 0, compensationIntervalMins: Number.NaN, orderTtl: 5 },
        wechat: {
          ...{ appId: wechat.appId, privateKey: weak.privateKey },
          ...{ mchId: 'x', apiV3Key: secret, serialNo: undefined },
        },
      }),
    ).toEqual([
      'server.port: "65536" is above the most, 65535',
      'recharge.compensationIntervalMins: "NaN" is not a plain number',
      'recharge.compensationBatchSize: "0" is below the least, 1',
      'recharge.orderTtl: unknown key',
      'wechat.mchId: "x" is not a merchant number: digits only',
      'wechat.apiV3Key: a value of 9 bytes is not an APIv3 key, which has 32',
      'wechat.serialNo: not set',
      'wechat.privateKey: the key has 1024 bits, fewer than 2048',
    ])
  })

  test('knows keys that were mixed up', () => {
    const own = createPublicKey(space.merchant.privateKey)
    const withKey = (key: unknown) => ({
      wechat: { ...wechat, publicKey: { id: 'PUB_KEY_ID_1', key } },
    })
    expect(faults(withKey(own))).toEqual([
      expect.stringMatching(/^wechat\.publicKey: .*public half/),
    ])
    expect(faults(withKey(platform.privateKey))).toEqual([
      expect.stringMatching(/^wechat\.publicKey: the key is a private key/),
    ])
    expect(faults({ wechat: { ...wechat, privateKey: platform.publicKey } })).toEqual([
      'wechat.privateKey: the key is a public key: give apiclient_key.pem',
    ])
    expect(faults({ wechat: { ...wechat, apiV3Key: Buffer.alloc(31) } })).toEqual([
      'wechat.apiV3Key: a value of 31 bytes is not an APIv3 key, which has 32',
    ])
  })
})

test('openService() refuses a configuration without a merchant, unless a gateway is given', async () => {
  await expect(openService({ database: { url: 'pglite:memory' } })).rejects.toThrow(
    'wechat: not set: give the merchant, or a gateway of your own',
  )
  await expect(openService({ recharge: { compensationMaxQps: 0 }, wechat })).rejects.toThrow(
    'recharge.compensationMaxQps: "0" is below the least, 0.01',
  )
})

describe('completeConfig() with merchants', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const shopA = { ...wechat, name: 'shop-a' }
  const shopB = {
    ...wechat,
    ...{ name: 'shop-b', mchId: '1900000002', serialNo: 'AB', privateKey: other },
  }

  test('takes several, with the defaults of a file, and leaves them as they are again', () => {
    const config = completeConfig({ merchants: [shopA, { ...shopB, maxQps: 7, userPrefix: 'b:' }] })
    expect(config.merchants).toMatchObject([
      { name: 'shop-a', gateway: 'wechatpay', maxQps: null, userPrefix: null, timeoutMs: 5000 },
      { name: 'shop-b', gateway: 'wechatpay', maxQps: 7, userPrefix: 'b:', mchId: '1900000002' },
    ])
    expect(config.merchants[1]?.privateKey.equals(other)).toBe(true)
    expect(config.merchantIds.map(({ mchid }) => mchid)).toEqual(['1900000001', '1900000002'])
    expect(completeConfig(config)).toEqual(config)
    expect(completeConfig({ merchants: [], wechat: nameless(shopA) }).merchants).toMatchObject([
      { name: 'default', mchId: '1900000001' },
    ])
  })

  test('keeps the bytes of each APIv3 key, and whom a configuration without keys is about', () => {
    const keys = [Buffer.alloc(32, 0xff), Buffer.alloc(32, 0xfe)]
    const merchants = [shopA, shopB].map((each, at) => ({ ...each, apiV3Key: keys[at] }))
    expect(completeConfig({ merchants }).merchants.map(({ apiV3Key }) => apiV3Key)).toEqual(keys)
    const idle = space.load(space.yaml(), { need: 'database' })
    expect(idle.merchantIds).toHaveLength(1)
    expect(completeConfig(idle)).toEqual(idle)
  })

  test('names the merchant of each fault, and its keys as code does', () => {
    expect(
      faults({
        merchants: [
          shopA,
          { ...shopA, serialNo: undefined, maxQps: 0, apiV3Key: Buffer.alloc(31), secret: 'x' },
          { ...shopB, privateKey: wechat.privateKey, mchID: '1' },
        ],
      }),
    ).toEqual([
      'merchants[1] (shop-a).maxQps: "0" is below the least, 0.01',
      'merchants[1] (shop-a).secret: unknown key',
      'merchants[2] (shop-b).mchID: unknown key; did you mean mchId?',
      'merchants[1] (shop-a).name: "shop-a" is the name of merchants[0] (shop-a) as well',
      'merchants[1] (shop-a).mchId: "1900000001" is that of merchants[0] (shop-a) as well',
      'merchants[1] (shop-a).serialNo: not set',
      'merchants[1] (shop-a).apiV3Key: a value of 31 bytes is not an APIv3 key, which has 32',
      'merchants[2] (shop-b).privateKey: the key is that of merchants[0] (shop-a), whose serialNo is another',
    ])
    expect(faults({ wechat, merchants: [shopB] })).toEqual([
      'wechat: given together with merchants: give one of them',
    ])
    expect(faults({ merchants: shopA })).toEqual(['merchants: must be a list, like "- name: shop"'])
  })

  test('openService() serves all of them, by their names', async () => {
    for (const merchants of [[shopB], [shopA, shopB]]) {
      const budan = await openService({
        ...{ database: { url: 'pglite:memory' }, merchants, log: { level: 'silent' } },
      })
      expect(budan.merchants.map(({ name }) => name)).toEqual(merchants.map(({ name }) => name))
      expect(budan.merchants.at(-1)).toMatchObject({ mchid: '1900000002' })
      await budan.close()
    }
  })
})

function nameless({ name: _, ...keys }: typeof wechat & { readonly name: string }) {
  return keys
}
