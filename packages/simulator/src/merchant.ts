import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  randomInt,
} from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { selfSign } from './keys/certificate.ts'
import {
  generateCertificate,
  generateRsaKey,
  type PlatformKeys,
  platformCertificate,
} from './keys/keyring.ts'

const pem = z.string().startsWith('-----BEGIN ')

const merchantSchema = z.strictObject({
  mchid: z.string(),
  appid: z.string(),
  /** 32 characters. */
  apiV3Key: z.string().length(32),
  /** Of the merchant's API certificate. */
  serialNo: z.string(),
  privateKeyPem: pem,
  publicKeyPem: pem,
  certificatePem: pem,
  wechatpay: z.strictObject({
    publicKeyId: z.string(),
    publicKeyPem: pem,
    privateKeyPem: pem,
    certificates: z.array(
      z.strictObject({ serialNo: z.string(), certificatePem: pem, privateKeyPem: pem }),
    ),
  }),
})

/** A generated merchant, with its own keys and those that WeChat Pay uses for it. */
export type Merchant = z.infer<typeof merchantSchema>

/** Generates a merchant: three RSA-2048 keys, some tenths of a second. */
export async function generateMerchant(
  names: { readonly mchid?: string; readonly appid?: string } = {},
): Promise<Merchant> {
  const [own, wechatpay, certificate] = await Promise.all([
    generateRsaKey(),
    generateRsaKey(),
    generateCertificate(),
  ])
  const mchid = names.mchid ?? `19${randomDigits(8)}`
  const api = selfSign(own, { commonName: mchid, now: new Date() })
  return {
    mchid,
    appid: names.appid ?? `wx${randomBytes(8).toString('hex')}`,
    apiV3Key: randomBytes(16).toString('hex'),
    serialNo: api.serialNo,
    privateKeyPem: privatePem(own),
    publicKeyPem: publicPem(own),
    certificatePem: api.pem,
    wechatpay: {
      publicKeyId: `PUB_KEY_ID_01${mchid}${randomDigits(20)}`,
      publicKeyPem: publicPem(wechatpay),
      privateKeyPem: privatePem(wechatpay),
      certificates: [
        {
          serialNo: certificate.serialNo,
          certificatePem: certificate.pem,
          privateKeyPem: privatePem(certificate.privateKey),
        },
      ],
    },
  }
}

/** The options of the simulator that depend on the merchant: `startSimulator({ ...merchantOptions(m) })`. */
export function merchantOptions(merchant: Merchant): {
  readonly mchid: string
  readonly appid: string
  readonly apiV3Key: string
  readonly merchantPublicKey: KeyObject
  readonly merchantSerialNo: string
  readonly platform: PlatformKeys
} {
  const { wechatpay } = merchant
  return {
    mchid: merchant.mchid,
    appid: merchant.appid,
    apiV3Key: merchant.apiV3Key,
    merchantPublicKey: createPublicKey(merchant.publicKeyPem),
    merchantSerialNo: merchant.serialNo,
    platform: {
      publicKeyId: wechatpay.publicKeyId,
      publicKeyPrivate: createPrivateKey(wechatpay.privateKeyPem),
      certificates: wechatpay.certificates.map((each) =>
        platformCertificate(each.certificatePem, each.privateKeyPem),
      ),
    },
  }
}

/** File names of WeChat Pay's merchant console; `merchant.json` is the simulator's own. */
export const merchantFiles = {
  privateKey: 'apiclient_key.pem',
  certificate: 'apiclient_cert.pem',
  publicKey: 'pub_key.pem',
  all: 'merchant.json',
} as const

/** Writes the PEM files, and `merchant.json` for `readMerchant`. Files with a private key have mode 0600. */
export async function writeMerchant(dir: string, merchant: Merchant): Promise<void> {
  await mkdir(dir, { recursive: true })
  const secret = { mode: 0o600 }
  await Promise.all([
    writeFile(join(dir, merchantFiles.privateKey), merchant.privateKeyPem, secret),
    writeFile(join(dir, merchantFiles.certificate), merchant.certificatePem),
    writeFile(join(dir, merchantFiles.publicKey), merchant.wechatpay.publicKeyPem),
    writeFile(join(dir, merchantFiles.all), `${JSON.stringify(merchant, null, 2)}\n`, secret),
  ])
}

/** The file of a merchant cannot be used; the message names it, and the cause. */
export class MerchantFileError extends Error {
  override readonly name = 'MerchantFileError'
}

/** Reads the merchant of a directory; the first time, generates and writes it. A client keeps its keys over restarts. */
export async function openMerchant(dir: string): Promise<Merchant> {
  const known = await readMerchant(dir)
  if (known !== null) return known
  const merchant = await generateMerchant()
  await writeMerchant(dir, merchant)
  return merchant
}

/** Reads the merchant that `writeMerchant` wrote; null if there is none. */
export async function readMerchant(dir: string): Promise<Merchant | null> {
  const path = join(dir, merchantFiles.all)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new MerchantFileError(`Cannot read simulated merchant "${path}": ${error.message}`)
  })
  if (text === null) return null
  const parsed = merchantSchema.safeParse(jsonOf(text))
  if (!parsed.success) {
    throw new MerchantFileError(
      `Cannot read simulated merchant "${path}": ${z.prettifyError(parsed.error)}`,
    )
  }
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
}

function randomDigits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('')
}
