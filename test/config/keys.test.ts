import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorkspace, privatePem, publicPem } from './workspace.ts'

const space = openWorkspace()
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
// Only its first line matters: a certificate is refused before it is parsed.
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const encrypted = space.merchant.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
})
const encryptedPkcs1 = space.merchant.privateKey.export({
  type: 'pkcs1',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
})

beforeAll(() => process.chdir(space.directory))
afterAll(() => space.remove())

const privateFaults: [string, string | Uint8Array, string][] = [
  ['cert.pem', certificate, 'private key "cert.pem" is a certificate: give apiclient_key.pem'],
  [
    'pub.pem',
    publicPem(space.merchant.publicKey),
    'private key "pub.pem" is a public key: give apiclient_key.pem',
  ],
  ['ec.pem', privatePem(curve.privateKey), 'private key "ec.pem" is ec, not RSA'],
  ['pss.pem', privatePem(pss.privateKey), 'private key "pss.pem" is rsa-pss, not RSA'],
  [
    'weak.pem',
    privatePem(weak.privateKey),
    'private key "weak.pem" has 1024 bits, fewer than 2048',
  ],
  [
    'enc.pem',
    String(encrypted),
    'private key "enc.pem" is encrypted: store it without a passphrase',
  ],
  [
    'enc1.pem',
    String(encryptedPkcs1),
    'private key "enc1.pem" is encrypted: store it without a passphrase',
  ],
  [
    'csr.pem',
    '-----BEGIN CERTIFICATE REQUEST-----\n',
    'private key "csr.pem" is a request for a certificate: give apiclient_key.pem',
  ],
  [
    'cut.pem',
    privatePem(space.merchant.privateKey).slice(0, 400),
    'private key "cut.pem" is cut off: its line -----END …----- is missing',
  ],
  ['empty.pem', '', 'private key "empty.pem" is empty'],
  [
    'cert.p12',
    new Uint8Array([0x30, 0x82, 0x0a, 0x01, 0x02, 0x01, 0x03, 0x30]),
    'private key "cert.p12" is a bundle (PKCS#12), and not the PEM file that comes with it',
  ],
  [
    'key.der',
    space.merchant.privateKey.export({ type: 'pkcs8', format: 'der' }),
    'private key "key.der" is a private key in DER form: turn it into PEM by openssl pkey -inform DER',
  ],
  [
    'pub.der',
    space.merchant.publicKey.export({ type: 'spki', format: 'der' }),
    'private key "pub.der" is a public key in DER form: turn it into PEM by openssl pkey -pubin -inform DER',
  ],
  [
    'noise.der',
    new Uint8Array([0x30, 0x82, 0, 1]),
    'private key "noise.der" is in DER form, and opens neither as a key nor as a certificate',
  ],
  [
    'utf16.pem',
    Buffer.from(`\ufeff${privatePem(space.merchant.privateKey)}`, 'utf16le'),
    'private key "utf16.pem" is UTF-16 text: save it as UTF-8',
  ],
  [
    'ssh.pem',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n',
    'private key "ssh.pem" is a key of SSH: none for WeChat Pay',
  ],
  [
    'middle.pem',
    privatePem(space.merchant.privateKey).split('\n').slice(1, -2).join('\n'),
    'private key "middle.pem" has no line -----BEGIN …-----: it is the middle of a key alone',
  ],
  [
    'line.pem',
    privatePem(space.merchant.privateKey).replaceAll('\n', ''),
    'private key "line.pem" has lost its line ends',
  ],
  [
    'star.pem',
    privatePem(space.merchant.privateKey).replace(/\nMII/, '\n***'),
    'private key "star.pem" has characters that are no Base64',
  ],
  [
    'hole.pem',
    privatePem(space.merchant.privateKey).replace(/(\n[^\n]+){3}\n-----END/, '\n-----END'),
    'private key "hole.pem" is damaged: its first and last line are there, and it opens as no key',
  ],
  ['big.pem', 'x'.repeat(100_001), 'private key "big.pem" is too big to be a key'],
]

test.each(privateFaults)('private_key_path %s is refused', (name, content, fault) => {
  space.write(name, content)
  expect(space.faults(space.yaml({ wechat: { private_key_path: name } }))).toEqual([
    `wechat.private_key_path: ${fault}`,
  ])
})

test('private_key_path is refused when nothing, or no file, is there', () => {
  const at = (path: string) => space.faults(space.yaml({ wechat: { private_key_path: path } }))
  expect(at('./k.pem')).toEqual([
    'wechat.private_key_path: Cannot read private key "./k.pem": no such file',
  ])
  expect(at('.')).toEqual([
    'wechat.private_key_path: Cannot read private key ".": it is a directory',
  ])
})

const advice = "give WeChat Pay's public key, downloaded from the merchant console"
const publicFaults: [string, string, string][] = [
  ['cert.pem', certificate, `public key "cert.pem" is a certificate: ${advice}`],
  [
    'priv.pem',
    privatePem(platform.privateKey),
    `public key "priv.pem" is a private key: ${advice}`,
  ],
  [
    'own.pem',
    publicPem(space.merchant.publicKey),
    `the key is the public half of the merchant's own private key: ${advice}`,
  ],
  ['ecpub.pem', publicPem(curve.publicKey), 'public key "ecpub.pem" is ec, not RSA'],
  [
    'weakpub.pem',
    publicPem(weak.publicKey),
    'public key "weakpub.pem" has 1024 bits, fewer than 2048',
  ],
  [
    'text.pem',
    'MIIBIjANBgkq',
    'public key "text.pem" is not in PEM form: it has no line -----BEGIN …-----',
  ],
]

