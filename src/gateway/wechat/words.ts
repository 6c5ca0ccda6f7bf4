import { isUtf8 } from 'node:buffer'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { SignedWords, Trade } from '../../domain/trade.ts'
import type { KnownKeys } from '../gateway.ts'
import { parseJson } from './json.ts'
import { fromBase64 } from './keys/base64.ts'
import { decrypt, encryptedText } from './keys/cipher.ts'
import { isSignatureOf, replyMessage } from './keys/signature.ts'
import type { SignedBy } from './keys/verification.ts'
import { readTrade } from './trade-body.ts'

/** What WeChat Pay signed; `opened`: what a callback was decrypted to. */
export interface SignedBytes {
  readonly body: Uint8Array
  readonly by: SignedBy
  readonly opened?: Uint8Array
}

/**
 * All that the signature can be verified by in later years: platform certificates end, so the key is kept
 * with it. The APIv3 key may be renewed, so what it opened is kept as well.
 */
export function wordsOf({ body, by, opened }: SignedBytes): SignedWords {
  const { timestamp, nonce, serial, signature } = by.headers
  return {
    ...textIn('body', body),
    ...(opened && textIn('opened', opened)),
    ...{ timestamp, nonce, serial, signature, key: spkiOf(by.key) },
  }
}

/** Text as it is, which is shorter; bytes that are none as Base64. */
function textIn(name: string, bytes: Uint8Array): SignedWords {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(bytes)
    ? { [name]: buffer.toString('utf8') }
    : { [`${name}_base64`]: buffer.toString('base64') }
}

function bytesIn(name: string, words: SignedWords): Buffer | null {
  const { [name]: text, [`${name}_base64`]: base64 } = words
  if (text !== undefined) return Buffer.from(text, 'utf8')
  return base64 === undefined ? null : fromBase64(base64)
}

/** Null: they are not what WeChat Pay signed with the key that is kept with them, or no trade. */
export function readWords(words: SignedWords, known: KnownKeys = {}): Trade | null {
  const body = bytesIn('body', words)
  const key = keyOf(words, known)
  const signature = fromBase64(words.signature ?? '')
  if (body === null || key === null || signature === null) return null
  const { timestamp = '', nonce = '' } = words
  const message = replyMessage(body, { timestamp, nonce })
  if (!isSignatureOf(message, signature, key)) return null
  const opened = bytesIn('opened', words)
  if (opened !== null && !isOpenedFrom(body, opened, known)) return null
  return readTrade(parseJson(opened ?? body))
}

/** A key that is configured under this id must be the one that was kept. */
function keyOf({ serial = '', key = '' }: SignedWords, { signing }: KnownKeys): KeyObject | null {
  const configured = signing?.get(serial)
  if (configured !== undefined && spkiOf(configured) !== key) return null
  return configured ?? keyIn(key)
}

const notification = z.object({ resource: encryptedText })

/** By a key that has been renewed nothing can be compared. */
function isOpenedFrom(body: Buffer, opened: Buffer, { opening = [] }: KnownKeys): boolean {
  const envelope = notification.safeParse(parseJson(body))
  if (!envelope.success) return false
  const bytes = opening.map((key) => decrypt(envelope.data.resource, key))
  const found = bytes.find((each) => each !== null)
  return found == null || found.equals(opened)
}

/** There are a few, and each takes longer to read or write than to verify with. */
const texts = new WeakMap<KeyObject, string>()
const keys = new Map<string, KeyObject>()
const keysMax = 100

function spkiOf(key: KeyObject): string {
  const known = texts.get(key)
  if (known !== undefined) return known
  const text = key.export({ type: 'spki', format: 'der' }).toString('base64')
  texts.set(key, text)
  return text
}

function keyIn(text: string): KeyObject | null {
  const known = keys.get(text)
  if (known !== undefined) return known
  const der = fromBase64(text)
  if (der === null) return null
  try {
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' })
    if (key.asymmetricKeyType !== 'rsa') return null
    if (keys.size >= keysMax) keys.clear()
    keys.set(text, key)
    return key
  } catch {
    return null
  }
}
