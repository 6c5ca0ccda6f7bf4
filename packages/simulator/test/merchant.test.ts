import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateMerchant, type Merchant, readMerchant, writeMerchant } from '../src/index.ts'

let merchant: Merchant
let dir: string

beforeAll(async () => {
  merchant = await generateMerchant()
  dir = await mkdtemp(join(tmpdir(), 'budan-merchant-'))
})

afterAll(() => rm(dir, { recursive: true }))

test('generateMerchant() makes identifiers of the forms that WeChat Pay uses', () => {
  expect(merchant.mchid).toMatch(/^19\d{8}$/)
  expect(merchant.appid).toMatch(/^wx[0-9a-f]{16}$/)
  expect(merchant.apiV3Key).toMatch(/^[0-9a-f]{32}$/)
  expect(merchant.serialNo).toMatch(/^[1-9A-F][0-9A-F]{39}$/)
  expect(merchant.wechatpay.publicKeyId).toMatch(/^PUB_KEY_ID_\d{32}$/)
})

test('generateMerchant() makes X.509 certificates that are valid for five years, signed by their own key', () => {
  const platform = merchant.wechatpay.certificates[0]
  const pairs = [
    [merchant.certificatePem, merchant.privateKeyPem, merchant.serialNo],
    [platform?.certificatePem ?? '', platform?.privateKeyPem ?? '', platform?.serialNo],
  ] as const
  for (const [pem, privateKeyPem, serialNo] of pairs) {
    const certificate = new X509Certificate(pem)
    const key = createPrivateKey(privateKeyPem)
    expect(certificate.serialNumber).toBe(serialNo)
    expect(certificate.checkPrivateKey(key)).toBe(true)
    expect(certificate.verify(createPublicKey(key))).toBe(true)
    const years =
      new Date(certificate.validTo).getTime() - new Date(certificate.validFrom).getTime()
    expect(Math.round(years / 86_400_000 / 365)).toBe(5)
  }
})

test('writeMerchant() writes private keys for their owner only, and readMerchant() reads the same merchant', async () => {
  await writeMerchant(dir, merchant)
  const modes = await Promise.all(
    (await readdir(dir)).map(async (name) => [name, (await stat(join(dir, name))).mode & 0o77]),
  )
  expect(Object.fromEntries(modes)).toMatchObject({ 'apiclient_key.pem': 0, 'merchant.json': 0 })
  expect(await readMerchant(dir)).toEqual(merchant)
  expect(await readFile(join(dir, 'pub_key.pem'), 'utf8')).toBe(merchant.wechatpay.publicKeyPem)
})

test('readMerchant() returns null if there is none', async () => {
  expect(await readMerchant(join(dir, 'nowhere'))).toBeNull()
})
