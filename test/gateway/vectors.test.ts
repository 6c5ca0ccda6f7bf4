import { createDecipheriv, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readCertificates } from '../../src/gateway/wechat/keys/certificates.ts'
import { decryptText } from '../../src/gateway/wechat/keys/cipher.ts'
import { isSignatureOf } from '../../src/gateway/wechat/keys/signature.ts'
import { verifySignature } from '../../src/gateway/wechat/keys/verification.ts'
import {
  docsAnswer,
  dotnetCipher,
  goNotification,
  goSignature,
  javaCipher,
  javaListing,
  javaSignature,
} from './vectors.ts'

const signal = new AbortController().signal

function sealedBy(vector: { ciphertext: string; nonce: string; associatedData: string }) {
  const { ciphertext, nonce, associatedData } = vector
  return {
    algorithm: 'AEAD_AES_256_GCM' as const,
    ciphertext,
    nonce,
    associated_data: associatedData,
  }
}

function only(serial: string, key: KeyObject) {
  return {
    find: async (wanted: string) =>
      wanted === serial
        ? { kind: 'key' as const, key }
        : { kind: 'missing' as const, message: 'another', systemic: false },
  }
}

describe('vectors of others', () => {
  test('decryptText() opens what the official Java library sealed', () => {
    const key = Buffer.from(javaCipher.apiV3Key)
    expect(decryptText(sealedBy(javaCipher), key)).toBe(javaCipher.plaintext)
  })

  test('decryptText() opens a platform certificate that was in use', () => {
    const pem = decryptText(sealedBy(dotnetCipher), Buffer.from(dotnetCipher.apiV3Key))
    const certificate = new X509Certificate(pem ?? '')
    expect(certificate.serialNumber).toBe(dotnetCipher.serial)
    expect(certificate.subject).toContain('Tenpay.com')
  })

  test('readCertificates() reads the list of the official Java library', () => {
    const opened = readCertificates(Buffer.from(javaListing.body), Buffer.from(javaCipher.apiV3Key))
    expect(opened).toMatchObject({
      kind: 'opened',
      certificates: [{ serial: javaListing.serial, validTo: new Date('2028-09-17T15:15:58Z') }],
    })
  })

  test.each([
    ['Java', javaSignature],
    ['Go', goSignature],
  ])(
    'isSignatureOf() accepts a signature of the official %s library, and no other text',
    (_, vector) => {
      const { publicKey } = new X509Certificate(vector.certificate)
      const signature = Buffer.from(vector.signature, 'base64')
      expect(isSignatureOf(Buffer.from(vector.message), signature, publicKey)).toBe(true)
      expect(isSignatureOf(Buffer.from(`${vector.message} `), signature, publicKey)).toBe(false)
    },
  )

  test('verifySignature() accepts the notification of the official Go library', async () => {
    const { headers, body, at, certificate } = goNotification
    const keys = only('D7CE59D1F522D701', new X509Certificate(certificate).publicKey)
    const signed = { headers, body: Buffer.from(body) }
    expect(await verifySignature(signed, { keys, now: at, signal })).toMatchObject({
      kind: 'valid',
    })
    const changed = { headers, body: Buffer.from(body.replace('PAYSCORE', 'PAYSCORF')) }
    expect(await verifySignature(changed, { keys, now: at, signal })).toMatchObject({
      defect: 'forged',
    })
  })

  test('decryptText() insists on 32 bytes, which the Go notification shows to be too long for its key', () => {
    const { resource } = JSON.parse(goNotification.body)
    const shortKey = Buffer.from(goNotification.shortKey)
    expect(() => decryptText(resource, shortKey)).toThrow('APIv3 key of 16 bytes')
    const bytes = Buffer.from(resource.ciphertext, 'base64')
    const decipher = createDecipheriv('aes-128-gcm', shortKey, resource.nonce)
    decipher.setAAD(Buffer.from(resource.associated_data))
    decipher.setAuthTag(bytes.subarray(-16))
    const text = decipher.update(bytes.subarray(0, -16)).toString() + decipher.final().toString()
    expect(JSON.parse(text)).toMatchObject({ appid: goNotification.appid })
  })

  test('verifySignature() accepts the answer in the documentation of WeChat Pay', async () => {
    const { headers, body, at, publicKey } = docsAnswer
    const keys = only(headers['wechatpay-serial'], createPublicKey(publicKey))
    const signed = { headers, body: Buffer.from(body) }
    expect(await verifySignature(signed, { keys, now: at, signal })).toMatchObject({
      kind: 'valid',
    })
    const late = new Date(at.getTime() + 300_000)
    expect(await verifySignature(signed, { keys, now: late, signal })).toMatchObject({
      defect: 'stale',
    })
  })
})
