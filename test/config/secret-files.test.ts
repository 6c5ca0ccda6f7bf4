import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configKeys } from '../../src/config/environment.ts'
import { apiV3Key, openWorkspace, privatePem, publicPem } from './workspace.ts'

const space = openWorkspace()
afterAll(() => space.remove())
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privatePem(space.merchant.privateKey)

/** A whole configuration without the keys that the test gives by itself. */
const bare = (...without: string[]) =>
  space.yaml({ wechat: Object.fromEntries(without.map((key) => [key, null])) })

describe('NAME_FILE', () => {
  test.each(['', '\n', '\r\n'])('gives the value of a file, without its line end %j', (end) => {
    const env = {
      WECHAT_API_V3_KEY_FILE: space.write('key', `${apiV3Key}${end}`),
      SERVER_API_TOKEN_FILE: space.write('token', `a-token-of-32-characters-or-more${end}`),
      DATABASE_URL_FILE: space.write('url', `postgres://u:secret@db/budan${end}`),
      ENGINE_URL_FILE: space.write('engine', `redis://:secret@cache:6379${end}`),
      WECHAT_PRIVATE_KEY_FILE: space.write('pem', `${pem}${end}`),
      RECHARGE_COMPENSATION_RECHECK_MINS_FILE: space.write('mins', `1,2${end}`),
    }
    const config = space.load(bare('api_v3_key', 'private_key_path'), { env })
    expect(config.merchants[0]?.apiV3Key.toString()).toBe(apiV3Key)
    expect(config.merchants[0]?.privateKey.equals(space.merchant.privateKey)).toBe(true)
    expect(config.server.apiToken).toBe('a-token-of-32-characters-or-more')
    expect(config.database.url).toBe('postgres://u:secret@db/budan')
    expect(config.engine.url).toBe('redis://:secret@cache:6379')
    expect(config.recharge.compensationRecheckMins).toEqual([1, 2])
  })

  test('wins over the configuration file, as the environment does', () => {
    const env = { WECHAT_MCH_ID_FILE: space.write('mch', '1900009999\n') }
    expect(space.load(space.yaml(), { env }).merchants[0]?.mchId).toBe('1900009999')
  })

  test.each(configKeys().map(({ envName }) => envName))('is not given beside %s', (name) => {
    const env = { [name]: 'x', [`${name}_FILE`]: space.write('any', 'x') }
    expect(space.faults(space.yaml(), { env })).toContain(
      `${name}_FILE: given together with ${name}: give one of them`,
    )
  })

  test('names a file that cannot be used, once, and never shows its content', () => {
    const secret = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3t!!'
    const gone = join(space.directory, 'gone')
    const rows: [path: string, fault: string][] = [
      [gone, `Cannot read the file "${gone}": no such file`],
      [space.directory, `Cannot read the file "${space.directory}": it is a directory`],
      [space.write('empty', '\n'), `the file "${join(space.directory, 'empty')}" is empty`],
      ['', 'is empty: give the path of a file'],
      [
        space.write('bytes', new Uint8Array([0xff, 0x41])),
        `Cannot read the file "${join(space.directory, 'bytes')}": it is not UTF-8 text`,
      ],
      [
        space.write('big', secret.repeat(4000)),
        `the file "${join(space.directory, 'big')}" is too big to hold one value`,
      ],
      // The secret in the place of its file.
      [secret, 'Cannot read the file that it names: no such file'],
    ]
    for (const [path, fault] of rows) {
      const faults = space.faults(bare('api_v3_key'), { env: { WECHAT_API_V3_KEY_FILE: path } })
      expect(faults).toEqual([`WECHAT_API_V3_KEY_FILE: ${fault}`])
    }
  })

  test('names the variable where what its file holds is wrong', () => {
    const env = { WECHAT_API_V3_KEY_FILE: space.write('short', 'too-short\n') }
    expect(space.faults(bare('api_v3_key'), { env })).toEqual([
      'wechat.api_v3_key (WECHAT_API_V3_KEY_FILE): a value of 9 bytes is not an APIv3 key, which has 32',
    ])
  })
})

describe('a key in a file that the environment names', () => {
  const faultsBy = (name: string, bytes: string | Uint8Array) => {
    const path = space.write(name, bytes)
    const env = { WECHAT_PRIVATE_KEY_FILE: path }
    return [path, space.faults(bare('private_key_path'), { env })] as const
  }

  test('is recognized in UTF-16 and in DER form, as when it is given by its path', () => {
    const der = space.merchant.privateKey.export({ type: 'pkcs8', format: 'der' })
    const [wide, wideFaults] = faultsBy('wide', Buffer.from(`\ufeff${pem}`, 'utf16le'))
    expect(wideFaults).toEqual([
      `WECHAT_PRIVATE_KEY_FILE: the file "${wide}" is UTF-16 text: save it as UTF-8`,
    ])
    const [raw, rawFaults] = faultsBy('raw', new Uint8Array(der))
    expect(rawFaults).toEqual([
      `WECHAT_PRIVATE_KEY_FILE: the file "${raw}" is a private key in DER form: turn it into PEM by openssl pkey -inform DER`,
    ])
  })

  test('is named by its variable where it is wrong', () => {
    const [, faults] = faultsBy('public', publicPem(platform.publicKey))
    expect(faults).toEqual([
      'wechat.private_key (WECHAT_PRIVATE_KEY_FILE): the key is a public key: give apiclient_key.pem',
    ])
    const env = {
      WECHAT_PUBLIC_KEY_FILE: space.write('own', publicPem(space.merchant.publicKey)),
      WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_01',
    }
    expect(space.faults(space.yaml(), { env })[0]).toMatch(
      /^wechat\.public_key \(WECHAT_PUBLIC_KEY_FILE\): the key is the public half/,
    )
  })
})

