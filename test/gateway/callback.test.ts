import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gateway, RawCallback } from '../../src/gateway/gateway.ts'
import { runsOf } from '../support/random.ts'
import {
  appId,
  encrypt,
  gatewayTo,
  mchId,
  orderNo,
  otherKeys,
  platformKeys,
  publicKeyId,
  type Side,
  type Signer,
  signatureHeaders,
  startSide,
  tradeBody,
  unsigned,
} from './wechat-side.ts'

let side: Side
let gateway: Gateway
/** Stands still, so that what is 301 s ahead stays so. */
const now = new Date()
beforeAll(async () => {
  side = await startSide(() => unsigned(404, { code: 'RESOURCE_NOT_EXISTS' }))
  gateway = gatewayTo(side, {}, { clock: () => now }).gateway
})
afterAll(async () => {
  await gateway.stop()
  await side.stop()
})

function notification(members: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: 'EV-2018022511223320873',
    create_time: '2026-10-01T08:34:57+08:00',
    event_type: 'TRANSACTION.SUCCESS',
    resource_type: 'encrypt-resource',
    summary: '支付成功',
    resource: { original_type: 'transaction', ...encrypt(JSON.stringify(tradeBody())) },
    ...members,
  })
}

function callbackOf(
  body: string,
  { signer, ageSecs = 0 }: { signer?: Signer; ageSecs?: number } = {},
): RawCallback {
  const at = new Date(+now - ageSecs * 1000)
  const headers = signatureHeaders(body, { at, ...(signer ? { signer } : {}) })
  return { headers, body: Buffer.from(body) }
}

function withHeader(name: string, value: string | readonly string[] | undefined): RawCallback {
  const { headers, body } = callbackOf(notification())
  return { headers: { ...headers, [name]: value }, body }
}

const sealedTrade = (members: Record<string, unknown>) =>
  notification({ resource: encrypt(JSON.stringify(tradeBody(members))) })

