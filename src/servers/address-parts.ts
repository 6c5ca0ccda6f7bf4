/** The first `/`, `?` or `#` after `://` ends the part that holds the credentials and the host. */
export const shape = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?$/

/** A name, an IPv4 or IPv6 address; none where a socket is named in the query. */
export const plainHost = /^([\w.-]*|\[[\da-f:.]+\])(:\d{1,5})?$/i

/**
 * PostgreSQL takes several hosts, each with its port, and none where the query names one; `URL` takes
 * one. Each host is looked at by itself: whatever is not plainly one stays, for `URL` to refuse.
 */
export function ofOneHost(address: string): string {
  const [, scheme = '', authority = '', path = '', query = ''] = shape.exec(address) ?? []
  if (!/^postgres(ql)?$/.test(scheme)) return address
  const at = authority.lastIndexOf('@') + 1
  const hosts = authority.slice(at).split(',')
  const isNamed = hosts.length > 1 && hosts.every((host) => host !== '' && plainHost.test(host))
  const isInQuery = authority.length === at && new URLSearchParams(query).has('host')
  if (!isNamed && !(isInQuery && at > 0)) return address
  return `${scheme}://${authority.slice(0, at)}${isNamed ? hosts[0] : 'localhost'}${path}${query}`
}

/** What an address of a server is made of, of which nothing is wrong. */
export interface AddressParts {
  readonly user: string
  readonly password: string
  /** As they are written: `h1:5432,h2` */
  readonly hosts: string
  readonly path: string
  readonly query: URLSearchParams
}

export function partsOf(address: string): AddressParts {
  const [, , authority = '', path = '', query = ''] = shape.exec(address) ?? []
  const at = authority.lastIndexOf('@')
  const [, user = '', password = ''] =
    /^([^:]*):?(.*)$/s.exec(authority.slice(0, Math.max(at, 0))) ?? []
  return {
    user: decoded(user),
    password: decoded(password),
    hosts: authority.slice(at + 1),
    path,
    query: new URLSearchParams(query),
  }
}

/** What is no percent-encoding stays, as clients have it. */
export function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
}
