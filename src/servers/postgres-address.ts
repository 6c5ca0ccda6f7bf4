import { readFileSync } from 'node:fs'
import type { ClientConfig } from 'pg'
import { decoded, partsOf } from './address-parts.ts'

/** What an address of PostgreSQL says, by the rules of PostgreSQL's own clients. */
export interface PostgresAddress {
  /** In the order in which they are tried; none: what the environment says, or localhost. */
  readonly hosts: readonly PostgresHost[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly applicationName: string | undefined
  readonly options: string | undefined
  /** What `options` says of the search path, and of the isolation of transactions. */
  readonly searchPath: string | null
  readonly isolation: string | null
  readonly needs: SessionNeed
  /** Undefined: what the environment says (PGSSLMODE), or none. */
  readonly tls: TlsMode | undefined
  readonly files: TlsFiles
  readonly directTls: boolean
}

export interface PostgresHost {
  /** A name, an IP, or the directory of a socket. */
  readonly host: string
  readonly port: number | undefined
}

/** Which of several hosts will do: `any` that answers, or one that can be written to. */
export type SessionNeed = 'any' | 'read-write'

export type TlsMode = (typeof tlsModes)[number]
const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly passphrase: string | undefined
}

export function readPostgresAddress(address: string): PostgresAddress {
  const { user, password, hosts, path, query } = partsOf(address)
  const given = (name: string) => query.get(name) || undefined
  const options = given('options')
  const found = hostsOf({ hosts, host: given('host'), port: given('port') })
  return {
    hosts: found,
    user: given('user') ?? (user || undefined),
    password: given('password') ?? (password || undefined),
    database: given('dbname') ?? (decoded(path.slice(1)) || undefined),
    applicationName: given('application_name'),
    options,
    searchPath: optionIn(options, 'search_path'),
    isolation: optionIn(options, 'default_transaction_isolation'),
    needs: needOf(given('target_session_attrs'), found),
    tls: tlsModeOf(query),
    files: {
      ca: given('sslrootcert') === 'system' ? undefined : given('sslrootcert'),
      cert: given('sslcert'),
      key: given('sslkey'),
      passphrase: given('sslpassword'),
    },
    directTls: given('sslnegotiation') === 'direct',
  }
}

/** What no connection could be made by, or would do something else than was written; null: nothing. */
export function postgresAddressFault(address: string): string | null {
  const { query } = partsOf(address)
  const mode = query.get('sslmode')
  if (mode !== null && mode !== 'no-verify' && !isTlsMode(mode)) {
    return `its sslmode is none of ${tlsModes.join(', ')}`
  }
  if (mode === 'verify-ca' && !query.get('sslrootcert')) {
    return 'its sslmode verify-ca needs sslrootcert, the file of the CA'
  }
  const needs = query.get('target_session_attrs')
  if (needs !== null && !(needs in needsByName)) {
    return `its target_session_attrs is none of ${Object.keys(needsByName).join(', ')}: budan writes`
  }
  const { hosts } = partsOf(address)
  const ports = (query.get('port') ?? '').split(',').length
  const count = (query.get('host') ?? hosts).split(',').length
  return ports > 1 && ports !== count ? 'it has not as many ports as hosts' : null
}

const needsByName: Readonly<Record<string, SessionNeed>> = {
  any: 'any',
  'read-write': 'read-write',
  primary: 'read-write',
}

/** Of several hosts the one is meant that can be written to, unless it is said otherwise. */
function needOf(name: string | undefined, hosts: readonly unknown[]): SessionNeed {
  return needsByName[name ?? ''] ?? (hosts.length > 1 ? 'read-write' : 'any')
}

