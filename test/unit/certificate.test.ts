import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isCertificateOf, readCertificate } from '../../src/text/certificate.ts'
import { makeCertificate } from '../gateway/certificate.ts'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const [from, to] = [new Date('2026-01-01T00:00:00Z'), new Date('2031-01-01T00:00:00Z')]
const pem = makeCertificate(createPrivateKey(privateKey), { serial: '4A1B', from, to })
const der = new X509Certificate(pem).raw

describe('a certificate', () => {
  it('is read whole, from PEM or DER', () => {
    for (const text of [pem, der]) {
      const read = readCertificate(text)
      expect(read).toMatchObject({ serial: '4A1B', validFrom: from, validTo: to })
      expect(read && isCertificateOf(read, createPrivateKey(privateKey))).toBe(true)
    }
  })

  it.each([0x00, 0x01, 0x80, 0xff])(
    'is read or refused, whichever byte is xored with %i',
    (mask) => {
      const outcomes = Array.from(der, (byte, at) => {
        const changed = Buffer.from(der)
        changed[at] = mask === 0 ? 0 : byte ^ mask
        const read = readCertificate(changed)
        if (read === null) return 'refused'
        expect(Number.isNaN(+read.validFrom) || Number.isNaN(+read.validTo)).toBe(false)
        expect(['rsa', 'rsa-pss', undefined]).toContain(read.publicKey.asymmetricKeyType)
        return 'read'
      })
      expect(new Set(outcomes)).toEqual(new Set(['read', 'refused']))
    },
  )

  it('whose key alone cannot be decoded is refused', () => {
    // The key's numbers stand in a bit string, with a sequence in it. X509Certificate does not look.
    const at = der.indexOf(Buffer.from('0382010f0030', 'hex')) + 5
    const changed = Buffer.from(der)
    changed[at] = 0x31
    expect(at).toBeGreaterThan(4)
    expect(() => new X509Certificate(changed).publicKey).toThrow()
    expect(readCertificate(changed)).toBeNull()
  })
})
