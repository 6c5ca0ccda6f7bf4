import { BlockList, isIP, isIPv6 } from 'node:net'
import { z } from 'zod'
import { eachOnce, isLoopback, itemName, oneOf, shown, textThat, unquoted } from '../values.ts'

/** Whom alerts are sent to: group robots, a program, or a watchdog that is called after each run. */
export const alertKinds = ['wecom', 'dingtalk', 'feishu', 'webhook', 'heartbeat'] as const

export type AlertKind = (typeof alertKinds)[number]

export const alertLanguages = ['zh', 'en'] as const

// Each has a queue of its own; nobody reads more groups.
const alertsMax = 20

/** One of `alerts:`, its values as text. */
export const alertKeys = z.strictObject({
  name: itemName('an alert').optional(),
  kind: oneOf(alertKinds),
  url: textThat(unquoted(urlFault)),
  secret: textThat(unquoted(lengthFault)).optional(),
  language: oneOf(alertLanguages).prefault('zh'),
})

export const alertsSchema = z
  .array(
    alertKeys
      .superRefine(fits)
      .transform((alert) => ({ ...alert, name: alert.name ?? alert.kind })),
    { error: 'must be a list, like "- kind: wecom"' },
  )
  .max(alertsMax, { error: `is a list of more than ${alertsMax} alerts` })
  .superRefine(
    eachOnce(
      'name',
      ({ name }) =>
        `${shown(name)} is the name of another alert as well: give each a name of its own`,
    ),
  )
  .prefault([])

type Given = z.output<typeof alertKeys>

/** What a url and a secret must be depends on the kind. */
function fits({ kind, url, secret }: Given, context: z.RefinementCtx): void {
  const add = (key: string, message: string | null) => {
    if (message !== null) context.addIssue({ code: 'custom', path: [key], message })
  }
  add('url', schemeFault(kind, new URL(url)))
  if (secret !== undefined) add('secret', secretFault(kind, secret))
}

/** Never prints the value: who has a robot's url can write to its group. */
function urlFault(value: string): string | null {
  const isUrl = URL.canParse(value) && !/[\s\p{Cc}\\]/u.test(value) && value.length <= 2000
  if (!isUrl) return `a value of ${value.length} characters is not a URL`
  const { username, password, protocol } = new URL(value)
  if (username !== '' || password !== '') return 'must not carry a user name or password'
  if (protocol !== 'https:' && protocol !== 'http:') {
    return `a value of ${value.length} characters is not https`
  }
  return value.includes('#') ? 'must not have a fragment' : null
}

/** The robots are on the internet, where http would show their keys; one's own programs may be near. */
function schemeFault(kind: AlertKind, { protocol, hostname }: URL): string | null {
  if (protocol === 'https:' || isLoopback(hostname)) return null
  if (kind !== 'webhook' && kind !== 'heartbeat') {
    return 'must be https (http is for loopback addresses only)'
  }
  return isNear(hostname)
    ? null
    : 'must be https (http is for private addresses, and for names without a dot)'
}

const privateNetworks = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privateNetworks.addSubnet(network, prefix)
}
privateNetworks.addSubnet('fc00::', 7, 'ipv6')

/** Of a network of one's own: a private address, or a name that only a resolver there knows. */
function isNear(hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) === 0) return !hostname.includes('.')
  return privateNetworks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function lengthFault(value: string): string | null {
  return value.length > 512 ? `a value of ${value.length} characters is longer than 512` : null
}

/** Never prints the value. */
function secretFault(kind: AlertKind, secret: string): string | null {
  switch (kind) {
    case 'wecom':
    case 'heartbeat':
      return `nothing is signed for ${kind}: leave the key out`
    case 'dingtalk':
    case 'feishu':
      return null
    case 'webhook':
      return isWebhookSecret(secret)
        ? null
        : `a value of ${secret.length} characters is no secret of a webhook: whsec_ and the base64 of 24 to 64 bytes`
  }
}

/** As Standard Webhooks has it. */
function isWebhookSecret(secret: string): boolean {
  const [, encoded] = /^whsec_([0-9A-Za-z+/]+={0,2})$/.exec(secret) ?? []
  const bytes = Buffer.from(encoded ?? '', 'base64')
  return bytes.length >= 24 && bytes.length <= 64
}
