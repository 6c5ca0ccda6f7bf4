import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aes, Decorator, Formatter, Rsa } from 'wechatpay-axios-plugin'
import { decryptText } from '../../src/gateway/wechat/keys/cipher.ts'
import { authorization, requestMessage } from '../../src/gateway/wechat/keys/signature.ts'
import { verifySignature } from '../../src/gateway/wechat/keys/verification.ts'
import { runsOf } from '../support/random.ts'
import {
  apiV3Key,
  configFor,
  mchId,
  merchantKeys,
  otherKeys,
  platformKeys,
  publicKeyId,
  signatureHeaders,
} from './wechat-side.ts'

/** The other implementation; here it only builds messages, signs, encrypts and verifies. */
const merchant = configFor('http://127.0.0.1')
const text = fc.string({ unit: 'binary', maxLength: 80 })
const request = fc.record({
  method: fc.constantFrom('GET', 'POST'),
  path: fc.webPath().map((path) => `${path}?mchid=${mchId}`),
  body: text,
})
const stamp = fc.record({
  timestamp: fc.integer({ min: 1, max: 4_000_000_000 }),
  nonce: fc.stringMatching(/^[0-9A-Za-z]{32}$/),
})

describe('against wechatpay-axios-plugin', () => {
  test('requestMessage() and authorization() write what it writes', async () => {
    await fc.assert(
      fc.asyncProperty(request, stamp, async (request, stamp) => {
        const { method, path, body } = request
        const theirs = Formatter.request(method, path, stamp.timestamp, stamp.nonce, body)
        expect(requestMessage(request, stamp)).toBe(theirs)
        const signature = Rsa.sign(theirs, merchantKeys.privateKey)
        const { nonce, timestamp } = stamp
        const header = Formatter.authorization(
          mchId,
          nonce,
          signature,
          timestamp,
          merchant.serialNo,
        )
        expect(pairsOf(await authorization(request, { merchant, stamp }))).toEqual(pairsOf(header))
      }),
      { numRuns: runsOf(100) },
    )
  })

  test('decryptText() opens what it encrypts, and nothing under another key', () => {
    const nonces = fc.stringMatching(/^[0-9a-z]{12}$/)
    fc.assert(
      fc.property(text, nonces, fc.string({ maxLength: 16 }), (plain, nonce, associated_data) => {
        const ciphertext = Aes.AesGcm.encrypt(plain, apiV3Key, nonce, associated_data)
        const sealed = {
          algorithm: 'AEAD_AES_256_GCM' as const,
          ciphertext,
          nonce,
          associated_data,
        }
        expect(decryptText(sealed, apiV3Key)).toBe(
          Aes.AesGcm.decrypt(ciphertext, apiV3Key, nonce, associated_data),
        )
        expect(decryptText(sealed, randomBytes(32))).toBeNull()
      }),
      { numRuns: runsOf(300) },
    )
  })

  test('verifySignature() accepts and rejects the same responses', async () => {
    const keys = {
      find: async (serial: string) =>
        serial === publicKeyId
          ? { kind: 'key' as const, key: platformKeys.publicKey }
          : { kind: 'missing' as const, message: 'another', systemic: false },
    }
    const verifier = responseVerifierOf({ [publicKeyId]: platformKeys.publicKey })
    const now = new Date()
    // Exactly 300 s is where the two differ on purpose, so it is left out.
    const ageSecs = fc.oneof(fc.integer({ min: -290, max: 290 }), fc.constantFrom(-320, 320, 9_000))
    const signer = fc.constantFrom(
      { key: platformKeys.privateKey, serial: publicKeyId },
      { key: otherKeys.privateKey, serial: publicKeyId },
      { key: platformKeys.privateKey, serial: 'ABCDEF' },
    )
    const change = fc.constantFrom('none', 'body', 'nonce', 'missing')
    await fc.assert(
      fc.asyncProperty(text, ageSecs, signer, change, async (body, age, signer, change) => {
        const at = new Date(now.getTime() - age * 1000)
        const headers = signatureHeaders(body, { signer, at })
        const sent = change === 'body' ? `${body} ` : body
        if (change === 'nonce') headers['wechatpay-nonce'] = 'another'
        if (change === 'missing') delete headers['wechatpay-timestamp']
        const { signal } = new AbortController()
        const ours = await verifySignature(
          { headers, body: Buffer.from(sent) },
          { keys, now, signal },
        )
        expect(ours.kind === 'valid').toBe(verifier(sent, headers))
      }),
      { numRuns: runsOf(200) },
    )
  })
})

function pairsOf(header: string): Record<string, string> {
  const [scheme = '', rest = ''] = header.split(' ')
  const pairs = [...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value])
  return { scheme, ...Object.fromEntries(pairs) }
}

/** Its response check as a predicate: it answers the text itself, or something that is an error. */
function responseVerifierOf(certs: Record<string, unknown>) {
  const { responseVerifier } = Decorator as unknown as {
    responseVerifier: (
      certs: Record<string, unknown>,
    ) => (data: string, headers: Record<string, string>, status: number) => unknown
  }
  const verifier = responseVerifier.call(Decorator, certs)
  const context = { url: '/v3/pay', validateStatus: () => true }
  return (body: string, headers: Record<string, string>) =>
    verifier.call(context, body, headers, 200) === body
}
