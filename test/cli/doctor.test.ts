import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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
import { examineDatabaseClock } from '../../src/cli/doctor/clock.ts'
import { examineConfiguration } from '../../src/cli/doctor/configuration.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { examineGateway, type Known } from '../../src/cli/doctor/gateway.ts'
import { stepFor } from '../../src/cli/doctor/gateway-step.ts'
import { examineKeys } from '../../src/cli/doctor/keys.ts'
import { type ExaminedMerchant, examinedMerchants } from '../../src/cli/doctor/merchant.ts'
import { examineNotifyUrl, examineToken } from '../../src/cli/doctor/server.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig, secretFiles } from '../../src/config/load.ts'
import { configurationFor } from '../../src/demo/configuration.ts'
import type { UnknownWhy } from '../../src/domain/trade.ts'
import { createWechatGateway } from '../../src/gateway/wechat/wechat.ts'
import { openDirectory } from './budan.ts'

const directory = openDirectory()
const dir = directory.path
type Signing = 'public_key' | 'certificate'

let merchant: Merchant
let simulators: Record<Signing, Simulator>

beforeAll(async () => {
  merchant = await generateMerchant()
  await writeMerchant(dir, merchant)
  const start = (signing: Signing) => startSimulator({ ...merchantOptions(merchant), signing })
  simulators = { public_key: await start('public_key'), certificate: await start('certificate') }
})
afterAll(async () => {
  await Promise.all(Object.values(simulators).map((each) => each.stop()))
  directory.remove()
})

/** The configuration for the simulator, with some keys replaced through the environment. */
function config(env: Record<string, string> = {}, signing: Signing = 'public_key'): Config {
  const file = join(dir, 'budan.yaml')
  writeFileSync(file, configurationFor(simulators[signing], merchant, { dir }))
  return loadConfig({ file, env, need: 'gateway' })
}

/** The one merchant of the configuration. */
function merchantOf(config: Config): ExaminedMerchant {
  const [merchant] = examinedMerchants(config, [])
  if (merchant === undefined) throw new Error('no merchant')
  return merchant
}

function gatewayOf(config: Config, known?: Promise<Known>): Promise<readonly Finding[]> {
  return examineGateway(merchantOf(config), known)
}

function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ status, name }) => `${status} ${name}`)
}

