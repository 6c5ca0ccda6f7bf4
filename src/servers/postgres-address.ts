import type { ClientConfig } from 'pg'
import { decoded, partsOf } from './address-parts.ts'
import {
  type Environment,
  type Given,
  givenValue,
  parameterFault,
  placeOf,
  tlsModes,
} from './postgres-parameters.ts'
import { readTlsFiles, type TlsFiles } from './tls-files.ts'

/**
 * What an address of PostgreSQL says, by the rules of PostgreSQL's own clients: where it is silent, the
 * environment has its say (PGHOST, PGSSLMODE, …).
 */
export interface PostgresAddress {
  /** In the order in which they are tried; at least one. */
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
  readonly tls: TlsMode
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

export function readPostgresAddress(
  address: string,
  env: Environment = process.env,
): PostgresAddress {
  const { user, password, hosts, path, query } = partsOf(address)
  const given = (name: string) => givenValue(name, { query, env })
  const options = given('options')
  const ca = given('sslrootcert')
  const found = hostsOf({ hosts, query, env })
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
    tls: tlsModeOf({ query, env }),
    files: {
      ca: ca === systemCas ? undefined : ca,
      cert: given('sslcert'),
      key: given('sslkey'),
      passphrase: given('sslpassword'),
    },
    directTls: given('sslnegotiation') === 'direct',
  }
}

/** In the place of a file: those that this machine trusts. */
const systemCas = 'system'

/** What no connection could be made by, or would do something else than was written; null: nothing. */
export function postgresAddressFault(
  address: string,
  env: Environment = process.env,
): string | null {
  const { query, hosts } = partsOf(address)
  const fault = parameterFault({ query, env }) ?? tlsFault({ query, env })
  if (fault !== null) return fault
  const ports = (query.get('port') ?? '').split(',').length
  const count = (query.get('host') ?? hosts).split(',').length
  return ports > 1 && ports !== count ? 'it has not as many ports as hosts' : null
}

/** Parameters that weaken or need one another. */
function tlsFault(given: Given): string | null {
  const mode = tlsModeOf(given)
  const said = (name: string) => givenValue(name, given)
  if (mode === 'verify-ca' && said('sslrootcert') === undefined) {
    return `${placeOf('sslmode', given)} verify-ca needs sslrootcert, the file of the CA`
  }
  if (said('sslrootcert') === systemCas && mode !== 'verify-full' && mode !== 'disable') {
    return `${placeOf('sslrootcert', given)}=system needs sslmode=verify-full`
  }
  if (said('sslnegotiation') === 'direct' && (mode === 'disable' || mode === 'prefer')) {
    return `${placeOf('sslnegotiation', given)}=direct needs TLS: write sslmode=verify-full`
  }
  const [cert, key] = [said('sslcert'), said('sslkey')]
  if (cert !== undefined && key === undefined) {
    return `${placeOf('sslcert', given)} needs sslkey, the file of its key`
  }
  return cert === undefined && key !== undefined
    ? `${placeOf('sslkey', given)} needs sslcert, the file of its certificate`
    : null
}

/** Of several hosts the one is meant that can be written to, unless it is said otherwise. */
function needOf(name: string | undefined, hosts: readonly unknown[]): SessionNeed {
  if (name !== undefined) return name === 'any' ? 'any' : 'read-write'
  return hosts.length > 1 ? 'read-write' : 'any'
}

function hostsOf({
  hosts,
  query,
  env,
}: Given & { readonly hosts: string }): readonly PostgresHost[] {
  const isSilent = hosts === '' && !query.get('host')
  const named = query.get('host') || (isSilent ? env.PGHOST || 'localhost' : undefined)
  const ports = (query.get('port') || env.PGPORT || '').split(',')
  const portAt = (at: number) => Number(ports[ports.length === 1 ? 0 : at]) || undefined
  if (named !== undefined) {
    return named.split(',').map((host, at) => ({ host, port: portAt(at) }))
  }
  return hosts
    .split(',')
    .filter((text) => text !== '')
    .map((text, at) => {
      const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? []
      const bare = decoded(host).replace(/^\[(.*)\]$/, '$1')
      return { host: bare, port: port === undefined ? portAt(at) : Number(port) }
    })
}

/** Without TLS parameters there is no TLS; with certificates the strictest mode. */
function tlsModeOf(given: Given): TlsMode {
  const { query } = given
  const ssl = query.get('ssl')
  const mode = query.get('sslmode') || sslModes[ssl ?? ''] || givenValue('sslmode', given)
  if (mode === 'no-verify') return 'require'
  if (mode !== undefined && isTlsMode(mode)) return mode
  const hasCertificates =
    givenValue('sslnegotiation', given) === 'direct' ||
    ['sslrootcert', 'sslcert'].some((name) => givenValue(name, given) !== undefined)
  return hasCertificates ? 'verify-full' : 'disable'
}

/** What `ssl` of PostgreSQL's client for Node means. */
const sslModes: Readonly<Record<string, TlsMode>> = {
  'no-verify': 'require',
  '0': 'disable',
  false: 'disable',
  '1': 'verify-full',
  true: 'verify-full',
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
  return hosts.flatMap(({ host, port }): readonly Way[] => {
    const config = { ...common, host, ...(port && { port }), ...tlsOf(address, host) }
    const name = port === undefined ? host : `${host}:${port}`
    const way = { host: name, config, isFallback: false }
    if (tls !== 'prefer' || host.startsWith('/')) return [way]
    return [way, { host: name, config: { ...config, ssl: false }, isFallback: true }]
  })
}

function commonConfig(address: PostgresAddress): ClientConfig {
  const { user, password, database, options, applicationName } = address
  return {
    application_name: applicationName ?? 'budan',
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(options !== undefined && { options }),
  }
}

/**
 * A socket of this machine needs none, and its server offers none. All is said, or the client would
 * look into the environment by itself, where it reads PGSSLMODE otherwise than PostgreSQL does.
 */
function tlsOf(
  { tls, files, directTls }: PostgresAddress,
  host: string,
): Pick<ClientConfig, 'ssl' | 'sslnegotiation'> {
  if (tls === 'disable' || host.startsWith('/')) return { ssl: false, sslnegotiation: 'postgres' }
  const sslnegotiation = directTls ? 'direct' : 'postgres'
  const ssl = readTlsFiles(files)
  if (tls === 'verify-full') return { ssl, sslnegotiation }
  // As PostgreSQL has it: with a CA at hand, `require` verifies the certificate, and not its name.
  if (files.ca === undefined || tls === 'prefer')
    return { ssl: { ...ssl, rejectUnauthorized: false }, sslnegotiation }
  return { ssl: { ...ssl, checkServerIdentity: () => undefined }, sslnegotiation }
}
