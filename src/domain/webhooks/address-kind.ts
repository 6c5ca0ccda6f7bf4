import ipaddr from 'ipaddr.js'

/**
 * `own`: of this machine or its network. `forbidden`: nobody keeps a service of their own there, but clouds
 * answer there with the keys of a machine.
 */
export type AddressKind = 'own' | 'public' | 'forbidden'

export const metadataWords = 'an address of cloud metadata, link-local, multicast or none at all'

/**
 * Where clouds answer outside the link-local ranges: Alibaba Cloud, Oracle, Azure, and AWS and Google over
 * IPv6.
 */
const metadata: ReadonlySet<string> = new Set([
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd20:ce::254',
])

const own: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
  'deprecatedSiteLocal',
])

/** Also of an IPv4 address within an IPv6 one: it is reached by either. */
export function addressKindOf(address: string): AddressKind {
  // A zone (`%eth0`) belongs to link-local addresses alone.
  if (!ipaddr.isValid(address) || address.includes('%')) return 'forbidden'
  const parsed = ipaddr.parse(address)
  if (metadata.has(parsed.toString())) return 'forbidden'
  const range = parsed.range()
  if (own.has(range)) return 'own'
  const inner = innerOf(parsed, range)
  if (inner !== null) return addressKindOf(inner)
  return range === 'unicast' || range === 'reserved' ? 'public' : 'forbidden'
}

/** The IPv4 address that a translated IPv6 one stands for; null: none. */
function innerOf(parsed: ipaddr.IPv4 | ipaddr.IPv6, range: string): string | null {
  const bytes = parsed.toByteArray()
  switch (range) {
    case 'ipv4Mapped':
    case 'rfc6145':
    case 'rfc6052':
      return bytes.slice(12).join('.')
    case '6to4':
      return bytes.slice(2, 6).join('.')
    default:
      return null
  }
}
