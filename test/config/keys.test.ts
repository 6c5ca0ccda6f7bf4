import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
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
    'private key "csr.pem" is not a private key in PEM form',
  ],
  [
    'cut.pem',
    privatePem(space.merchant.privateKey).slice(0, 400),
    'private key "cut.pem" cannot be parsed: is the file whole?',
  ],
  ['empty.pem', '', 'private key "empty.pem" is not in PEM form'],
  [
    'cert.p12',
    new Uint8Array([0x30, 0x82, 0, 1]),
    'private key "cert.p12" is not in PEM form (a bundle): give apiclient_key.pem',
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
  ['text.pem', 'MIIBIjANBgkq', 'public key "text.pem" is not in PEM form'],
]

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
      const { wechat } = space.load(space.yaml({ wechat: pair }))
      expect(wechat?.publicKey?.id).toBe('PUB_KEY_ID_01')
      expect(wechat?.publicKey?.key.equals(platform.publicKey)).toBe(true)
    }
  })
})

test('private_key_path takes PKCS#1 and PKCS#8, and lines before the key', () => {
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    const pem = String(space.merchant.privateKey.export({ type, format: 'pem' }))
    space.write('either.pem', `Bag Attributes\n    friendlyName: x\n${pem}`)
    const { wechat } = space.load(space.yaml({ wechat: { private_key_path: 'either.pem' } }))
    expect(wechat?.privateKey.equals(createPrivateKey(pem))).toBe(true)
  }
})
