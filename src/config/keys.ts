import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readFailure } from './fault.ts'
import { shown } from './values.ts'

/** A key, or the words of the fault that kept it from being one. */
export type LoadedKey =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'fault'; readonly fault: string }

// WeChat Pay issues RSA keys of 2048 bits; a shorter one can be broken and signs nothing it accepts.
const bitsMin = 2048
// A PEM file of an RSA key has 2 to 4 KB, with a whole certificate chain some 10.
const fileBytesMax = 100_000

/** The merchant's private key, from a PEM file (PKCS#8 or PKCS#1, no passphrase). */
export function loadPrivateKey(path: string): LoadedKey {
  const name = `private key ${shown(path)}`
  return loadKey(path, name, (pem) => {
    const label = firstLabel(pem)
    if (label === 'CERTIFICATE') return fault(`${name} is a certificate: give apiclient_key.pem`)
    if (label?.endsWith('PUBLIC KEY'))
      return fault(`${name} is a public key: give apiclient_key.pem`)
    if (label === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')) {
      return fault(`${name} is encrypted: store it without a passphrase`)
    }
    if (!label?.endsWith('PRIVATE KEY')) return fault(`${name} is not a private key in PEM form`)
    return { kind: 'key', key: createPrivateKey(pem) }
  })
}

/** WeChat Pay's public key, from a PEM file (SPKI or PKCS#1). */
export function loadPublicKey(path: string): LoadedKey {
  const name = `public key ${shown(path)}`
  const advice = "give WeChat Pay's public key, downloaded from the merchant console"
  return loadKey(path, name, (pem) => {
    const label = firstLabel(pem)
    if (label === 'CERTIFICATE') return fault(`${name} is a certificate: ${advice}`)
    if (label?.endsWith('PRIVATE KEY')) return fault(`${name} is a private key: ${advice}`)
    if (!label?.endsWith('PUBLIC KEY')) return fault(`${name} is not a public key in PEM form`)
    return { kind: 'key', key: createPublicKey(pem) }
  })
}

/** Whether a public key belongs to a private one: then it is the merchant's, not WeChat Pay's. */
export function isOwnHalf(publicKey: KeyObject, privateKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey)
}

function loadKey(path: string, name: string, parse: (pem: string) => LoadedKey): LoadedKey {
  let pem: string
  try {
    if (statSync(path).size > fileBytesMax) return fault(`${name} is too big to be a key`)
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    return fault(`Cannot read ${name}: ${readFailure(error)}`)
  }
  if (!pem.includes('-----BEGIN ')) return fault(`${name} is not in PEM form${bundleHint(path)}`)
  try {
    const loaded = parse(pem)
    return loaded.kind === 'key' ? strongEnough(loaded.key, name) : loaded
  } catch {
    // The library's words may quote the key.
    return fault(`${name} cannot be parsed: is the file whole?`)
  }
}

function strongEnough(key: KeyObject, name: string): LoadedKey {
  if (key.asymmetricKeyType !== 'rsa') return fault(`${name} is ${key.asymmetricKeyType}, not RSA`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < bitsMin) return fault(`${name} has ${bits} bits, fewer than ${bitsMin}`)
  return { kind: 'key', key }
}

function firstLabel(pem: string): string | undefined {
  return /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1]
}

function bundleHint(path: string): string {
  return /\.(p12|pfx)$/i.test(path) ? ' (a bundle): give apiclient_key.pem' : ''
}

function fault(words: string): LoadedKey {
  return { kind: 'fault', fault: words }
}
