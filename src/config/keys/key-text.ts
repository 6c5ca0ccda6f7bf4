import { isUtf8 } from 'node:buffer'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { fault, type Read, value } from '../fault.ts'

/**
 * The PEM text in the bytes. Windows line ends and a byte order mark are accepted. The fault names the
 * format that was found instead, because each format needs a different fix.
 */
export function keyTextIn(bytes: Buffer): Read<string> {
  if (bytes.length === 0) return fault('is empty')
  if (isUtf16(bytes)) return fault(utf16)
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  if (text.trim() === '') return fault('is empty')
  if (text.includes('-----BEGIN ')) return value(text)
  return fault(derFault(bytes) ?? otherFault(text))
}

/**
 * The fault of bytes that are not text; null when they may be text. Used for every secret that is
 * read from a file.
 */
export function binaryFault(bytes: Buffer): string | null {
  if (isUtf16(bytes)) return utf16
  return isUtf8(bytes) ? null : derFault(bytes)
}

const utf16 = 'is UTF-16 text: save it as UTF-8'

function isUtf16(bytes: Buffer): boolean {
  const mark = bytes.subarray(0, 2).toString('hex')
  return mark === 'fffe' || mark === 'feff' || bytes.subarray(0, 16).includes('-\0-\0')
}

/** Names a key or certificate in DER form; null when the bytes are neither. */
function derFault(bytes: Buffer): string | null {
  if (bytes[0] !== 0x30) return null
  const forms = [
    ['a private key', 'pkey', () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })],
    ['a private key', 'pkey', () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' })],
    [
      'a public key',
      'pkey -pubin',
      () => createPublicKey({ key: bytes, format: 'der', type: 'spki' }),
    ],
    ['a certificate', 'x509', () => new X509Certificate(bytes)],
  ] as const
  const found = forms.find(([, , read]) => succeeds(read))
  if (found === undefined) {
    return isBundle(bytes)
      ? 'is a bundle (PKCS#12), and not the PEM file that comes with it'
      : 'is in DER form, and opens neither as a key nor as a certificate'
  }
  const [what, command] = found
  return `is ${what} in DER form: turn it into PEM by openssl ${command} -inform DER`
}

/** A PKCS#12 file begins with its version number, 3. */
function isBundle(bytes: Buffer): boolean {
  return bytes.subarray(2, 8).toString('hex').includes('020103')
}

function succeeds(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

function otherFault(text: string): string {
  if (text.startsWith('PuTTY-User-Key-File')) return 'is a key of PuTTY: none for WeChat Pay'
  if (text.startsWith('ssh-')) return 'is a key of SSH: none for WeChat Pay'
  return isBase64(text)
    ? 'has no line -----BEGIN …-----: it is the middle of a key alone'
    : 'is not in PEM form: it has no line -----BEGIN …-----'
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/=\s]{64,}$/.test(text)
}

/** Why the PEM block is not complete; null when it has its end line and its content can be Base64. */
export function blockFault(pem: string, label: string): string | null {
  const [, body = ''] = pem.split(`-----BEGIN ${label}-----`)
  const end = body.indexOf('-----END ')
  if (end < 0) return 'is cut off: its line -----END …----- is missing'
  const inner = body.slice(0, end)
  if (inner.trim() === '') return 'has nothing between its first and its last line'
  if (!inner.includes('\n')) return 'has lost its line ends'
  return /^[A-Za-z0-9+/=\s]*$/.test(inner) ? null : 'has characters that are no Base64'
}
