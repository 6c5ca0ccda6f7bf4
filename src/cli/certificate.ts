import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Certificate, readCertificate } from '../text/certificate.ts'
import { serialDigits } from '../text/serial.ts'

/** Where the tool that makes the merchant's certificate puts it: in the folder of the private key. */
export function certificatePathBeside(privateKeyPath: string): string {
  return join(dirname(privateKeyPath), 'apiclient_cert.pem')
}

/** Null where there is none that can be read. */
export function certificateAt(path: string): Certificate | null {
  try {
    return readCertificate(readFileSync(path))
  } catch {
    return null
  }
}

/** As the gateway wants it: hexadecimal, in capitals. */
export function serialOf({ serial }: Certificate): string {
  return serialDigits(serial)
}

/** The merchant's number, which is its common name; null where that is none. */
export function merchantOf({ subject }: Certificate): string | null {
  return /^CN=(\d{8,10})$/m.exec(subject)?.[1] ?? null
}