function hostsOf(given: {
  readonly hosts: string
  readonly host: string | undefined
  readonly port: string | undefined
}): readonly PostgresHost[] {
  const ports = (given.port ?? '').split(',').map((port) => Number(port) || undefined)
  const portAt = (at: number) => ports[ports.length === 1 ? 0 : at]
  if (given.host !== undefined) {
    return given.host.split(',').map((host, at) => ({ host, port: portAt(at) }))
  }
  return given.hosts
    .split(',')
    .filter((text) => text !== '')
    .map((text, at) => {
      const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? []
      const bare = decoded(host).replace(/^\[(.*)\]$/, '$1')
      return { host: bare, port: port === undefined ? portAt(at) : Number(port) }
    })
}

/** `ssl` is what PostgreSQL's client for Node takes besides. */
function tlsModeOf(query: URLSearchParams): TlsMode | undefined {
  const mode = query.get('sslmode')
  if (mode === 'no-verify') return 'require'
  if (mode !== null && isTlsMode(mode)) return mode
  const ssl = query.get('ssl')
  if (ssl === 'no-verify') return 'require'
  if (ssl === '0' || ssl === 'false') return 'disable'
  const isWanted = ssl === '1' || ssl === 'true' || query.get('sslnegotiation') === 'direct'
  return isWanted || query.get('sslrootcert') || query.get('sslcert') ? 'verify-full' : undefined
}

function isTlsMode(text: string): text is TlsMode {
  return tlsModes.some((mode) => mode === text)
}

/** `-c NAME=VALUE` or `--NAME=VALUE`; a backslash stands before a blank that is meant. */
function optionIn(options: string | undefined, name: string): string | null {
  const given = (options ?? '').matchAll(/(?:-c\s*|--)([\w.-]+)=((?:\\.|[^\s\\])*)/g)
  const said = [...given].findLast(([, key]) => key?.replaceAll('-', '_').toLowerCase() === name)
  return said?.[2]?.replaceAll(/\\(.)/g, '$1') || null
}

/** One way to connect: a host, with or without TLS. */
export interface Way {
  /** For messages. */
  readonly host: string
  readonly config: ClientConfig
  /** Only where the way before it said that its server has no TLS. */
  readonly isFallback: boolean
}

/** In the order in which they are tried. Reads the files of certificates. */
export function waysOf(address: PostgresAddress): readonly Way[] {
  const { hosts, tls } = address
  const common = commonConfig(address)
  if (hosts.length === 0)
    return [{ host: '', config: { ...common, ...tlsOf(address, '') }, isFallback: false }]
  return hosts.flatMap(({ host, port }): readonly Way[] => {
    const config = { ...common, host, ...(port && { port }) }
    const name = port === undefined ? host : `${host}:${port}`
    const way = { host: name, config: { ...config, ...tlsOf(address, host) }, isFallback: false }
    if (tls !== 'prefer' || host.startsWith('/')) return [way]
    return [way, { host: name, config: { ...config, ssl: false }, isFallback: true }]
  })
}

function commonConfig(address: PostgresAddress): ClientConfig {
  const { user, password, database, options, applicationName, directTls } = address
  return {
    application_name: applicationName ?? 'budan',
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(options !== undefined && { options }),
    ...(directTls && { sslnegotiation: 'direct' as const }),
  }
}

/** A socket of this machine needs none, and its server offers none. */
function tlsOf({ tls, files }: PostgresAddress, host: string): Pick<ClientConfig, 'ssl'> {
  if (tls === 'disable' || host.startsWith('/')) return { ssl: false }
  if (tls === undefined) return {}
  const read = (path: string | undefined) => path && readFileSync(path, 'utf8')
  const given = {
    ca: read(files.ca),
    cert: read(files.cert),
    key: read(files.key),
    passphrase: files.passphrase,
  }
  const ssl = Object.fromEntries(Object.entries(given).filter(([, value]) => value))
  if (tls === 'verify-full') return { ssl }
  // As PostgreSQL has it: with a CA at hand, `require` verifies the certificate, and not its name.
  if (files.ca === undefined || tls === 'prefer')
    return { ssl: { ...ssl, rejectUnauthorized: false } }
  return { ssl: { ...ssl, checkServerIdentity: () => undefined } }
}
