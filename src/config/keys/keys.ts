import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fault, type Read, readFailure, value } from '../fault.ts'
import { quotesFault, shown } from '../values.ts'
import { blockFault, keyTextIn } from './key-text.ts'

export type LoadedKey = Read<KeyObject>

// WeChat Pay issues RSA keys of 2048 bits. It accepts no signature of a shorter key, which can be
// broken.
const bitsMin = 2048
// A PEM file of an RSA key has 2 to 4 KB; with a certificate chain it has about 10 KB.
const fileBytesMax = 100_000

/** The merchant's private key (PKCS#8 or PKCS#1, no passphrase), or WeChat Pay's public key (SPKI or PKCS#1). */
export type KeyType = 'private' | 'public'

/** Loads a key from a PEM file. */
export function loadKey(type: KeyType, path: string): LoadedKey {
  const name = `${type} key ${shown(path)}`
  let bytes: Buffer
  try {
    if (statSync(path).size > fileBytesMax) return fault(`${name} is too big to be a key`)
    bytes = readFileSync(path)
  } catch (error) {
    return fault(`Cannot read ${name}: ${readFailure(error)}`)
  }
  const text = keyTextIn(bytes)
  return text.kind === 'value'
    ? parseKey(text.value, { type, name })
    : fault(`${name} ${text.fault}`)
}

/** Reads a key that was given as text. */
export function readKey(type: KeyType, text: string): LoadedKey {
  const quoted = quotesFault(text.trim())
  return quoted === null
    ? parseKey(pemOf(text), { type, name: textName })
    : fault(`${textName} ${quoted}`)
}

/** The name of a key in faults when it was given as text. Shows nothing of the key. */
const textName = 'the key'

interface Parsing {
  readonly type: KeyType
  /** The name of the key in faults. */
  readonly name: string
}

function parseKey(pem: string, { type, name }: Parsing): LoadedKey {
  const label = labelIn(pem, type === 'private' ? 'PRIVATE KEY' : 'PUBLIC KEY')
  const wrong = type === 'private' ? privateFault(name, { pem, label }) : publicFault(name, label)
  if (wrong !== null) return fault(wrong)
  const broken = blockFault(pem, label ?? '')
  if (broken !== null) return fault(`${name} ${broken}`)
  try {
    const key = type === 'private' ? createPrivateKey(pem) : createPublicKey(pem)
    return strongEnough(key, name)
  } catch {
    // The library's message may quote the key.
    return fault(`${name} is damaged: its first and last line are there, and it opens as no key`)
  }
}

function privateFault(
  name: string,
  { pem, label }: { pem: string; label: string | undefined },
): string | null {
  if (label === 'CERTIFICATE') return `${name} is a certificate: give apiclient_key.pem`
  if (label === 'CERTIFICATE REQUEST') {
    return `${name} is a request for a certificate: give apiclient_key.pem`
  }
  if (label?.endsWith('PUBLIC KEY')) return `${name} is a public key: give apiclient_key.pem`
  if (label === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    return `${name} is encrypted: store it without a passphrase`
  }
  if (label === 'OPENSSH PRIVATE KEY') return `${name} is a key of SSH: none for WeChat Pay`
  return label?.endsWith('PRIVATE KEY') ? null : `${name} is not a private key in PEM form`
}

function publicFault(name: string, label: string | undefined): string | null {
  if (label === 'CERTIFICATE') return `${name} is a certificate: ${theirsAdvice}`
  if (label?.endsWith('PRIVATE KEY')) return `${name} is a private key: ${theirsAdvice}`
  return label?.endsWith('PUBLIC KEY') ? null : `${name} is not a public key in PEM form`
}

/** Whether the public key belongs to the private key. Then it is the merchant's, not WeChat Pay's. */
export function isOwnHalf(publicKey: KeyObject, privateKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey)
}

export const theirsAdvice = "give WeChat Pay's public key, downloaded from the merchant console"

export const ownHalf = `the key is the public half of the merchant's own private key: ${theirsAdvice}`

/** A key that the embedder has already loaded. */
export function checkedKey(key: KeyObject, type: KeyType): LoadedKey {
  if (key.type === type) return strongEnough(key, textName)
  return type === 'private'
    ? fault(`${textName} is a public key: give apiclient_key.pem`)
    : fault(`${textName} is a private key: ${theirsAdvice}`)
}

/**
 * Restores the line ends of a PEM text. In an environment variable they are often the two characters
 * `\n`, and some systems replace them by blanks.
 */
function pemOf(text: string): string {
  const lines = text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim()
  if (lines.includes('\n')) return lines
  return lines.replace(
    /^(-----BEGIN [^-]+-----)([^-]*)(-----END [^-]+-----)$/,
    (_, begin: string, body: string, end: string) =>
      [begin, ...(body.replaceAll(/\s/g, '').match(/.{1,64}/g) ?? []), end].join('\n'),
  )
}

function strongEnough(key: KeyObject, name: string): LoadedKey {
  if (key.asymmetricKeyType !== 'rsa') return fault(`${name} is ${key.asymmetricKeyType}, not RSA`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < bitsMin) return fault(`${name} has ${bits} bits, fewer than ${bitsMin}`)
  return value(key)
}

/** The label of the block that ends with `wanted`, or else of the first block. */
function labelIn(pem: string, wanted: string): string | undefined {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label]) => label)
  return labels.find((label) => label?.endsWith(wanted)) ?? labels[0]
}
