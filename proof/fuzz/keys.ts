import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import { generateMerchant, type Merchant } from 'budan-simulator'
import type { Config } from '../../src/config/config.ts'
import type { Chance } from './chance.ts'

/** The keys of an invented merchant, and of the gateway for it. */
export interface Keys {
  readonly merchant: Merchant
  /** The gateway's own key and its serial. */
  readonly gateway: Signer
  /** Another key, under the gateway's serial. */
  readonly stranger: Signer
  readonly apiV3Key: Buffer
}

export interface Signer {
  readonly serial: string
  readonly key: KeyObject
}

export async function makeKeys(merchant?: Merchant): Promise<Keys> {
  const ours = merchant ?? (await generateMerchant())
  const { wechatpay } = ours
  const serial = wechatpay.publicKeyId
  return {
    merchant: ours,
    gateway: { serial, key: createPrivateKey(wechatpay.privateKeyPem) },
    stranger: { serial, key: createPrivateKey(ours.privateKeyPem) },
    apiV3Key: Buffer.from(ours.apiV3Key),
  }
}

/** The time of every input: no input may depend on when the campaign runs. */
export const present = new Date('2026-10-01T08:30:00Z')
export const presentSecs = present.getTime() / 1000

export interface SignatureParts {
  readonly timestamp: string
  readonly nonce: string
  readonly serial: string
  readonly signature: string
}

/** The signature that the gateway would put on a body. PKCS #1 v1.5: the same bytes each time. */
export function signatureOf(
  body: Uint8Array,
  { signer, nonce, timestamp }: { signer: Signer; nonce: string; timestamp: string },
): SignatureParts {
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  const signature = sign('sha256', message, signer.key).toString('base64')
  return { timestamp, nonce, serial: signer.serial, signature }
}

export function headersOf({
  timestamp,
  nonce,
  serial,
  signature,
}: SignatureParts): Record<string, string> {
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': serial,
    'wechatpay-signature': signature,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    'request-id': '08F78BB3AF0610D0021886-0',
  }
}

/** The members of an encrypted resource, as JSON text. */
export function encrypted(
  plain: Uint8Array,
  { key, chance }: { key: Buffer; chance: Chance },
): readonly (readonly [string, string])[] {
  const nonce = chance.hex(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from('transaction'))
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return [
    ['algorithm', '"AEAD_AES_256_GCM"'],
    ['ciphertext', JSON.stringify(bytes.toString('base64'))],
    ['nonce', JSON.stringify(nonce)],
    ['associated_data', '"transaction"'],
    ['original_type', '"transaction"'],
  ]
}

/** The program's configuration for this merchant. No server listens at the default address. */
export function configFor(
  { merchant, apiV3Key }: Keys,
  {
    baseUrl = 'http://127.0.0.1:9',
    apiToken = null,
    appIds = [merchant.appid],
  }: { baseUrl?: string; apiToken?: string | null; appIds?: readonly string[] } = {},
): Config {
  const { wechatpay } = merchant
  return {
    server: { host: '127.0.0.1', port: 0, apiToken },
    database: { url: 'pglite:memory' },
    engine: { url: 'local' },
    recharge: {
      compensationEnabled: false,
      compensationIntervalMins: 5,
      compensationThresholdMins: 5,
      compensationBatchSize: 5,
      compensationConcurrency: 5,
      compensationRecheckMins: [5, 5, 10, 15, 30, 60],
      compensationDrain: false,
      compensationMaxQps: 10_000,
      orderTtlMins: 120,
    },
    merchants: [
      {
        ...{ name: 'default', gateway: 'wechatpay' },
        baseUrl,
        mchId: merchant.mchid,
        appId: merchant.appid,
        appIds,
        serialNo: merchant.serialNo,
        privateKey: createPrivateKey(merchant.privateKeyPem),
        apiV3Key,
        notifyUrl: 'http://127.0.0.1:9/v1/callbacks/wechatpay',
        publicKey: { id: wechatpay.publicKeyId, key: createPublicKey(wechatpay.publicKeyPem) },
        timeoutMs: 5000,
        ...{ maxQps: null, userPrefix: null },
      },
    ],
    merchantIds: [{ name: 'default', gateway: 'wechatpay', mchid: merchant.mchid, appids: appIds }],
    log: { level: 'silent', format: 'json' },
    proof: { keys: [] },
  }
}

/** The same with a second merchant, whose keys are those of the first. */
export function withSecondMerchant(
  config: Config,
  second: { readonly name: string; readonly mchid: string; readonly baseUrl?: string },
): Config {
  const [first] = config.merchants
  if (first === undefined) throw new Error('No merchant is configured')
  const { name, mchid, baseUrl = first.baseUrl } = second
  return {
    ...config,
    merchants: [first, { ...first, name, mchId: mchid, baseUrl }],
    merchantIds: [
      ...config.merchantIds,
      { name, gateway: first.gateway, mchid, appids: first.appIds ?? [first.appId] },
    ],
  }
}