test('no two faults of a key are said in the same words', () => {
  for (const faults of [privateFaults, publicFaults]) {
    const sentences = faults.map(([name, , fault]) => fault.replaceAll(name, ''))
    // A passphrase in two forms is one cause.
    const same = sentences.filter((each) => each.includes('without a passphrase')).length
    expect(new Set(sentences).size).toBe(sentences.length - Math.max(0, same - 1))
  }
})

test.each([
  ['CRLF', (pem: string) => pem.replaceAll('\n', '\r\n')],
  ['a byte order mark', (pem: string) => `\ufeff${pem}`],
  ['a certificate before it', (pem: string) => `${certificate}${pem}`],
])('private_key_path takes a key with %s', (_, change) => {
  const pem = privatePem(space.merchant.privateKey)
  space.write('changed.pem', change(pem))
  const [wechat] = space.load(space.yaml({ wechat: { private_key_path: 'changed.pem' } })).merchants
  expect(wechat?.privateKey.equals(createPrivateKey(pem))).toBe(true)
})

test('a key file that cannot be read says which of the reasons it is', () => {
  const at = (path: string) =>
    space
      .faults(space.yaml({ wechat: { private_key_path: path } }))
      .join()
      .split('": ')
      .at(-1)
  space.write('file', 'x')
  symlinkSync('nowhere', join(space.directory, 'dead'))
  symlinkSync('circle', join(space.directory, 'circle'))
  expect(at('./none.pem')).toBe('no such file')
  expect(at('./dead')).toBe('it is a link that leads nowhere')
  expect(at('./circle')).toBe('its links lead in a circle')
  expect(at('./file/key.pem')).toBe(
    'no such file: a part of its path is a file, and not a directory',
  )
  expect(at(`./${'x'.repeat(300)}`)).toBe('its name is too long')
})

test.each([
  ['5157F09E', '5157F09E'],
  ['51:57:f0:9e', '5157F09E'],
  ['51 57 F0 9E', '5157F09E'],
  ['0051f09e', '0051F09E'],
])('serial_no %j is taken as %s', (written, taken) => {
  const [wechat] = space.load(space.yaml({ wechat: { serial_no: `"${written}"` } })).merchants
  expect(wechat?.serialNo).toBe(taken)
})

test.each([
  ['"0123456789012345678901234567890é"', /^a value of 32 characters has 33 bytes/],
  ['\'"0123456789abcdef0123456789abcdef"\'', /34 bytes .* take its quotes away$/],
  ['0123456789abcdef', /^a value of 16 bytes is not an APIv3 key, which has 32$/],
])('api_v3_key %s says what is wrong with it', (written, fault) => {
  const [line = ''] = space.faults(space.yaml({ wechat: { api_v3_key: written } }))
  expect(line.replace('wechat.api_v3_key: ', '')).toMatch(fault)
})

describe('public_key_path', () => {
  test.each(publicFaults)('%s is refused', (name, content, fault) => {
    space.write(name, content)
    const pair = { public_key_id: 'PUB_KEY_ID_0001', public_key_path: name }
    expect(space.faults(space.yaml({ wechat: pair }))).toEqual([`wechat.public_key_path: ${fault}`])
  })

  test('needs its id, and the id needs it', () => {
    space.write('platform.pem', publicPem(platform.publicKey))
    expect(space.faults(space.yaml({ wechat: { public_key_path: 'platform.pem' } }))).toEqual([
      'wechat.public_key_id: not set, but wechat.public_key_path is: give both or neither',
    ])
    expect(space.faults(space.yaml({ wechat: { public_key_id: 'PUB_KEY_ID_01' } }))).toEqual([
      'wechat.public_key_path: not set, but wechat.public_key_id is: give both or neither',
    ])
  })

  test('is taken with its id, in either form of PEM', () => {
    for (const type of ['spki', 'pkcs1'] as const) {
      space.write('platform.pem', String(platform.publicKey.export({ type, format: 'pem' })))
      const pair = { public_key_id: 'PUB_KEY_ID_01', public_key_path: 'platform.pem' }
      const [wechat] = space.load(space.yaml({ wechat: pair })).merchants
      expect(wechat?.publicKey?.id).toBe('PUB_KEY_ID_01')
      expect(wechat?.publicKey?.key.equals(platform.publicKey)).toBe(true)
    }
  })
})

test('private_key_path takes PKCS#1 and PKCS#8, and lines before the key', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const pem = String(space.merchant.privateKey.export({ type, format: 'pem' }))
    space.write('either.pem', `Bag Attributes\n    friendlyName: x\n${pem}`)
    const [wechat] = space.load(
      space.yaml({ wechat: { private_key_path: 'either.pem' } }),
    ).merchants
    expect(wechat?.privateKey.equals(createPrivateKey(pem))).toBe(true)
  }
})