test.each([
  ['SERVER_API_TOKEN', '"a-token-of-32-characters-or-more"', 'server.api_token', []],
  ['DATABASE_URL', "'postgres://u:hush@db/budan'", 'database.url', []],
  ['ENGINE_URL', '"redis://:hush@cache:6379"', 'engine.url', []],
  ['WECHAT_PROXY_URL', '"http://u:hush@proxy:3128"', 'wechat.proxy_url', []],
  ['WECHAT_PRIVATE_KEY', `"${pem}"`, 'wechat.private_key', ['private_key_path']],
  [
    'WECHAT_PRIVATE_KEY',
    `'${pem.trim().replaceAll('\n', '\\n')}'`,
    'wechat.private_key',
    ['private_key_path'],
  ],
  ['WECHAT_API_V3_KEY', `"${apiV3Key}"`, 'wechat.api_v3_key', ['api_v3_key']],
])('%s in quotes is reported because of them, and not shown', (name, value, key, without) => {
  const faults = space.faults(bare(...without), { env: { [name]: value } })
  expect(faults).toHaveLength(1)
  expect(faults[0]).toContain(`${key} (${name}): `)
  expect(faults[0]).toMatch(/: take its quotes away$/)
  expect(faults[0]).not.toContain('hush')
})

describe('a key as text', () => {
  const oneLine = (text: string) => text.trim().replaceAll('\n', '\\n')
  const forms: [string, (text: string) => string][] = [
    ['as it is', (text) => text],
    ['with Windows line ends', (text) => text.replaceAll('\n', '\r\n')],
    ['with \\n for each line end', oneLine],
    ['with \\r\\n for each', (text) => text.trim().replaceAll('\n', '\\r\\n')],
    ['in one line, with blanks', (text) => text.trim().replaceAll('\n', ' ')],
  ]

  test.each(forms)('is taken from the environment %s', (_, form) => {
    const env = {
      WECHAT_PRIVATE_KEY: form(pem),
      WECHAT_PUBLIC_KEY: form(publicPem(platform.publicKey)),
      WECHAT_PUBLIC_KEY_ID: 'PUB_KEY_ID_01',
    }
    const [wechat] = space.load(bare('private_key_path'), { env }).merchants
    expect(wechat?.privateKey.equals(space.merchant.privateKey)).toBe(true)
    expect(wechat?.publicKey?.key.equals(platform.publicKey)).toBe(true)
  })

  test('is taken from a block of the file', () => {
    const block = `|\n${pem.trim().replaceAll(/^/gm, '    ')}`
    const [wechat] = space.load(
      space.yaml({ wechat: { private_key_path: null, private_key: block } }),
    ).merchants
    expect(wechat?.privateKey.equals(space.merchant.privateKey)).toBe(true)
  })

  test('is not given beside the path of one', () => {
    const env = { WECHAT_PRIVATE_KEY: pem, WECHAT_PUBLIC_KEY: publicPem(platform.publicKey) }
    const both = { public_key_id: 'PUB_KEY_ID_01', public_key_path: 'pub.pem' }
    expect(space.faults(space.yaml({ wechat: both }), { env })).toEqual([
      'wechat.private_key (WECHAT_PRIVATE_KEY): given together with wechat.private_key_path: give one of them',
      'wechat.public_key (WECHAT_PUBLIC_KEY): given together with wechat.public_key_path: give one of them',
    ])
  })

  test('needs its id, as a path does', () => {
    const env = { WECHAT_PUBLIC_KEY: publicPem(platform.publicKey) }
    expect(space.faults(space.yaml(), { env })).toEqual([
      'wechat.public_key_id: not set, but wechat.public_key (WECHAT_PUBLIC_KEY) is: give both or neither',
    ])
  })

  test('is reported with what is wrong, and none of it is shown', () => {
    const line = pem.split('\n')[1] ?? ''
    const rows: [value: string, fault: string][] = [
      ['./apiclient_key.pem', 'a value of 19 characters is not a key in PEM form'],
      [publicPem(platform.publicKey), 'the key is a public key: give apiclient_key.pem'],
      [oneLine(pem).slice(0, 300), 'the key is cut off: its line -----END …----- is missing'],
      [line, 'a value of 64 characters is not a key in PEM form'],
    ]
    for (const [value, fault] of rows) {
      const faults = space.faults(bare('private_key_path'), { env: { WECHAT_PRIVATE_KEY: value } })
      expect(faults).toHaveLength(1)
      expect(faults[0]).toContain(fault)
      expect(faults[0]).not.toContain(line.slice(0, 20))
    }
  })
})
