import { createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import { assert } from '../../../domain/assert.ts'
import { textOf } from '../json.ts'
import { fromBase64 } from './base64.ts'

/** A JSON object that carries an encrypted text: a notification's resource, a platform certificate. */
export const encryptedText = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  ciphertext: z.string(),
  nonce: z.string(),
  associated_data: z.string().nullish(),
})

export type EncryptedText = z.infer<typeof encryptedText>

const tagBytes = 16

/** Like `decrypt`, for a caller that needs only the text. */
export function decryptText(encrypted: EncryptedText, apiV3Key: Buffer): string | null {
  const bytes = decrypt(encrypted, apiV3Key)
  return bytes && textOf(bytes)
}

/**
 * The bytes in `encrypted`, null when the key does not fit or a bit was changed: AES-256-GCM tells no
 * more than that. `apiV3Key` is the key's 32 characters as they are.
 */
export function decrypt(encrypted: EncryptedText, apiV3Key: Buffer): Buffer | null {
  assert(apiV3Key.length === 32, `Cannot decrypt with an APIv3 key of ${apiV3Key.length} bytes`)
  const bytes = fromBase64(encrypted.ciphertext)
  if (bytes === null || bytes.length < tagBytes) return null
  try {
    const nonce = Buffer.from(encrypted.nonce)
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(encrypted.associated_data ?? ''))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    return null
  }
}
