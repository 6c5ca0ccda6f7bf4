import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Certificate, readCertificate } from '../text/certificate.ts'
import { serialDigits } from '../text/serial.ts'

/**
 * WeChat Pay's certificate tool writes the merchant's certificate into the folder of the private key.
 */
export function certificatePathBeside(privateKeyPath: string): string {
  return join(dirname(privateKeyPath), 'apiclient_cert.pem')
}

export function certificateAt(path: string): Certificate | null {
  try {
    return readCertificate(readFileSync(path))
  } catch {
    return null
  }
}

/** The serial number as the gateway expects it: hexadecimal, in capitals. */
export function serialOf({ serial }: Certificate): string {
  return serialDigits(serial)
}

/** The merchant number, which is the common name; null when the common name is not one. */
export function merchantOf({ subject }: Certificate): string | null {
  return /^CN=(\d{8,10})$/m.exec(subject)?.[1] ?? null
}
