import { z } from 'zod'
import { publishedTypes } from '../../domain/webhooks/published-event.ts'
import { eachOnce, itemName, oneOf, quotesFault, shown, textThat } from '../values.ts'
import { webhookAddressFault } from './webhook-address.ts'

/** Each has connections and a loop of its own in every process. */
const endpointsMax = 50

/** During a rotation there are two; more are left over from earlier ones. */
const secretsMax = 5

/** Of Standard Webhooks. */
const secretBytes = { min: 24, max: 64 }

const prefix = 'whsec_'

const makeOne = 'make one with echo "whsec_$(openssl rand -base64 32)"'

export const webhookSchema = z
  .strictObject({
    name: itemName('an endpoint'),
    url: textThat(webhookAddressFault),
    secret: textThat(secretFault).optional(),
    secrets: z
      .array(textThat(secretFault), { error: 'must be a list, like [whsec_new, whsec_old]' })
      .min(1, { error: 'is an empty list: give at least one secret' })
      .max(secretsMax, { error: `is a list of more than ${secretsMax} secrets` })
      .optional(),
    types: z
      .array(oneOf(publishedTypes), { error: 'must be a list of types, like [order.paid]' })
      .min(1, { error: 'is an empty list: give at least one type, or leave the key out' })
      .optional(),
  })
  .superRefine(hasSecret)

export const webhooksSchema = z
  .array(webhookSchema, { error: 'must be a list, like "- name: shop"' })
  .max(endpointsMax, { error: `is a list of more than ${endpointsMax} endpoints` })
  .superRefine(
    eachOnce('name', ({ name }) => `${shown(name)} is the name of another endpoint as well`),
  )
  .prefault([])

export type ParsedWebhook = z.output<typeof webhookSchema>

/** Never prints the value. */
function secretFault(value: string): string | null {
  const what = `a value of ${value.length} characters`
  const quoted = quotesFault(value)
  if (quoted !== null) return `${what} ${quoted}`
  if (!value.startsWith(prefix)) return `${what} does not begin with ${prefix}: ${makeOne}`
  const coded = value.slice(prefix.length)
  const bytes = Buffer.from(coded, 'base64')
  if (coded === '' || bytes.toString('base64') !== coded) {
    return `${what} is not ${prefix} and base64: ${makeOne}`
  }
  return bytes.length < secretBytes.min || bytes.length > secretBytes.max
    ? `has ${bytes.length} bytes, and needs ${secretBytes.min} to ${secretBytes.max}: ${makeOne}`
    : null
}

function hasSecret(
  { secret, secrets }: { readonly secret?: unknown; readonly secrets?: unknown },
  context: z.RefinementCtx,
): void {
  if (secret !== undefined || secrets !== undefined) return
  context.addIssue({ code: 'custom', path: ['secret'], message: `not set: ${makeOne}` })
}
