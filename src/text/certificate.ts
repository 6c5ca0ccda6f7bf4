import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'

/** What an X.509 certificate says, read to its end. */
export interface Certificate {
  /** Hexadecimal digits, as OpenSSL writes them. To be compared by `src/text/serial.ts`. */
  readonly serial: string
  /** One part of the name on each line. */
  readonly subject: string
  readonly publicKey: KeyObject
  readonly validFrom: Date
  readonly validTo: Date
}

/**
 * The first certificate of a PEM text, or one in DER form. Null where there is none, and where
 * anything above cannot be read: OpenSSL reads the key and the dates only on access, and throws then.
 */
export function readCertificate(text: string | Uint8Array): Certificate | null {
  try {
    const {
      serialNumber: serial,
      subject,
      publicKey,
      validFrom,
      validTo,
    } = new X509Certificate(text)
    const [from, to] = [new Date(validFrom), new Date(validTo)]
    if (Number.isNaN(+from) || Number.isNaN(+to)) return null
    return { serial, subject: subject ?? '', publicKey, validFrom: from, validTo: to }
  } catch {
    return null
  }
}

export function isCertificateOf({ publicKey }: Certificate, privateKey: KeyObject): boolean {
  return publicKey.equals(createPublicKey(privateKey))
}
