import { decoded, ofOneHost, partsOf, plainHost, shape } from './address-parts.ts'
import { mysqlAddressFault } from './mysql-address.ts'
import { postgresAddressFault } from './postgres-address.ts'

/**
 * Addresses of servers, which may carry a password: what may be one, what of it may be shown, and
 * what in it is secret. `URL` takes `postgres://pw:123/Secret@h/db` for the host `pw`, so whatever
 * could be read in two ways is refused here, and nothing is shown before it has passed.
 */

const noUrl = 'is not a URL (a password may need percent-encoding)'

/**
 * What is wrong with the address of a PostgreSQL or Redis server; null: nothing. Says no part of it.
 * A blank is let through in the query alone, where PostgreSQL's client takes one.
 */
export function serverAddressFault(address: string): string | null {
  const [, , authority = '', path = '', query = ''] = shape.exec(address) ?? []
  const isWhole = shape.test(address) && URL.canParse(ofOneHost(address))
  const isTorn = (path + query).includes('@') || /[\s\p{Cc}]/u.test(authority + path)
  // A client would quietly take line ends and tabs out.
  return !isWhole || isTorn || /[\p{Cc}\u2028\u2029]/u.test(query) ? noUrl : null
}

/** What is wrong with the address of a database, embedded or a server's; null: nothing. Says no part of it. */
export function databaseAddressFault(address: string): string | null {
  if (/^postgres(ql)?:\/\//.test(address)) return postgresFault(address)
  if (address.startsWith('pglite:')) return directoryFault(address.slice('pglite:'.length))
  // Only names that everybody knows: another may be a part of a password.
  const scheme = knownScheme.exec(address)?.[1]
  const what = scheme === undefined ? `a value of ${address.length} characters` : `"${scheme}://…"`
  return `${what} is not a database: pglite:DIRECTORY, postgres://… or postgresql://…`
}

const knownScheme = /^(mysql|mariadb|mongodb|sqlite|sqlserver|rediss?|file|https?):\/\//

function postgresFault(address: string): string | null {
  return serverAddressFault(address) ?? postgresAddressFault(address)
}

/** What is wrong with the address of a shop's own database; null: nothing. Says no part of it. */
export function sourceAddressFault(address: string): string | null {
  if (/^postgres(ql)?:\/\//.test(address)) return postgresFault(address)
  if (/^(mysql|mariadb):\/\//.test(address)) {
    return serverAddressFault(address) ?? mysqlAddressFault(address)
  }
  return `a value of ${address.length} characters is not the url of a shop's database: mysql://… or postgres://…`
}

/** A directory is shown in many messages, so what stands in its place must be none that hides a password. */
function directoryFault(directory: string): string | null {
  if (directory === '') return '"pglite:" names no directory, like pglite:./data'
  const drive = /^[a-z]:[\\/]/i
  return mayHoldCredentials(directory.replace(drive, ''))
    ? 'names no directory after "pglite:", but what may hold a password'
    : null
}

/** What is wrong with the address of a proxy; null: nothing. Says no part of it. */
export function proxyAddressFault(address: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase()
  const isProxy = scheme === 'http' || scheme === 'https'
  if (!isProxy) return 'is not a proxy: http://HOST:PORT or https://HOST:PORT'
  const fault = serverAddressFault(address)
  if (fault !== null) return fault
  const { hostname, pathname, search } = new URL(address)
  return hostname === '' || pathname !== '/' || search !== ''
    ? 'must have a host and a port, and nothing behind them: http://HOST:PORT'
    : null
}

/** `http://proxy:3128`, for messages: without credentials, and only what is plain words. */
export function proxyName(address: string): string {
  if (proxyAddressFault(address) !== null) return 'http://…'
  const { protocol, host } = new URL(address)
  return plainHost.test(host) ? `${protocol}//${host}` : `${protocol}//…`
}

/** `postgres://host:5432/db`, for messages: without credentials and query, and only what is plain words. */
export function serverName(address: string): string {
  const scheme = /^(redis|mysql|mariadb)/.exec(address)?.[1] ?? 'postgres'
  if (serverAddressFault(address) !== null) return `${scheme}://…`
  const { hosts, path } = partsOf(address)
  if (!hosts.split(',').every((host) => plainHost.test(host))) return `${scheme}://…`
  return /^[\w./-]*$/.test(path) ? `${scheme}://${hosts}${path}` : `${scheme}://${hosts}/…`
}

/** What in an address nobody may read, in each form in which an error might quote it. */
export function secretsInAddress(address: string): readonly string[] {
  if (serverAddressFault(address) !== null) return []
  const { password } = new URL(ofOneHost(address))
  const raw = /:\/\/[^/?#]*?:([^/?#]*)@/.exec(address)?.[1] ?? ''
  const { user, hosts, path, query } = partsOf(address)
  const inQuery = [...query].filter(([name]) => /passw|secret/i.test(name))
  const given = [
    raw,
    password,
    decoded(password),
    decoded(raw),
    ...inQuery.map(([, value]) => value),
  ]
  // One that is also the name of the user or the database would blacken every message, and hides nothing.
  const shown = [address.split(':', 1)[0], user, hosts, path].join(' ')
  return given.filter((secret) => secret !== '' && !shown.includes(secret))
}

/** Whether a text is like a URL with credentials in it, whole or torn. */
export function mayHoldCredentials(text: string): boolean {
  return /:.*@/s.test(text) || /:\/\/.*:/s.test(text)
}
