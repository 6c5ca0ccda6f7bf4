import { nearest } from '../text/suggest.ts'

/**
 * The parameters of an address of PostgreSQL, as its own clients know them: `takes` are the only values
 * that are supported here, or that change nothing; without it any value is accepted. What would be dropped without a
 * word is refused: an address that requires more than it gets would connect unencrypted.
 */
interface Parameter {
  readonly takes?: readonly string[]
  /** Stands for it where the address does not say. */
  readonly env?: string
  /** What to do instead, where no value of it is taken. */
  readonly instead?: string
}

export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const

const takenOut = 'take it out'

const parameters: Readonly<Record<string, Parameter>> = {
  // Read here.
  user: {},
  password: {},
  host: {},
  port: {},
  dbname: {},
  application_name: {},
  options: {},
  // `no-verify` and `ssl` are what PostgreSQL's client for Node takes besides.
  sslmode: { takes: [...tlsModes, 'no-verify'], env: 'PGSSLMODE' },
  ssl: { takes: ['1', 'true', '0', 'false', 'no-verify'] },
  sslrootcert: { env: 'PGSSLROOTCERT' },
  sslcert: { env: 'PGSSLCERT' },
  sslkey: { env: 'PGSSLKEY' },
  sslpassword: {},
  sslnegotiation: { takes: ['postgres', 'direct'], env: 'PGSSLNEGOTIATION' },
  target_session_attrs: { takes: ['any', 'read-write', 'primary'], env: 'PGTARGETSESSIONATTRS' },
  // Without them nothing is lost: budan has deadlines of its own, and sets the encoding itself.
  connect_timeout: {},
  keepalives: {},
  keepalives_idle: {},
  keepalives_interval: {},
  keepalives_count: {},
  tcp_user_timeout: {},
  client_encoding: {},
  fallback_application_name: {},
  sslcompression: {},
  sslkeylogfile: {},
  krbsrvname: {},
  gsslib: {},
  max_protocol_version: {},
  uselibpqcompat: {},
  // Other values are not supported here.
  channel_binding: { takes: ['disable', 'prefer'], env: 'PGCHANNELBINDING' },
  gssencmode: { takes: ['disable', 'prefer'], env: 'PGGSSENCMODE' },
  gssdelegation: { takes: ['0'] },
  sslcertmode: { takes: ['allow'], env: 'PGSSLCERTMODE' },
  sslsni: { takes: ['1'], env: 'PGSSLSNI' },
  // Node.js takes nothing older than 1.2.
  ssl_min_protocol_version: {
    takes: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
    env: 'PGSSLMINPROTOCOLVERSION',
  },
  ssl_max_protocol_version: { takes: ['TLSv1.3'], env: 'PGSSLMAXPROTOCOLVERSION' },
  min_protocol_version: { takes: ['3.0'], env: 'PGMINPROTOCOLVERSION' },
  load_balance_hosts: { takes: ['disable'], env: 'PGLOADBALANCEHOSTS' },
  replication: { takes: ['0', 'false', 'off', 'no'] },
  // Not done at all.
  service: { takes: [], env: 'PGSERVICE', instead: 'write into the url what the service says' },
  servicefile: { takes: [], instead: 'write into the url what the service says' },
  passfile: { takes: [], instead: 'write the password into the url' },
  hostaddr: { takes: [], instead: 'write it as the host' },
  requirepeer: { takes: [], env: 'PGREQUIREPEER', instead: takenOut },
  require_auth: { takes: [], env: 'PGREQUIREAUTH', instead: takenOut },
  sslcrl: { takes: [], env: 'PGSSLCRL', instead: takenOut },
  sslcrldir: { takes: [], env: 'PGSSLCRLDIR', instead: takenOut },
  scram_client_key: { takes: [], instead: 'write the password into the url' },
  scram_server_key: { takes: [], instead: 'write the password into the url' },
  oauth_issuer: { takes: [], instead: takenOut },
  oauth_client_id: { takes: [], instead: takenOut },
  oauth_client_secret: { takes: [], instead: takenOut },
  oauth_scope: { takes: [], instead: takenOut },
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The values of an address, and where it is silent those of the environment. */
export interface Given {
  readonly query: URLSearchParams
  readonly env: Environment
}

/** Undefined: nobody says. An empty value says nothing, as clients have it. */
export function givenValue(name: string, { query, env }: Given): string | undefined {
  const variable = parameters[name]?.env
  return query.get(name) || (variable && env[variable]) || undefined
}

/** How a fault names it: by the one of the two that says it. */
export function placeOf(name: string, { query }: Given): string {
  const variable = parameters[name]?.env
  return query.get(name) || variable === undefined ? `its ${name}` : variable
}

/** Parameters that are unknown or not supported; null: none. Never contains a value that may be secret. */
export function parameterFault(given: Given): string | null {
  for (const name of given.query.keys()) {
    if (!Object.hasOwn(parameters, name)) return unknown(name)
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = givenValue(name, given)
    const { takes, instead } = parameter
    if (value === undefined || takes === undefined || takes.includes(value)) continue
    const place = placeOf(name, given)
    if (instead !== undefined) return `${place} is not done by budan: ${instead}`
    return `${place}${shownValue(value)} is not done by budan, which takes ${takes.join(', ')}`
  }
  return null
}

/** Its value may be a secret under a misspelt name, and stays unsaid. */
function unknown(name: string): string {
  if (!/^\w{1,40}$/.test(name)) return 'it has a parameter that no client of PostgreSQL knows'
  const near = nearest(name, Object.keys(parameters))
  const hint = near === null ? '' : `; did you mean ${near}?`
  return `its parameter ${name} is known to no client of PostgreSQL${hint}`
}

/** Of a parameter that holds no secret. */
function shownValue(value: string): string {
  return /^[\w.-]{1,40}$/.test(value) ? `=${value}` : ''
}