describe('openCallback()', () => {
  test('openCallback() opens a payment, masked for the timeline', async () => {
    const opened = await gateway.openCallback(callbackOf(notification()))
    expect(opened).toMatchObject({
      kind: 'opened',
      answer: {
        kind: 'trade',
        trade: {
          orderNo,
          mchid: mchId,
          appid: appId,
          state: 'paid',
          transactionId: '4200002345202610019876543210',
          amount: 1234n,
          currency: 'CNY',
        },
        evidence: {
          event_id: 'EV-2018022511223320873',
          event_type: 'TRANSACTION.SUCCESS',
          signed_by: publicKeyId,
          trade: { payer: { openid: 'o6_bm…****' } },
        },
      },
    })
    const { words, ...shown } = opened.kind === 'opened' ? opened.answer : {}
    expect(JSON.stringify(shown, bigintAsText)).not.toContain('o6_bmjrPTlm6')
    // What is stored as a proof is encrypted.
    expect(words?.opened).toContain('o6_bmjrPTlm6')
  })

  test('openCallback() opens a resource without associated data', async () => {
    const { associated_data: _, ...resource } = encrypt(JSON.stringify(tradeBody()), {
      associatedData: '',
    })
    const opened = await gateway.openCallback(callbackOf(notification({ resource })))
    expect(opened).toMatchObject({ kind: 'opened' })
  })

  test('openCallback() opens the same callback twice: settling once is not its work', async () => {
    const callback = callbackOf(notification())
    const first = await gateway.openCallback(callback)
    expect(await gateway.openCallback(callback)).toEqual(first)
    expect(first).toMatchObject({ kind: 'opened' })
  })

  test.each<[string, () => RawCallback]>([
    ['has no signature', () => withHeader('wechatpay-signature', undefined)],
    ['has no timestamp', () => withHeader('wechatpay-timestamp', undefined)],
    ['has no nonce', () => withHeader('wechatpay-nonce', undefined)],
    ['has no serial', () => withHeader('wechatpay-serial', undefined)],
    ['has an empty signature', () => withHeader('wechatpay-signature', '')],
    ['has two signatures', () => withHeader('wechatpay-signature', ['YQ==', 'YQ=='])],
    ['has a timestamp that is no number', () => withHeader('wechatpay-timestamp', 'now')],
    ['has a timestamp that is infinite', () => withHeader('wechatpay-timestamp', '1e999')],
    ['has another nonce', () => withHeader('wechatpay-nonce', 'another')],
    ['has a signature that is not Base64', () => withHeader('wechatpay-signature', '%%%')],
    [
      'has its signature broken over two lines',
      () => {
        const { headers, body } = callbackOf(notification())
        const broken = `${headers['wechatpay-signature']}`.replace(/^.{76}/, '$& ')
        return { headers: { ...headers, 'wechatpay-signature': broken }, body }
      },
    ],
    ['has a short signature', () => withHeader('wechatpay-signature', 'YQ==')],
    [
      'is a signature probe',
      () => withHeader('wechatpay-signature', `WECHATPAY/SIGNTEST/${'A'.repeat(325)}`),
    ],
    [
      'is a probe that is not Base64',
      () => withHeader('wechatpay-signature', 'WECHATPAY/SIGNTEST/é'),
    ],
    ['names an unknown certificate', () => withHeader('wechatpay-serial', '5DEA10EF55877E3C')],
    ['names another public key', () => withHeader('wechatpay-serial', 'PUB_KEY_ID_2')],
    [
      'is of another scheme',
      () => withHeader('wechatpay-signature-type', 'WECHATPAY2-SM2-WITH-SM3'),
    ],
    ['is 300 s old', () => callbackOf(notification(), { ageSecs: 300 })],
    ['is 301 s ahead', () => callbackOf(notification(), { ageSecs: -301 })],
    [
      'is signed by somebody else',
      () =>
        callbackOf(notification(), { signer: { key: otherKeys.privateKey, serial: publicKeyId } }),
    ],
    [
      'had its body changed on the way',
      () => {
        const { headers, body } = callbackOf(notification())
        return { headers, body: Buffer.concat([body, Buffer.from(' ')]) }
      },
    ],
  ])('openCallback() rejects with 401 one that %s', async (_, callback) => {
    const opened = await gateway.openCallback(callback())
    expect(opened).toMatchObject({ kind: 'rejected', status: 401 })
  })

  test('screenCallback() finds by the headers alone all that they show to be wrong', async () => {
    const seen = { ...callbackOf(notification()), body: Buffer.alloc(0) }
    expect(await gateway.screenCallback?.(seen.headers)).toBeNull()
    for (const callback of [
      withHeader('wechatpay-signature', undefined),
      withHeader('wechatpay-timestamp', undefined),
      withHeader('wechatpay-nonce', undefined),
      withHeader('wechatpay-serial', undefined),
      withHeader('wechatpay-serial', 'PUB_KEY_ID_2'),
      withHeader('wechatpay-signature', '%%%'),
      callbackOf(notification(), { ageSecs: 300 }),
      callbackOf(notification(), { ageSecs: -400 }),
    ]) {
      const screened = await gateway.screenCallback?.(callback.headers)
      expect(screened).toMatchObject({ kind: 'rejected', status: 401 })
      expect(await gateway.openCallback(callback)).toEqual(screened)
    }
  })

  test.each<[string, () => string]>([
    ['is no JSON', () => 'code=SUCCESS'],
    ['is empty', () => ''],
    ['is null', () => 'null'],
    ['is a list', () => `[${notification()}]`],
    ['has no resource', () => notification({ resource: undefined })],
    ['has a resource that is text', () => notification({ resource: 'x' })],
    ['may be of a payment one day', () => notification({ event_type: 'TRANSACTION.PAID' })],
    ['has no event_type', () => notification({ event_type: undefined })],
    [
      'is sealed with another key',
      () => notification({ resource: encrypt('{}', { key: Buffer.alloc(32, 'x') }) }),
    ],
    [
      'has other associated data than was sealed',
      () => notification({ resource: { ...encrypt('{}'), associated_data: 'refund' } }),
    ],
    ['has an empty nonce', () => notification({ resource: { ...encrypt('{}'), nonce: '' } })],
    [
      'has a ciphertext that is not Base64',
      () => notification({ resource: { ...encrypt('{}'), ciphertext: '%%%' } }),
    ],
    [
      'has a short ciphertext',
      () => notification({ resource: { ...encrypt('{}'), ciphertext: 'YQ==' } }),
    ],
    [
      'is of another cipher',
      () => notification({ resource: { ...encrypt('{}'), algorithm: 'AEAD_SM4_GCM' } }),
    ],
    ['seals no JSON', () => notification({ resource: encrypt('paid!') })],
    ['seals no trade', () => notification({ resource: encrypt('{"trade_state":"SUCCESS"}') })],
    ['seals a trade that is not paid', () => sealedTrade({ trade_state: 'NOTPAY' })],
    ['seals a refunded trade', () => sealedTrade({ trade_state: 'REFUND' })],
    ['seals a payment of another merchant', () => sealedTrade({ mchid: '1900009999' })],
    ['seals a trade of no transaction', () => sealedTrade({ transaction_id: undefined })],
  ])('openCallback() rejects with 400 one that %s', async (_, body) => {
    const opened = await gateway.openCallback(callbackOf(body()))
    expect(opened).toMatchObject({ kind: 'rejected', status: 400 })
    expect(opened).toHaveProperty('reason', expect.stringMatching(/^Cannot /))
  })

  test('openCallback() never throws, and rejects whatever bytes come', async () => {
    const name = fc.constantFrom(
      'wechatpay-timestamp',
      'wechatpay-nonce',
      'wechatpay-serial',
      'wechatpay-signature',
      'wechatpay-signature-type',
    )
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constant(undefined))
    const seconds = String(Math.floor(+now / 1000))
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.dictionary(name, value), async (body, changes) => {
        const headers = {
          'wechatpay-timestamp': seconds,
          'wechatpay-nonce': 'n',
          'wechatpay-serial': publicKeyId,
          'wechatpay-signature': Buffer.alloc(256).toString('base64'),
          ...changes,
        }
        const opened = await gateway.openCallback({ headers, body })
        expect(opened).toMatchObject({ kind: 'rejected', status: 401 })
      }),
      { numRuns: runsOf(300) },
    )
  })

  test('openCallback() never throws at what WeChat Pay itself could sign', async () => {
    const json = fc.oneof(fc.json(), fc.string({ unit: 'binary' }))
    const signer = { key: platformKeys.privateKey, serial: publicKeyId }
    await fc.assert(
      fc.asyncProperty(json, fc.boolean(), async (text, sealed) => {
        const body = sealed ? notification({ resource: encrypt(text) }) : text
        const opened = await gateway.openCallback(callbackOf(body, { signer }))
        expect(opened).toMatchObject({ kind: 'rejected', status: 400 })
      }),
      { numRuns: runsOf(150) },
    )
  })
})

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
