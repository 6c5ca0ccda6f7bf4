import { isIP, isIPv4, SocketAddress } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * The client's address. Behind `server.trusted_proxies` it comes from X-Forwarded-For; that header is
 * ignored from all other peers.
 */
export function addressOf({ ip, raw }: FastifyRequest): string {
  // Of a connection that was closed meanwhile neither has an address, though the type says so.
  const texts: readonly (string | undefined)[] = [ip, raw.socket.remoteAddress]
  return texts.map((text) => addressIn(text ?? '')).find((found) => found !== null) ?? 'unknown'
}

/**
 * An address in canonical form: IPv4 also where it was mapped to IPv6, and without the port that some
 * proxies add. Null: it is not an address.
 */
export function addressIn(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
  const version = isIP(bare)
  if (version === 0) return null
  if (version === 4) return bare
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  return address.replace(/^::ffff:(?=[\d.]+$)/, '')
}

/** The owner of one IPv6 address has 2^64 of them: the network is the first four groups. */
export function networkOf(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 4 - groups.length
  const zeros = Array.from({ length: Math.max(0, missing) }, () => '0')
  return `${[...groups, ...zeros].slice(0, 4).join(':')}::/64`
}
