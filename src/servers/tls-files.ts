import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Certificate, isCertificateOf, readCertificate } from '../text/certificate.ts'
import { RemediedError } from './remedied-error.ts'

/** Paths of what a client trusts, and shows. */
export interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly passphrase: string | undefined
}

/** As Node's TLS takes them. */
interface TlsTexts {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
}

/**
 * Throws for a file that cannot be what it is named for: Node drops a CA file without a certificate
 * silently, and says of others no more than which function of OpenSSL failed.
 */
export function readTlsFiles({ ca, cert, key, passphrase }: TlsFiles): TlsTexts {
  const trusted = ca === undefined ? {} : { ca: certificateIn(ca, 'sslrootcert').text }
  if (cert === undefined || key === undefined) return trusted
  const { text, certificate } = certificateIn(cert, 'sslcert')
  const shown = { cert: text, key: readFileSync(key, 'utf8') }
  if (!isCertificateOf(certificate, keyIn(shown.key, { path: key, passphrase }))) {
    throw new RemediedError(`"${key}" is not the key of the certificate "${cert}"`, {
      remedy: 'name in sslcert and sslkey two files that belong together',
    })
  }
  return { ...trusted, ...shown, ...(passphrase !== undefined && { passphrase }) }
}

function certificateIn(
  path: string,
  name: string,
): { readonly text: string; readonly certificate: Certificate } {
  const text = readFileSync(path, 'utf8')
  const certificate = readCertificate(text)
  if (certificate !== null) return { text, certificate }
  throw new RemediedError(`"${path}" holds no certificate`, {
    remedy: `name in ${name} a PEM file, with a line -----BEGIN CERTIFICATE-----`,
  })
}

function keyIn(
  text: string,
  { path, passphrase }: { readonly path: string; readonly passphrase: string | undefined },
): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase }) })
  } catch (cause) {
    if (!/ENCRYPTED/.test(text)) {
      throw new RemediedError(`"${path}" holds no private key`, {
        remedy: 'name in sslkey a PEM file, with a line -----BEGIN PRIVATE KEY-----',
        cause,
      })
    }
    throw new RemediedError(`the key "${path}" cannot be opened`, {
      remedy:
        passphrase === undefined
          ? 'it has a password: give it in sslpassword'
          : 'sslpassword is not its password',
      cause,
    })
  }
}
