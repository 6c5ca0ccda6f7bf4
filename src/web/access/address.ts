import { isIP, isIPv4, SocketAddress } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * Where a request comes from. Behind `server.trusted_proxies` that is what they say in
 * X-Forwarded-For; what anybody else says there is not looked at.
 */
export function addressOf({ ip, raw }: FastifyRequest): string {
  return addressIn(ip) ?? addressIn(raw.socket.remoteAddress ?? '') ?? 'unknown'
}

/**
 * An address in its one spelling: IPv4 in its own also where it came as IPv6, and without the port
 * that some proxies add. Null: it is none.
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

/** In IPv6, whoever has one address has 2^64 of them: the first four groups. */
export function networkOf(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 4 - groups.length
  const zeros = Array.from({ length: Math.max(0, missing) }, () => '0')
  return `${[...groups, ...zeros].slice(0, 4).join(':')}::/64`
}
