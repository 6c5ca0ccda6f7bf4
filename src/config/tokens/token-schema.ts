import { z } from 'zod'
import { roles, scopes } from '../../domain/scope.ts'
import { wordsFault, wordsMax } from '../../text/operator-text.ts'
import { dateOrTime, eachOnce, oneOf, shown, textThat } from '../values.ts'

/** Names that budan itself writes in the place of a token's. */
const reservedNames: ReadonlySet<string> = new Set(['api_token', 'anonymous', 'budan'])

/** Each person and program has one or two; a token that is rotated stands twice for a while. */
const tokensMax = 1000

export const tokenSchema = z
  .strictObject({
    name: textThat(nameFault),
    sha256: textThat(hashFault).transform((hash) => hash.toLowerCase()),
    role: oneOf(roles).optional(),
    scopes: z
      .array(oneOf(scopes), { error: 'must be a list of scopes, like [orders:read]' })
      .min(1, { error: 'is an empty list: give at least one scope' })
      .optional(),
    expires_at: textThat(timeFault).transform(timeOf).optional(),
  })
  .superRefine(({ role, scopes: given }, context) => {
    if ((role === undefined) === (given === undefined)) {
      const message = 'give either a role or scopes'
      context.addIssue({ code: 'custom', path: ['role'], message })
    }
  })

export const tokensSchema = z
  .array(tokenSchema, { error: 'must be a list, like "- name: backend"' })
  .max(tokensMax, { error: `is a list of more than ${tokensMax} tokens` })
  // A session and an event are of the name.
  .superRefine(
    eachOnce('name', ({ name }) => `${shown(name)} is the name of another token as well`),
  )
  .superRefine(eachOnce('sha256', ({ name }) => `is the hash of token ${shown(name)} as well`))
  .prefault([])

function nameFault(value: string): string | null {
  if (reservedNames.has(value)) return `${shown(value)} is a name that budan itself uses`
  const fault = wordsFault(value, wordsMax.name)
  return fault === null ? null : `${shown(value)} ${fault}`
}

/** Never prints the value: somebody may have put the token itself here. */
function hashFault(value: string): string | null {
  if (/^[0-9a-f]{64}$/i.test(value)) return null
  const next = 'give the line that budan token new printed'
  return `a value of ${value.length} characters is no SHA-256, which has 64 hexadecimal digits: ${next}`
}

function timeFault(value: string): string | null {
  return dateOrTime(value) === null
    ? `${shown(value)} is neither a date, like 2027-01-31, nor a time like 2027-01-31T08:00:00+08:00`
    : null
}

function timeOf(value: string): Date {
  return dateOrTime(value) ?? new Date(Number.NaN)
}
