import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from 'budan-simulator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configurationFault } from '../../src/cli/doctor/configuration.ts'
import { examinedMerchants } from '../../src/cli/doctor/merchant.ts'
import { examineNotifyUrl } from '../../src/cli/doctor/server.ts'
import { loadConfig, merchantPlaces } from '../../src/config/load.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
let simulator: Simulator
let merchants: readonly Merchant[]

beforeAll(async () => {
  merchants = await Promise.all([generateMerchant(), generateMerchant()])
  for (const [at, merchant] of merchants.entries()) {
    mkdirSync(join(dir, String(at)))
    await writeMerchant(join(dir, String(at)), merchant)
  }
  const [known] = merchants
  if (known === undefined) throw new Error('no merchant')
  simulator = await startSimulator(merchantOptions(known))
})
afterAll(async () => {
  await simulator.stop()
  directory.remove()
})

/** A file with both merchants; the simulator knows the first one alone. */
function written(names: readonly string[], notifyUrl: (name: string) => string): string {
  const items = names.map((name, at) => {
    const merchant = merchants[at]
    const keys = {
      ...{ name, base_url: simulator.url, mch_id: `190000000${at}`, app_id: merchant?.appid },
      ...{ serial_no: merchant?.serialNo, private_key_path: `${at}/apiclient_key.pem` },
      ...{ api_v3_key: merchant?.apiV3Key, notify_url: notifyUrl(name) },
      ...{ public_key_id: merchant?.wechatpay.publicKeyId, public_key_path: `${at}/pub_key.pem` },
      ...(at === 0 ? { mch_id: merchant?.mchid } : {}),
    }
    return `  - ${JSON.stringify(keys)}\n`
  })
  const path = join(dir, 'budan.yaml')
  writeFileSync(path, `database: { url: "pglite:memory" }\nmerchants:\n${items.join('')}`, {
    mode: 0o600,
  })
  return path
}

const callbacks = 'http://127.0.0.1:8080/v1/callbacks/wechatpay'

describe('budan doctor', () => {
  test('examines each of several merchants, and names it in findings and steps', async () => {
    const file = written(['shop-a', 'shop-b'], (name) => `${callbacks}/${name}`)
    const { code, stdout } = await runInProcess(['doctor', '--json', '--config', file], {})
    expect(code).toBe(1)
    const { checks, next_steps: steps } = JSON.parse(stdout)
    const found = (checks as { name: string; status: string }[]).map(
      ({ name, status }) => `${name} ${status}`,
    )
    for (const name of ['shop-a', 'shop-b']) {
      expect(found).toContain(`private key: ${name} ok`)
      expect(found).toContain(`notify url: ${name} ok`)
      expect(found).toContain(`clock: ${name} ok`)
    }
    expect(found).toContain('gateway: shop-a ok')
    expect(found).toContain('gateway: shop-b fail')
    expect(found.filter((each) => each.startsWith('api token'))).toHaveLength(1)
    expect(steps).toContainEqual(
      expect.stringMatching(
        /^take merchants\[1\] \(shop-b\)\.mch_id, serial_no and private_key_path/,
      ),
    )
    // Its key is right, which a public key does not show.
    expect(steps.filter((step: string) => step.includes('shop-a)'))).toEqual([
      expect.stringMatching(/^compare merchants\[0\] \(shop-a\)\.api_v3_key with/),
    ])
  })

  test('names none where there is one, whatever its name', async () => {
    const file = written(['shop-a'], (name) => `${callbacks}/${name}`)
    const { stdout } = await runInProcess(['doctor', '--config', file], {})
    expect(stdout).toMatch(/^ok +gateway /m)
    expect(stdout).not.toContain(': shop-a')
  })

  test('says it in Chinese, too', async () => {
    const file = written(['shop-a', 'shop-b'], () => callbacks)
    const env = { LC_ALL: 'zh_CN.UTF-8' }
    const { stdout } = await runInProcess(['doctor', '--config', file], env)
    expect(stdout).toMatch(/^正常 +微信支付：shop-a /m)
    expect(stdout).toContain('merchants[1]（商户“shop-b”）的 mch_id、serial_no')
    expect(stdout).toContain('确认代理会将其转到 /v1/callbacks/wechatpay/shop-b')
  })
})

const paths: [names: readonly string[], path: string, status: string][] = [
  [['shop-a', 'shop-b'], '/shop-b', 'ok'],
  [['shop-a', 'shop-b'], '', 'warn'],
  [['shop-a', 'shop-b'], '/shop-a', 'warn'],
  [['shop-a', 'shop-b'], '/shop-b/', 'warn'],
  [['shop-a', 'shop-b'], '/x-shop-b', 'warn'],
  [['shop-a', 'default'], '', 'ok'],
  [['shop-a', 'default'], '/default', 'ok'],
  [['default'], '', 'ok'],
  [['default'], '/default', 'ok'],
  [['default'], '/shop-a', 'warn'],
  [['shop-a'], '/shop-a', 'ok'],
  [['shop-a'], '', 'warn'],
]

test.each(paths)('the last of %j with the callback path …%s: %s', (names, path, status) => {
  const request = { file: written(names, () => `${callbacks}${path}`), env: {} }
  const config = loadConfig({ ...request, need: 'gateway' })
  const merchant = examinedMerchants(config, merchantPlaces(request)).at(-1)
  if (merchant === undefined) throw new Error('no merchant')
  const finding = examineNotifyUrl(merchant)
  expect(finding).toMatchObject({ name: 'notify url', status })
  if (status === 'warn' && names.length > 1) {
    expect(finding.next).toContain('maps it to /v1/callbacks/wechatpay/shop-b,')
  }
})

test.each([
  [
    'merchants[1] (shop-b).mch_id: not set (nor is MERCHANTS_SHOP_B_MCH_ID)',
    'set merchants[1] (shop-b).mch_id, in the file or the environment',
  ],
  [
    'merchants[1] (shop-b).mchid: unknown key; did you mean mch_id?',
    'correct the name merchants[1] (shop-b).mchid, or take it out',
  ],
  [
    'merchants[1] (shop-b).app_ids[2]: "x/" is not an app id, like wx0123…',
    'correct merchants[1] (shop-b).app_ids[2]: docs/configuration.md says what it takes',
  ],
  [
    'merchants[1] (shop-b).mch_id (MERCHANTS_SHOP_B_MCH_ID): "x" is not a merchant number',
    'correct MERCHANTS_SHOP_B_MCH_ID: docs/configuration.md says what it takes',
  ],
  [
    'merchants[0].name: "a/b" is no name of a merchant: 1 to 63',
    'correct merchants[0].name: docs/configuration.md says what it takes',
  ],
])('the fault %j of a merchant has a next step of its own', (fault, next) => {
  expect(configurationFault(fault)).toMatchObject({ status: 'fail', next })
})