describe('examineGateway()', () => {
  test('finds all well with a public key, when the answer was signed by it', async () => {
    simulators.public_key.control.setSwitches({ sign_business_errors: true })
    const findings = brief(await gatewayOf(config()))
    simulators.public_key.control.setSwitches({ sign_business_errors: false })
    expect(findings).toEqual(['ok clock', 'ok gateway', 'ok answers', 'warn APIv3 key'])
  })

  test('says that a public key could not be tried, when the answer was not signed', async () => {
    const findings = await gatewayOf(config())
    expect(brief(findings)).toEqual(['ok clock', 'ok gateway', 'warn answers', 'warn APIv3 key'])
    expect(findings[2]?.next).toContain('budan check')
    expect(findings[3]?.detail).toContain('could not be tried')
  })

  describe('with an order that the gateway knows', () => {
    const orderNo = 'DOCTOR0001'
    beforeAll(async () => {
      const gateway = createWechatGateway(merchantOf(config()).wechat, { emit: () => {} })
      const placed = await gateway.prepay({
        ...{ orderNo, appid: merchant.appid, amount: 100n, currency: 'CNY', description: 'x' },
        ...{ attach: null, expiresAt: new Date(Date.now() + 3_600_000) },
      })
      await gateway.stop()
      expect(placed.kind).toBe('placed')
    })
    const known = () =>
      Promise.resolve({ orderNos: new Map([[merchant.mchid, orderNo]]), isServed: false })

    test('tries a public key on its answer, which is signed', async () => {
      const findings = await gatewayOf(config(), known())
      expect(brief(findings)).toContain('ok answers')
    })

    test('reports a public key of another merchant, and requires the right one', async () => {
      const path = join(dir, 'other.pem')
      const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
      writeFileSync(path, other.export({ type: 'spki', format: 'pem' }))
      const findings = await gatewayOf(config({ WECHAT_PUBLIC_KEY_PATH: path }), known())
      expect(brief(findings)).toContain('fail answers')
      expect(findings[2]?.detail).toContain('its signature is wrong')
      expect(findings[2]?.next).toMatch(/^download the public key of PUB_KEY_ID_/)
    })

    test('reports a public key id of another merchant', async () => {
      const findings = await gatewayOf(config({ WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_07' }), known())
      expect(brief(findings)).toContain('fail answers')
      expect(findings[2]?.detail).toContain('"PUB_KEY_ID_07" is configured')
      expect(findings[2]?.next).toMatch(/^compare wechat\.public_key_id/)
    })
  })

  test('tries an APIv3 key on platform certificates, where the merchant has some beside its public key', async () => {
    const simulator = await startSimulator({ ...merchantOptions(merchant), signing: 'mixed' })
    const at = (env: Record<string, string>) =>
      gatewayOf(config({ WECHAT_BASE_URL: simulator.url, ...env }))
    const keyOf = async (env: Record<string, string> = {}) =>
      (await at(env)).find(({ name }) => name === 'APIv3 key')
    expect(await keyOf()).toMatchObject({ status: 'ok' })
    const wrong = await keyOf({ WECHAT_API_V3_KEY: 'x'.repeat(32) })
    await simulator.stop()
    expect(wrong).toMatchObject({ status: 'fail' })
    expect(wrong?.next).toMatch(/^set wechat\.api_v3_key/)
  })

  test('finds all well with platform certificates, and opens them', async () => {
    const findings = await gatewayOf(config({}, 'certificate'))
    expect(brief(findings)).toEqual(['ok clock', 'ok gateway', 'ok answers', 'ok APIv3 key'])
    expect(findings[3]?.detail).toBe('it opened the platform certificates')
  })

  test('recognizes a wrong serial number by the 401', async () => {
    const findings = await gatewayOf(config({ WECHAT_SERIAL_NO: 'ABCDEF' }))
    expect(brief(findings)).toContain('fail gateway')
    expect(findings.find((each) => each.name === 'gateway')?.next).toContain('serial_no')
  })

  test('reports a merchant number that does not belong to the key', async () => {
    expect(brief(await gatewayOf(config({ WECHAT_MCH_ID: '1' })))).toContain('fail gateway')
  })

  test('reports a wrong APIv3 key where certificates are fetched, without printing it', async () => {
    const wrong = 'x'.repeat(32)
    const findings = await gatewayOf(config({ WECHAT_API_V3_KEY: wrong }, 'certificate'))
    expect(brief(findings)).toEqual(['ok clock', 'fail gateway'])
    expect(findings[1]?.next).toContain('wechat.api_v3_key')
    expect(JSON.stringify(findings)).not.toContain(wrong)
    expect(JSON.stringify(findings)).not.toContain(merchant.apiV3Key)
  })

  test('reports a gateway that cannot be reached', async () => {
    // Port 1 of loopback: nobody listens there.
    const findings = await gatewayOf(config({ WECHAT_BASE_URL: 'http://127.0.0.1:1' }))
    expect(brief(findings).slice(0, 2)).toEqual(['warn clock', 'fail gateway'])
    expect(findings[1]?.next).toContain('wechat.base_url')
  })

  test('distinguishes the page of a firewall from a refusal of WeChat Pay', async () => {
    simulators.public_key.control.addFault({
      operation: 'query',
      fault: { kind: 'error', status: 403, body: 'html' },
    })
    const findings = await gatewayOf(config())
    simulators.public_key.control.clearFaults()
    expect(findings[1]).toMatchObject({ status: 'fail' })
    expect(findings[1]?.detail).toContain('a web page')
    expect(findings[1]?.next).toMatch(/^let the firewall or proxy on the way pass 127\.0\.0\.1/)
  })

  test('has a next step of its own for each reason of the gateway’s silence', () => {
    const reasons = [
      ...['name', 'dns', 'closed', 'unreachable', 'reset', 'no_http', 'tls', 'untrusted'],
      ...['other_name', 'ended', 'page', 'clock', 'unsigned', 'probe', 'keyless', 'forged'],
      ...['unlisted', 'unopened', 'damaged', 'proxy', 'proxy_login', 'proxy_refusal'],
    ] as const
    const one = merchantOf(config())
    const proxied = { ...one, wechat: { ...one.wechat, proxyUrl: 'http://127.0.0.1:3128' } }
    const steps = reasons.map((why) => {
      const answer = {
        kind: 'unknown',
        cause: 'network',
        message: '',
        systemic: false,
        evidence: {},
      } as const
      return stepFor({ ...answer, why: why as UnknownWhy }, proxied)
    })
    expect(new Set(steps).size).toBe(reasons.length)
  })

  test.each([
    [0, 'ok'],
    [-50, 'ok'],
    [50, 'ok'],
    [-90, 'fail'],
    [90, 'fail'],
    [-301, 'fail'],
    [3600, 'fail'],
  ])('compares the clock with a gateway that is %i s off: %s', async (offset, status) => {
    const server = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() + offset * 1000).toUTCString())
      response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const findings = await gatewayOf(config({ WECHAT_BASE_URL: `http://127.0.0.1:${port}` }))
    expect(brief(findings)).toContain(`${status} clock`)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('examineDatabaseClock()', () => {
  const at = (offsetMs: number) => ({
    kind: 'postgres' as const,
    now: async () => new Date(Date.now() + offsetMs),
  })

  test('names the clocks that are apart from the database’s, and by how much', async () => {
    const [found] = await examineDatabaseClock(at(3 * 3_600_000), merchantOf(config()).wechat)
    expect(found).toMatchObject({ status: 'fail', name: 'database clock' })
    expect(found?.detail).toMatch(
      /^the database's clock is \d+ s ahead of this node's; the database's clock is \d+ s ahead of the gateway's$/,
    )
  })

  test('reports no fault where they agree, and where the gateway sends no time', async () => {
    const [well] = await examineDatabaseClock(at(0), merchantOf(config()).wechat)
    expect(well).toMatchObject({
      ...{ status: 'ok', detail: 'agrees with this machine and the gateway' },
    })
    const [alone] = await examineDatabaseClock(at(0), null)
    expect(alone).toMatchObject({ status: 'ok', detail: 'agrees with this machine' })
  })

  test('says nothing of the embedded database, which has no clock of its own', async () => {
    expect(await examineDatabaseClock({ ...at(0), kind: 'pglite' }, null)).toEqual([])
  })
})

describe('examineKeys()', () => {
  // Of the merchant, whose certificate is made later, it is the present.
  const now = new Date(Date.now() + 600_000)
  const keys = (env: Record<string, string> = {}, at = now): string[] => {
    const privateKeyPath = join(dir, 'apiclient_key.pem')
    return brief(examineKeys({ ...merchantOf(config(env)), privateKeyPath, now: at }))
  }

  test('finds all well with the files of one download', () => {
    expect(keys()).toEqual(['ok private key', 'ok serial number', 'ok app id', 'ok public key'])
  })

  test('reports a serial number that is not the certificate’s', () => {
    expect(keys({ WECHAT_SERIAL_NO: 'ABCDEF' })).toContain('fail serial number')
  })

  test('takes a serial number for what it is, however it is written', () => {
    const { serialNo } = merchant
    for (const written of [
      serialNo.toLowerCase(),
      `00${serialNo}`,
      serialNo.replaceAll(/(..)(?=.)/g, '$1:'),
    ]) {
      expect(keys({ WECHAT_SERIAL_NO: written })).toContain('ok serial number')
    }
  })

  test('reports a certificate of another merchant', () => {
    const findings = examineKeys({
      ...merchantOf(config({ WECHAT_MCH_ID: '1900000109' })),
      privateKeyPath: join(dir, 'apiclient_key.pem'),
      now,
    })
    const serial = findings.find(({ name }) => name === 'serial number')
    expect(serial).toMatchObject({ status: 'fail' })
    expect(serial?.detail).toContain(`is the certificate of merchant ${merchant.mchid}`)
  })

  test('reports a certificate that expires soon, or has expired', () => {
    expect(keys({}, new Date(now.getTime() + 200 * 365 * 86_400_000))).toContain(
      'fail serial number',
    )
  })

  test('reports an app id of another form', () => {
    expect(keys({ WECHAT_APP_ID: 'WX1' })).toContain('warn app id')
  })

  test.skipIf(process.platform === 'win32')('reports a key file that others may read', () => {
    const path = join(dir, 'apiclient_key.pem')
    chmodSync(path, 0o644)
    expect(keys()).toContain('warn private key')
    chmodSync(path, 0o600)
    const spaced = join(dir, 'a key.pem')
    writeFileSync(spaced, merchant.privateKeyPem, { mode: 0o644 })
    const [finding] = examineKeys({ ...merchantOf(config()), privateKeyPath: spaced, now })
    expect(finding?.next).toBe(`chmod 600 '${spaced}'`)
  })

  test('says when there is no certificate to compare with', () => {
    const alone = join(dir, 'alone')
    mkdirSync(alone)
    const privateKeyPath = join(alone, 'key.pem')
    writeFileSync(privateKeyPath, merchant.privateKeyPem, { mode: 0o600 })
    const findings = examineKeys({ ...merchantOf(config()), privateKeyPath, now })
    expect(findings.find((each) => each.name === 'serial number')?.detail).toContain(
      'no apiclient_cert.pem beside the key',
    )
  })
})

describe.skipIf(process.platform === 'win32')('examineConfiguration()', () => {
  const examined = (name: string, text: string, mode: number) => {
    const file = join(dir, name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return examineConfiguration(file, secretFiles({ file, env: {} }))
  }
  const secret = 'wechat:\n  api_v3_key: x\n'

  test.each([
    ['a key', secret, 0o644, 'warn'],
    ['a token', 'server: { api_token: x }', 0o604, 'warn'],
    ['a password', 'database: { url: "postgres://u:p@h/db" }', 0o644, 'warn'],
    ['a key, for a group', secret, 0o640, 'ok'],
    ['a key, for its owner', secret, 0o600, 'ok'],
    ['nothing secret', 'database: { url: "postgres://u@h:5432/db" }', 0o644, 'ok'],
  ])('a file with %s: %s, mode %o: %s', (_, text, mode, status) => {
    expect(examined('modes.yaml', text, mode).status).toBe(status)
  })

  test('prints the command that removes the permission', () => {
    const { next } = examined('a file.yaml', secret, 0o644)
    expect(next).toBe(`chmod 600 '${join(dir, 'a file.yaml')}'`)
  })
})

describe('examineNotifyUrl() and examineToken()', () => {
  const notify: [string, string, string][] = [
    ['https://pay.example.com/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'ok'],
    ['https://pay.example.com/pay/notify', 'https://api.mch.weixin.qq.com', 'warn'],
    ['https://10.1.2.3/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
    ['https://192.168.1.2/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
    ['https://budan/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
    ['https://shop.internal/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
    ['http://127.0.0.1:8080/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
    ['http://127.0.0.1:8080/v1/callbacks/wechatpay', 'http://127.0.0.1:9090', 'ok'],
    ['https://[fd00::1]/v1/callbacks/wechatpay', 'https://api.mch.weixin.qq.com', 'warn'],
  ]

  test.each(notify)('notify_url %s called by %s: %s', (notifyUrl, baseUrl, status) => {
    const env = { WECHAT_NOTIFY_URL: notifyUrl, WECHAT_BASE_URL: baseUrl }
    const finding = examineNotifyUrl(merchantOf(config(env)))
    expect(finding).toMatchObject({ name: 'notify url', status })
  })

  test.each([
    ['short', 'warn'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'warn'],
    ['bT7kq0ZpWm3xYc9dLr5v', 'ok'],
    ['change-me-tO-a-long-random-one', 'ok'],
  ])('api_token %s: %s, and it is not printed', (token, status) => {
    const finding = examineToken(config({ SERVER_API_TOKEN: token }).server)
    expect(finding).toMatchObject({ name: 'api token', status })
    expect(JSON.stringify(finding)).not.toContain(token)
  })
})
