import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fault, type Read, readFailure, value } from './fault.ts'
import { blockFault, keyTextIn } from './key-text.ts'
import { quotesFault, shown } from './values.ts'

export type LoadedKey = Read<KeyObject>

// WeChat Pay issues RSA keys of 2048 bits. It accepts no signature of a shorter key, which can be
// broken.
const bitsMin = 2048
// A PEM file of an RSA key has 2 to 4 KB; with a certificate chain it has about 10 KB.
const fileBytesMax = 100_000

/** The merchant's private key, from a PEM file (PKCS#8 or PKCS#1, no passphrase). */
export function loadPrivateKey(path: string): LoadedKey {
  return loadFile(path, { name: `private key ${shown(path)}`, parse: parsePrivateKey })
}

export function readPrivateKey(pem: string): LoadedKey {
  return parseText(pem, parsePrivateKey)
}

/** WeChat Pay's public key, from a PEM file (SPKI or PKCS#1). */
export function loadPublicKey(path: string): LoadedKey {
  return loadFile(path, { name: `public key ${shown(path)}`, parse: parsePublicKey })
}

export function readPublicKey(pem: string): LoadedKey {
  return parseText(pem, parsePublicKey)
}

/** The name of a key in faults when it was given as text. Shows nothing of the key. */
const textName = 'the key'

interface Parsing {
  /** The name of the key in faults. */
  readonly name: string
  readonly parse: (pem: string, name: string) => LoadedKey
}

function parsePrivateKey(pem: string, name: string): LoadedKey {
  const label = labelIn(pem, 'PRIVATE KEY')
  if (label === 'CERTIFICATE') return fault(`${name} is a certificate: give apiclient_key.pem`)
  if (label === 'CERTIFICATE REQUEST') {
    return fault(`${name} is a request for a certificate: give apiclient_key.pem`)
  }
  if (label?.endsWith('PUBLIC KEY')) return fault(`${name} is a public key: give apiclient_key.pem`)
  if (label === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    return fault(`${name} is encrypted: store it without a passphrase`)
  }
  if (label === 'OPENSSH PRIVATE KEY') {
    return fault(`${name} is a key of SSH: none for WeChat Pay`)
  }
  if (!label?.endsWith('PRIVATE KEY')) return fault(`${name} is not a private key in PEM form`)
  return whole(pem, { name, label }) ?? value(createPrivateKey(pem))
}

function parsePublicKey(pem: string, name: string): LoadedKey {
  const label = labelIn(pem, 'PUBLIC KEY')
  if (label === 'CERTIFICATE') return fault(`${name} is a certificate: ${theirsAdvice}`)
  if (label?.endsWith('PRIVATE KEY')) return fault(`${name} is a private key: ${theirsAdvice}`)
  if (!label?.endsWith('PUBLIC KEY')) return fault(`${name} is not a public key in PEM form`)
  return whole(pem, { name, label }) ?? value(createPublicKey(pem))
}

/** Null when the PEM block is complete. */
function whole(pem: string, { name, label }: { name: string; label: string }): LoadedKey | null {
  const words = blockFault(pem, label)
  return words === null ? null : fault(`${name} ${words}`)
}

/** Whether the public key belongs to the private key. Then it is the merchant's, not WeChat Pay's. */
export function isOwnHalf(publicKey: KeyObject, privateKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey)
}

export const ownHalf =
  "the key is the public half of the merchant's own private key: " +
  "give WeChat Pay's public key, downloaded from the merchant console"

/** A key that the embedder has already loaded. */
export function checkedKey(key: KeyObject, type: 'private' | 'public'): LoadedKey {
  if (key.type === type) return strongEnough(key, textName)
  return type === 'private'
    ? fault(`${textName} is a public key: give apiclient_key.pem`)
    : fault(`${textName} is a private key: ${theirsAdvice}`)
}

const theirsAdvice = "give WeChat Pay's public key, downloaded from the merchant console"

function loadFile(path: string, parsing: Parsing): LoadedKey {
  const { name } = parsing
  let bytes: Buffer
  try {
    if (statSync(path).size > fileBytesMax) return fault(`${name} is too big to be a key`)
    bytes = readFileSync(path)
  } catch (error) {
    return fault(`Cannot read ${name}: ${readFailure(error)}`)
  }
  const text = keyTextIn(bytes)
  return text.kind === 'value' ? parseKey(text.value, parsing) : fault(`${name} ${text.fault}`)
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

function parseText(text: string, parse: Parsing['parse']): LoadedKey {
  const quoted = quotesFault(text.trim())
  return quoted === null
    ? parseKey(pemOf(text), { name: textName, parse })
    : fault(`${textName} ${quoted}`)
}

function parseKey(pem: string, { name, parse }: Parsing): LoadedKey {
  try {
    const loaded = parse(pem, name)
    return loaded.kind === 'value' ? strongEnough(loaded.value, name) : loaded
  } catch {
    // The library's message may quote the key.
    return fault(`${name} is damaged: its first and last line are there, and it opens as no key`)
  }
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
