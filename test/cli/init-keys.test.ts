import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateMerchant, type Merchant, writeMerchant } from 'budan-simulator'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { openDirectory, runInProcess } from './budan.ts'

const directory = openDirectory()
const own = join(directory.path, 'own')
const bare = join(directory.path, 'bare')
const file = (name: string) => join(directory.path, `${name}.yaml`)
const key = (name: string) => join(own, name)

let merchant: Merchant
beforeAll(async () => {
  merchant = await generateMerchant()
  await writeMerchant(own, merchant)
  await writeMerchant(bare, await generateMerchant())
  writeFileSync(join(directory.path, 'key.pem'), merchant.privateKeyPem, { mode: 0o600 })
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => directory.remove())

/** Without a terminal, by options; null leaves one out. */
function init(name: string, changes: Readonly<Record<string, string | null>> = {}) {
  const options = {
    '--mch-id': merchant.mchid,
    '--app-id': merchant.appid,
    '--private-key': key('apiclient_key.pem'),
    ...changes,
  }
  const given = Object.entries(options).filter(([, value]) => value !== null)
  const args = ['init', '--config', file(name), ...given.flat().map(String)]
  return runInProcess(args, { WECHAT_API_V3_KEY: merchant.apiV3Key })
}

const load = (name: string) => loadConfig({ file: file(name), env: {}, need: 'serve' }).merchants[0]

describe('budan init without a terminal', () => {
  test.each<[string, () => Readonly<Record<string, string | null>>, () => string]>([
    ['no path of a key', () => ({ '--private-key': '' }), () => '--private-key: is empty: '],
    [
      'no path of a public key',
      () => ({ '--public-key-id': 'PUB_KEY_ID_01', '--public-key': '  ' }),
      () => '--public-key: is empty: ',
    ],
    ['no serial number', () => ({ '--serial-no': '' }), () => '--serial-no: is empty: '],
    [
      'a serial number that is none, beside a certificate',
      () => ({ '--serial-no': 'xyz' }),
      () => '--serial-no: "xyz" is not a serial number: hex digits only',
    ],
    [
      'a serial number of another certificate',
      () => ({ '--serial-no': 'ABCDEF' }),
      () => `--serial-no: ABCDEF is not that of ${key('apiclient_cert.pem')}, ${merchant.serialNo}`,
    ],
    [
      'a certificate that is not there',
      () => ({ '--serial-no': './gone.crt' }),
      () => '--serial-no: Cannot read certificate "./gone.crt"',
    ],
    [
      'a file that is no certificate',
      () => ({ '--serial-no': key('pub_key.pem') }),
      () => `--serial-no: Cannot read certificate "${key('pub_key.pem')}"`,
    ],
    [
      'the certificate of another key',
      () => ({ '--serial-no': join(bare, 'apiclient_cert.pem') }),
      () => `--serial-no: "${join(bare, 'apiclient_cert.pem')}" is not the certificate of this`,
    ],
    [
      'a private key in the place of the public one',
      () => ({ '--public-key-id': 'PUB_KEY_ID_01', '--public-key': key('apiclient_key.pem') }),
      () => `--public-key: public key "${key('apiclient_key.pem')}" is a private key: `,
    ],
  ])('refuses %s, and writes nothing', async (_, changes, fault) => {
    const { code, stdout, stderr } = await init('refused', changes())
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.split('\n')[0]).toContain(fault())
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(existsSync(file('refused'))).toBe(false)
  })

  test.each<[string, () => string]>([
    ['as it is', () => merchant.serialNo],
    ['in small letters', () => merchant.serialNo.toLowerCase()],
    ['by the certificate', () => key('apiclient_cert.pem')],
  ])('takes the serial number %s', async (how, serialNo) => {
    const name = how.replaceAll(' ', '-')
    expect((await init(name, { '--serial-no': serialNo() })).code).toBe(0)
    expect(load(name)?.serialNo.toUpperCase()).toBe(merchant.serialNo)
  })

  test('takes any serial number where no certificate is beside the key', async () => {
    const lone = { '--private-key': join(directory.path, 'key.pem') }
    const missing = await init('lone', lone)
    expect({ code: missing.code, stderr: missing.stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^--serial-no: not given \(nor is WECHAT_SERIAL_NO\)/),
    })
    expect((await init('lone', { ...lone, '--serial-no': 'ABCDEF' })).code).toBe(0)
    expect(load('lone')?.serialNo).toBe('ABCDEF')
  })

  test.each<[string, () => string]>([
    ['a number', () => 'ABCDEF'],
    ['a certificate', () => key('apiclient_cert.pem')],
  ])(
    'says of the key alone that it is missing where the serial number is %s',
    async (_, serial) => {
      const { code, stderr } = await init('keyless', {
        ...{ '--private-key': null, '--serial-no': serial() },
      })
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr:
          '--private-key: not given (nor is WECHAT_PRIVATE_KEY_PATH), and there is no terminal to prompt on\n',
      })
    },
  )

  test('finds files in the home directory by ~/', async () => {
    vi.stubEnv('HOME', own)
    const inHome = { '--private-key': '~/apiclient_key.pem', '--serial-no': '~/apiclient_cert.pem' }
    expect((await init('home', inHome)).code).toBe(0)
    expect(load('home')?.serialNo).toBe(merchant.serialNo)
    vi.stubEnv('HOME', directory.path)
    const { code, stderr } = await init('away', { '--private-key': '~/gone.pem' })
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"${join(directory.path, 'gone.pem')}": no such file`),
    })
  })
})
