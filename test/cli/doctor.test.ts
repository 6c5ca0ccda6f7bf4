import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examineConfiguration } from '../../src/cli/doctor/configuration.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { examineGateway } from '../../src/cli/doctor/gateway.ts'
import { examineKeys } from '../../src/cli/doctor/keys.ts'
import { examineServer } from '../../src/cli/doctor/server.ts'
import { loadConfig, secretFiles } from '../../src/config/load.ts'
import type { Config } from '../../src/config.ts'
import {
  configurationFor,
  generateMerchant,
  type Merchant,
  merchantOptions,
  type Simulator,
  startSimulator,
  writeMerchant,
} from '../../src/simulator/index.ts'
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

function wechat(config: Config) {
  if (config.wechat === null) throw new Error('no wechat section')
  return config.wechat
}

function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ status, name }) => `${status} ${name}`)
}

describe('examineGateway()', () => {
  test('finds all well with a public key, when the answer was signed by it', async () => {
    simulators.public_key.control.setSwitches({ sign_business_errors: true })
    const findings = brief(await examineGateway(config()))
    simulators.public_key.control.setSwitches({ sign_business_errors: false })
    expect(findings).toEqual(['ok clock', 'ok gateway', 'ok answers', 'ok APIv3 key'])
  })

  test('says that a public key could not be tried, when the answer was not signed', async () => {
    const findings = await examineGateway(config())
    expect(brief(findings)).toEqual(['ok clock', 'ok gateway', 'warn answers', 'ok APIv3 key'])
    expect(findings[2]?.next).toContain('budan check')
  })

  test('finds all well with platform certificates, and opens them', async () => {
    const findings = await examineGateway(config({}, 'certificate'))
    expect(brief(findings)).toEqual(['ok clock', 'ok gateway', 'ok answers', 'ok APIv3 key'])
    expect(findings[3]?.detail).toBe('it opened the platform certificates')
  })

  test('tells a wrong serial number by the 401', async () => {
    const findings = await examineGateway(config({ WECHAT_SERIAL_NO: 'ABCDEF' }))
    expect(brief(findings)).toContain('fail gateway')
    expect(findings.find((each) => each.name === 'gateway')?.next).toContain('serial_no')
  })

  test('tells a merchant number that is not the key’s', async () => {
    expect(brief(await examineGateway(config({ WECHAT_MCH_ID: '1' })))).toContain('fail gateway')
  })

  test('tells a wrong APIv3 key where certificates are fetched, without printing it', async () => {
    const wrong = 'x'.repeat(32)
    const findings = await examineGateway(config({ WECHAT_API_V3_KEY: wrong }, 'certificate'))
    expect(brief(findings)).toEqual(['ok clock', 'fail gateway'])
    expect(findings[1]?.next).toContain('wechat.api_v3_key')
    expect(JSON.stringify(findings)).not.toContain(wrong)
    expect(JSON.stringify(findings)).not.toContain(merchant.apiV3Key)
  })

  test('tells a gateway that cannot be reached', async () => {
    // Port 1 of loopback: nobody listens there.
    const findings = await examineGateway(config({ WECHAT_BASE_URL: 'http://127.0.0.1:1' }))
    expect(brief(findings).slice(0, 2)).toEqual(['warn clock', 'fail gateway'])
    expect(findings[1]?.next).toContain('wechat.base_url')
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
    const findings = await examineGateway(config({ WECHAT_BASE_URL: `http://127.0.0.1:${port}` }))
    expect(brief(findings)).toContain(`${status} clock`)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('examineKeys()', () => {
  const now = new Date()
  const keys = (env: Record<string, string> = {}, at = now): string[] => {
    const privateKeyPath = join(dir, 'apiclient_key.pem')
    return brief(examineKeys({ wechat: wechat(config(env)), privateKeyPath, now: at }))
  }

  test('finds all well with the files of one download', () => {
    expect(keys()).toEqual(['ok private key', 'ok serial number', 'ok app id', 'ok public key'])
  })

  test('tells a serial number that is not the certificate’s', () => {
    expect(keys({ WECHAT_SERIAL_NO: 'ABCDEF' })).toContain('fail serial number')
  })

  test('tells a certificate that ends soon, or has ended', () => {
    expect(keys({}, new Date(now.getTime() + 200 * 365 * 86_400_000))).toContain(
      'fail serial number',
    )
  })

  test('tells an app id of another form', () => {
    expect(keys({ WECHAT_APP_ID: 'WX1' })).toContain('warn app id')
  })

  test.skipIf(process.platform === 'win32')('tells a key file that others may read', () => {
    const path = join(dir, 'apiclient_key.pem')
    chmodSync(path, 0o644)
    expect(keys()).toContain('warn private key')
    chmodSync(path, 0o600)
    const spaced = join(dir, 'a key.pem')
    writeFileSync(spaced, merchant.privateKeyPem, { mode: 0o644 })
    const [finding] = examineKeys({ wechat: wechat(config()), privateKeyPath: spaced, now })
    expect(finding?.next).toBe(`chmod 600 '${spaced}'`)
  })

  test('says when there is no certificate to compare with', () => {
    const alone = join(dir, 'alone')
    mkdirSync(alone)
    const privateKeyPath = join(alone, 'key.pem')
    writeFileSync(privateKeyPath, merchant.privateKeyPem, { mode: 0o600 })
    const findings = examineKeys({ wechat: wechat(config()), privateKeyPath, now })
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

  test('tells the command that closes it', () => {
    const { next } = examined('a file.yaml', secret, 0o644)
    expect(next).toBe(`chmod 600 '${join(dir, 'a file.yaml')}'`)
  })
})

describe('examineServer()', () => {
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
    expect(brief(examineServer(config(env)))).toEqual(['ok api token', `${status} notify url`])
  })

  test.each([
    ['short', 'warn'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'warn'],
    ['bT7kq0ZpWm3xYc9dLr5v', 'ok'],
    ['change-me-tO-a-long-random-one', 'ok'],
  ])('api_token %s: %s, and it is not printed', (token, status) => {
    const findings = examineServer(config({ SERVER_API_TOKEN: token }))
    expect(brief(findings)[0]).toBe(`${status} api token`)
    expect(JSON.stringify(findings)).not.toContain(token)
  })
})
