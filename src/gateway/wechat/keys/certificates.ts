import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { UnknownAnswer } from '../../../domain/trade.ts'
import { readCertificate } from '../../../text/certificate.ts'
import { isSameSerial, serialDigits } from '../../../text/serial.ts'
import { unknownAnswer } from '../../unknown.ts'
import { parseJson } from '../json.ts'
import { decryptText, encryptedText } from './cipher.ts'

/** A platform certificate of WeChat Pay. */
export interface Certificate {
  /** Upper-case hex. Compare it as a number, with `src/text/serial.ts`. */
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
    .array(z.object({ serial_no: z.string(), encrypt_certificate: encryptedText }))
    .min(1)
    .max(100),
})

/**
 * The certificates in the body of `GET /v3/certificates`. The first ones are trusted because the APIv3
 * key decrypts them: only WeChat Pay has that key besides us.
 */
export function readCertificates(
  body: Uint8Array,
  apiV3Key: Buffer,
): OpenedCertificates | UnknownAnswer {
  const parsed = listing.safeParse(parseJson(body))
  if (!parsed.success) {
    return unknownAnswer(
      'unparsable',
      'Cannot read the certificates: the answer is no list of them',
    )
  }
  const listed = parsed.data.data.map(({ serial_no, encrypt_certificate }) => ({
    serial: serial_no,
    pem: decryptText(encrypt_certificate, apiV3Key),
  }))
  const fits = listed.some(({ pem }) => pem !== null)
  const certificates: Certificate[] = []
  for (const { serial, pem } of listed) {
    const name = serial.slice(0, 64)
    if (pem === null) return fits ? damaged(name, changedOnTheWay) : unopened(name)
    const certificate = platformCertificate(pem, serial)
    if (typeof certificate === 'string') return damaged(name, certificate)
    certificates.push(certificate)
  }
  return { kind: 'opened', certificates }
}

const changedOnTheWay = 'it was changed on the way: the APIv3 key opens the others'

/** A key that decrypts none of them never will, so no answer can ever be verified: systemic. */
function unopened(serial: string): UnknownAnswer {
  const message = `Cannot open platform certificate "${serial}": the APIv3 key does not fit`
  return unknownAnswer('unverified', message, { systemic: true, why: 'unopened' })
}

/** The key fits, but the certificate cannot be used. */
function damaged(serial: string, why: string): UnknownAnswer {
  const message = `Cannot use platform certificate "${serial}": ${why}`
  return unknownAnswer('unverified', message, { systemic: true, why: 'damaged' })
}

/** Returns the certificate, or the reason why it cannot be used. */
function platformCertificate(pem: string, serial: string): Certificate | string {
  const certificate = readCertificate(pem)
  if (certificate === null) return 'what the APIv3 key opened is no certificate'
  const { publicKey: key, validFrom, validTo } = certificate
  if (!isSameSerial(certificate.serial, serial)) {
    return `its own serial number is another one, ${certificate.serial}`
  }
  const kind = key.asymmetricKeyType
  if (kind !== 'rsa') return `its key is ${kind ?? 'unknown'}, not RSA`
  return { serial: serialDigits(serial), key, validFrom, validTo }
}
