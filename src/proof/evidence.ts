import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { SignedWords } from '../domain/trade.ts'
import type { DerivedKey } from './keys.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** What evidence is bound to: moved to another order, it cannot be decrypted. */
export interface EvidenceOwner {
  readonly gateway: string
  readonly mchid: string
  readonly orderNo: string
}

/** Encrypted, because the payer's openid is in it: nonce, ciphertext and tag of AES-256-GCM. */
export function encryptWords(
  { cipher }: DerivedKey,
  words: SignedWords,
  owner: EvidenceOwner,
): Buffer {
  const nonce = nonces.next()
  const encrypting = createCipheriv(algorithm, cipher, nonce)
  encrypting.setAAD(boundTo(owner))
  const text = encrypting.update(JSON.stringify(words), 'utf8')
  return Buffer.concat([nonce, text, encrypting.final(), encrypting.getAuthTag()])
}

/** Null: it was cut, changed or taken from another order, or is another key's. */
export function decryptWords(
  { cipher }: DerivedKey,
  evidence: Uint8Array,
  owner: EvidenceOwner,
): SignedWords | null {
  if (evidence.length < nonceBytes + tagBytes) return null
  try {
    const decrypting = createDecipheriv(algorithm, cipher, evidence.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
    decrypting.setAAD(boundTo(owner))
    decrypting.setAuthTag(evidence.subarray(-tagBytes))
    const text = decrypting.update(evidence.subarray(nonceBytes, -tagBytes))
    // Authentic from here on: it is what `encryptWords` was given.
    return JSON.parse(Buffer.concat([text, decrypting.final()]).toString('utf8')) as SignedWords
  } catch {
    return null
  }
}

/** Random nonces, drawn many at once: a call for each would cost as much as the encryption. */
class Nonces {
  #drawn = Buffer.alloc(0)

  next(): Buffer {
    if (this.#drawn.length === 0) this.#drawn = randomBytes(nonceBytes * noncesAtOnce)
    const nonce = this.#drawn.subarray(0, nonceBytes)
    this.#drawn = this.#drawn.subarray(nonceBytes)
    return nonce
  }
}

const noncesAtOnce = 256
const nonces = new Nonces()

function boundTo({ gateway, mchid, orderNo }: EvidenceOwner): Buffer {
  return Buffer.from(JSON.stringify([gateway, mchid, orderNo]))
}
