import dns, { type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { addressKindOf, metadataWords } from '../../domain/webhooks/address-kind.ts'

/** No request is sent there, also if the configuration has the address. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
}

/**
 * The addresses of a name that may be connected to. It is called for each connection, after DNS: what a name
 * leads to may have changed since it was configured, and since the attempt before.
 */
export function guardedLookup({ isPlain }: { readonly isPlain: boolean }): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const allowed = found.filter(({ address }) => faultOf(address, { isPlain }) === null)
      const [first] = allowed
      if (first === undefined) return callback(forbidden(hostname, { found, isPlain }), [])
      if (options.all === true) return callback(null, allowed)
      callback(null, first.address, first.family)
    })
  }
}

/** The same for a host that is an address itself, for which nothing is looked up. Null: it may be connected to. */
export function hostFault(
  host: string,
  { isPlain }: { readonly isPlain: boolean },
): ForbiddenAddress | null {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  const fault = isIP(address) === 0 ? null : faultOf(address, { isPlain })
  return fault === null ? null : new ForbiddenAddress(`${address} ${fault}`)
}

function faultOf(address: string, { isPlain }: { readonly isPlain: boolean }): string | null {
  const kind = addressKindOf(address)
  if (kind === 'forbidden') return `is ${metadataWords}`
  return kind === 'public' && isPlain ? 'is a public address, which takes https' : null
}

function forbidden(
  hostname: string,
  { found, isPlain }: { readonly found: readonly LookupAddress[]; readonly isPlain: boolean },
): ForbiddenAddress {
  const [{ address } = { address: '-' }] = found
  const why = faultOf(address, { isPlain }) ?? 'is no address'
  return new ForbiddenAddress(`${hostname} leads to ${address}, which ${why}`)
}
