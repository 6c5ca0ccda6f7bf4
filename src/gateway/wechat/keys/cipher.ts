import { createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import { assert } from '../../../domain/assert.ts'
import { textOf } from '../json.ts'
import { fromBase64 } from './base64.ts'

/** A JSON object with an encrypted text: a notification's resource, or a platform certificate. */
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
 * The decrypted bytes; null when the key does not fit or a bit was changed: AES-256-GCM does not
 * distinguish the two. `apiV3Key` has the 32 characters of the key, unchanged.
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
