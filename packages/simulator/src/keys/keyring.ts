import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import type { Signing } from '../switches.ts'
import { selfSign } from './certificate.ts'

const generate = promisify(generateKeyPair)

export interface PlatformCertificate {
  readonly serialNo: string
  readonly pem: string
  readonly privateKey: KeyObject
  readonly effectiveAt: Date
  readonly expiresAt: Date
}

/** The keys that WeChat Pay signs with, the private halves included. */
export interface PlatformKeys {
  /** `PUB_KEY_ID_…` */
  readonly publicKeyId: string
  /** Private half of the "WeChat Pay public key". */
  readonly publicKeyPrivate: KeyObject
  /** Newest first. The newest signs. */
  readonly certificates: readonly PlatformCertificate[]
}

export interface SigningKey {
  /** Value of `Wechatpay-Serial`. */
  readonly serial: string
  readonly privateKey: KeyObject
}

export type KeyKind = 'public_key' | 'certificate'

/** Selects the key that signs an answer or a callback. */
export class Keyring {
  readonly #publicKey: SigningKey
  #certificates: readonly PlatformCertificate[]

  constructor(keys: PlatformKeys) {
    this.#publicKey = { serial: keys.publicKeyId, privateKey: keys.publicKeyPrivate }
    this.#certificates = keys.certificates
  }

  /** A merchant that has only the public key has no platform certificates. */
  certificates(signing: Signing): readonly PlatformCertificate[] {
    return signing === 'public_key' ? [] : this.#certificates
  }

  /** The request's `Wechatpay-Serial` selects the key; without that header, the certificate signs. */
  forResponse(signing: Signing, named: string | undefined): SigningKey {
    const active = this.#active(signing)
    return active.find((key) => key.serial === named) ?? active[0] ?? this.#publicKey
  }

  /** While both kinds are in use, the choice is random. */
  forNotification(signing: Signing, draw: number): SigningKey {
    if (signing === 'mixed') return this.ofKind(draw < 0.5 ? 'certificate' : 'public_key')
    return this.ofKind(signing)
  }

  ofKind(kind: KeyKind): SigningKey {
    const newest = this.#certificates[0]
    return kind === 'public_key' || !newest ? this.#publicKey : keyOf(newest)
  }

  /** Adds a new certificate, which signs from now on. The old ones stay listed unless they are retired. */
  async rotate(options: { readonly retireOld: boolean }): Promise<PlatformCertificate> {
    const fresh = await generateCertificate()
    this.#certificates = options.retireOld ? [fresh] : [fresh, ...this.#certificates]
    return fresh
  }

  #active(signing: Signing): readonly SigningKey[] {
    const certificates = this.certificates(signing).map(keyOf)
    return signing === 'certificate' ? certificates : [...certificates, this.#publicKey]
  }
}

export async function generateRsaKey(): Promise<KeyObject> {
  return (await generate('rsa', { modulusLength: 2048 })).privateKey
}

export async function generateCertificate(): Promise<PlatformCertificate> {
  const privateKey = await generateRsaKey()
  const { pem } = selfSign(privateKey, { commonName: 'Tenpay.com sign', now: new Date() })
  return platformCertificate(pem, privateKey)
}

/** Reads serial number and validity from the certificate itself. */
export function platformCertificate(pem: string, key: KeyObject | string): PlatformCertificate {
  const certificate = new X509Certificate(pem)
  return {
    serialNo: certificate.serialNumber,
    pem,
    privateKey: typeof key === 'string' ? createPrivateKey(key) : key,
    effectiveAt: new Date(certificate.validFrom),
    expiresAt: new Date(certificate.validTo),
  }
}

function keyOf(certificate: PlatformCertificate): SigningKey {
  return { serial: certificate.serialNo, privateKey: certificate.privateKey }
}
