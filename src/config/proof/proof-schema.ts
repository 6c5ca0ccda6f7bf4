import { z } from 'zod'
import { eachOnce, quotesFault, shown, textThat } from '../values.ts'

/** Keys are replaced once a year at the most, and old ones are kept to verify by. */
const keysMax = 100

/** 32 random characters cannot be found by trying, also by somebody who has seals to compare with. */
const secretMin = 32

/** The one of the docs and of the example, which everybody knows. */
const sampleSecret = 'a-secret-of-32-characters-or-more'

const makeOne = 'make one with openssl rand -base64 32'

export const proofKeySchema = z.strictObject({
  id: textThat(idFault),
  secret: textThat(secretFault),
})

export const proofSchema = z.strictObject({
  keys: z
    .array(proofKeySchema, { error: 'must be a list, like "- id: k1"' })
    .min(1, { error: 'is an empty list: give at least one key, or leave the key out' })
    .max(keysMax, { error: `is a list of more than ${keysMax} keys` })
    // Two keys of one id could not be distinguished in a record, and one secret as two is a slip.
    .superRefine(eachOnce('id', ({ id }) => `${shown(id)} is the id of another key as well`))
    .superRefine(eachOnce('secret', ({ id }) => `is the secret of key ${shown(id)} as well`))
    .optional(),
})

/** Never prints a long value: somebody may have put the secret itself here. */
function idFault(value: string): string | null {
  if (/^[0-9A-Za-z_-]{1,32}$/.test(value)) return null
  const what = value.length > 32 ? `a value of ${value.length} characters` : shown(value)
  return `${what} is no id of a key: 1 to 32 of 0-9 A-Z a-z _ -`
}

/** Never prints the value. */
function secretFault(value: string): string | null {
  const quoted = quotesFault(value)
  if (quoted !== null) return `a value of ${value.length} characters ${quoted}`
  if (value === sampleSecret) return `is the one of the docs, which everybody knows: ${makeOne}`
  return value.length < secretMin
    ? `a value of ${value.length} characters is no secret of a key, which has ${secretMin} or more: ${makeOne}`
    : null
}
