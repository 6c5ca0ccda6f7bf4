import { BlockList, isIP } from 'node:net'
import { shown } from './values.ts'

export function proxyFault(value: string): string | null {
  const network = networkIn(value)
  if (network === null) return `${shown(value)} is not an IP address or a CIDR, like 10.0.0.0/8`
  // If every address were trusted, any client could forge its own address.
  return network.bits === 0 ? `${shown(value)} is everybody: name your own proxies` : null
}

interface Network {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  readonly bits: number
}

function networkIn(text: string): Network | null {
  const [, address = '', bitsText] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  if (version === 0) return null
  const most = version === 4 ? 32 : 128
  const bits = bitsText === undefined ? most : Number(bitsText)
  return bits > most ? null : { address, family: version === 4 ? 'ipv4' : 'ipv6', bits }
}

/**
 * Returns a test of whether an address is one of the proxies. Throws for an entry with a `proxyFault`.
 */
export function proxiesOf(list: readonly string[]): (address: string) => boolean {
  const networks = new BlockList()
  for (const each of list) {
    const network = networkIn(each.trim())
    if (network === null) throw new TypeError(`Cannot trust the proxy ${shown(each)}`)
    networks.addSubnet(network.address, network.bits, network.family)
  }
  return (address) => {
    const version = isIP(address)
    // `check` also finds an IPv4 address in its IPv6 form among the IPv4 networks.
    return version !== 0 && networks.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}
