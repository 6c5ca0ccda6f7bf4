import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the tool that makes the merchant's certificate puts it: in the folder of the private key. */
export function certificatePathBeside(privateKeyPath: string): string {
  return join(dirname(privateKeyPath), 'apiclient_cert.pem')
}

/** Null where there is none that can be read. */
export function readCertificate(path: string): X509Certificate | null {
  try {
    return new X509Certificate(readFileSync(path))
  } catch {
    return null
  }
}

export function isCertificateOf(certificate: X509Certificate, privateKey: KeyObject): boolean {
  return certificate.publicKey.equals(createPublicKey(privateKey))
}

/** As the gateway wants it: hexadecimal, in capitals. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toUpperCase()
}

/** The merchant's number, which is its common name; null where that is none. */
export function merchantOf(certificate: X509Certificate): string | null {
  return /^CN=(\d{8,10})$/m.exec(certificate.subject)?.[1] ?? null
}
