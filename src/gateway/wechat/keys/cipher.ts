import { createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import { assert } from '../../../domain/assert.ts'
import { textOf } from '../json.ts'
import { fromBase64 } from './base64.ts'

/** A JSON object that carries an encrypted text: a notification's resource, a platform certificate. */
export const sealedText = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  ciphertext: z.string(),
  nonce: z.string(),
  associated_data: z.string().nullish(),
})

export type SealedText = z.infer<typeof sealedText>

const tagBytes = 16

/** As `unseal`, for who needs the text alone. */
export function openSealed(sealed: SealedText, apiV3Key: Buffer): string | null {
  const bytes = unseal(sealed, apiV3Key)
  return bytes && textOf(bytes)
}

/**
 * The bytes in `sealed`, null when the key does not fit or a bit was changed: AES-256-GCM tells no
 * more than that. `apiV3Key` is the key's 32 characters as they are.
 */
export function unseal(sealed: SealedText, apiV3Key: Buffer): Buffer | null {
  assert(apiV3Key.length === 32, `Cannot decrypt with an APIv3 key of ${apiV3Key.length} bytes`)
  const bytes = fromBase64(sealed.ciphertext)
  if (bytes === null || bytes.length < tagBytes) return null
  try {
    const nonce = Buffer.from(sealed.nonce)
    const decipher = createDecipheriv('aes-256-gcm', apiV3Key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(sealed.associated_data ?? ''))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    return null
  }
}
