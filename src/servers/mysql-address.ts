import { decoded, partsOf } from './address-parts.ts'
import { readTlsFiles } from './tls-files.ts'

/** `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters for TLS of a PostgreSQL address. */
export interface MysqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Null: without TLS. */
  readonly tls: MysqlTls | null
}

/** As the client takes it. */
export interface MysqlTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  readonly rejectUnauthorized: boolean
  /** Whether the certificate must have the name of the host. */
  readonly verifyIdentity: boolean
}

const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const

const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword']

/** What is wrong with the address, of which `serverAddressFault` found nothing; null: nothing. */
export function mysqlAddressFault(address: string): string | null {
  const { hosts, path, query } = partsOf(address)
  if (hosts === '' || hosts.includes(',')) return 'must name one host: mysql://HOST:PORT/DATABASE'
  if (!/^\/[^/]+$/.test(path)) return 'names no database: mysql://HOST:PORT/DATABASE'
  const unknown = [...query.keys()].find((name) => !parameters.includes(name))
  if (unknown !== undefined) {
    const name = /^[\w-]{1,40}$/.test(unknown) ? `a parameter ${unknown}` : 'a parameter'
    return `has ${name}, and takes only ${parameters.join(', ')}`
  }
  const mode = query.get('sslmode')
  if (mode !== null && !tlsModes.some((each) => each === mode)) {
    return `has an sslmode that is none of ${tlsModes.join(', ')}`
  }
  if (mode === 'verify-ca' && !query.has('sslrootcert')) {
    return 'has sslmode verify-ca, which needs sslrootcert, the file of the CA'
  }
  return query.has('sslcert') === query.has('sslkey')
    ? null
    : 'has one of sslcert and sslkey: give both or neither'
}

/** Reads the files of certificates. */
export function readMysqlAddress(address: string): MysqlAddress {
  const { user, password, hosts, path, query } = partsOf(address)
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(hosts) ?? []
  return {
    host: decoded(host).replace(/^\[(.*)\]$/, '$1'),
    port: Number(port ?? 3306),
    user,
    password,
    database: decoded(path.slice(1)),
    tls: tlsOf(query),
  }
}

/** As for PostgreSQL: no parameter, no TLS; with a file of a CA the strictest mode. */
function tlsOf(query: URLSearchParams): MysqlTls | null {
  const given = (name: string) => query.get(name) ?? undefined
  const hasFiles = query.has('sslrootcert') || query.has('sslcert')
  const mode = query.get('sslmode') ?? (hasFiles ? 'verify-full' : 'disable')
  if (mode === 'disable') return null
  const ca = given('sslrootcert')
  const files = readTlsFiles({
    ca: ca === 'system' ? undefined : ca,
    cert: given('sslcert'),
    key: given('sslkey'),
    passphrase: given('sslpassword'),
  })
  const isFull = mode === 'verify-full'
  return {
    ...files,
    // As PostgreSQL has it: with a CA at hand, `require` verifies the certificate, and not its name.
    rejectUnauthorized: isFull || files.ca !== undefined,
    verifyIdentity: isFull,
  }
}
