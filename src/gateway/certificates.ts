import { type KeyObject, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import type { UnknownAnswer } from '../trade.ts'
import { openSealed, sealedText } from './cipher.ts'
import { parseJson } from './json.ts'
import { unknownAnswer } from './unknown.ts'

/** A platform certificate of WeChat Pay. */
export interface Certificate {
  /** Upper-case hex. */
  readonly serial: string
  readonly key: KeyObject
  readonly validFrom: Date
  readonly validTo: Date
}

export interface OpenedCertificates {
  readonly kind: 'opened'
  readonly certificates: readonly Certificate[]
}

const listing = z.object({
  data: z
    .array(z.object({ serial_no: z.string(), encrypt_certificate: sealedText }))
    .min(1)
    .max(100),
})

/**
 * The certificates in the body of `GET /v3/certificates`. That they open with the APIv3 key is
 * what makes the very first ones trustworthy: only WeChat Pay has it besides us.
 */
export function readCertificates(
  body: Uint8Array,
  apiV3Key: Buffer,
): OpenedCertificates | UnknownAnswer {
  const parsed = listing.safeParse(parseJson(body))
  if (!parsed.success) return unknownAnswer('unparsable', 'Cannot read the certificates')
  const certificates: Certificate[] = []
  for (const { serial_no, encrypt_certificate } of parsed.data.data) {
    const pem = openSealed(encrypt_certificate, apiV3Key)
    const certificate = pem === null ? null : readCertificate(pem, serial_no)
    if (certificate === null) return unopened(serial_no.slice(0, 64))
    certificates.push(certificate)
  }
  return { kind: 'opened', certificates }
}

/** A key that opens none will never open one, so that no answer can ever be verified. */
function unopened(serial: string): UnknownAnswer {
  const message = `Cannot open platform certificate "${serial}": the APIv3 key does not fit`
  return unknownAnswer('unverified', message, { systemic: true })
}

function readCertificate(pem: string, serial: string): Certificate | null {
  try {
    const x509 = new X509Certificate(pem)
    const same = x509.serialNumber.toUpperCase() === serial.toUpperCase()
    if (!same || x509.publicKey.asymmetricKeyType !== 'rsa') return null
    return {
      serial: serial.toUpperCase(),
      key: x509.publicKey,
      validFrom: new Date(x509.validFrom),
      validTo: new Date(x509.validTo),
    }
  } catch {
    return null
  }
}
