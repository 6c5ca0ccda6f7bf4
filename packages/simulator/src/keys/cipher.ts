import { createCipheriv } from 'node:crypto'

export interface Sealed {
  readonly algorithm: 'AEAD_AES_256_GCM'
  readonly ciphertext: string
  readonly associated_data: string
  readonly nonce: string
}

/** AEAD_AES_256_GCM: base64 of the ciphertext with its 16-byte tag behind it. */
export function encrypt(
  plaintext: string,
  by: { readonly apiV3Key: string; readonly nonce: string; readonly associatedData: string },
): Sealed {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(by.apiV3Key), Buffer.from(by.nonce))
  cipher.setAAD(Buffer.from(by.associatedData))
  const parts = [cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: Buffer.concat(parts).toString('base64'),
    associated_data: by.associatedData,
    nonce: by.nonce,
  }
}
