import { RemediedError } from './remedied-error.ts'

/** Where another program's tables have the names of ours. */
export const takenRemedy =
  'name a schema for budan alone: add ?options=-c%20search_path%3DSCHEMA to the url'

/** Where a database can be read from alone. */
export const readOnlyRemedy =
  'name the primary in the url, or let it be written to (default_transaction_read_only)'

/**
 * What to do about what a server of PostgreSQL, a pooler in front of it, their client or the system
 * said: by SQLSTATE or code, and where one code is said for several causes by the routine that said it,
 * which no server translates: `53300 CheckMyDatabase: `, before the message. By the words of the message
 * only where these are all there is; a server may say them in any language, so what it says of a code in
 * other words has a row as well. The first that fits.
 */
type Remedy = readonly [said: RegExp, remedy: string]

const noRole = 'correct the user in the url, or create it: CREATE ROLE … LOGIN'
const noDatabase =
  "correct the database's name in the url, or create it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"

const way: readonly Remedy[] = [
  [/^ENOTFOUND\b/, 'no such host is known: correct its name in the url'],
  [/^EAI_/, 'no DNS server answers: see to the network of this machine'],
  [/^ECONNREFUSED\b/, 'nobody listens there: start PostgreSQL, or correct host and port'],
  [/^E(HOST|NET)UNREACH\b/, 'no way leads there: see to the network, and correct the host'],
  [
    /(^ECONNRESET\b|^none\b).*(Connection terminated unexpectedly|ECONNRESET)/s,
    'the server, or something on the way, hung up: its log may say why',
  ],
  [
    /^ENOENT\b.*connect ENOENT/s,
    'no server has its socket there: start PostgreSQL, or correct host and port',
  ],
  [/^EACCES\b.*connect EACCES/s, 'this user may not use its socket: see unix_socket_permissions'],
  [
    /^none\b.*Query read timeout/s,
    'it took the connection, and does not answer: see its log, and of a pooler whether its PostgreSQL is up',
  ],
  [
    /^(ETIMEDOUT|none)\b.*(ETIMEDOUT|timeout expired|due to connection timeout|exceeded when trying to connect|no answer within)/s,
    'it takes no connection in time: a firewall may drop what is sent there, or it has no time for us',
  ],
  [
    /^none\b.*received invalid response/s,
    'what listens there is no PostgreSQL: correct host and port',
  ],
  [
    /^none\b.*error establishing an SSL connection/s,
    'what listens there is no PostgreSQL: correct host and port',
  ],
  [/^(EMFILE|ENFILE)\b/, 'too many files are open here: allow more (ulimit -n, LimitNOFILE)'],
]

/** An alert is what the other side says: of our own certificate, or of TLS as such. */
const alerts: readonly Remedy[] = [
  [
    /alert certificate expired/,
    'our own certificate has ended: put a new one in the file of sslcert',
  ],
  [/alert certificate revoked/, 'our own certificate was revoked: sslcert needs a new one'],
  [
    /alert unknown ca/,
    'it does not know the CA of our own certificate: add that CA to ssl_ca_file there, or name another sslcert',
  ],
  [
    /alert certificate required/,
    'it wants a certificate of ours: name one in sslcert and its key in sslkey',
  ],
  [
    /alert protocol version|unsupported protocol/,
    'it speaks no TLS that is taken here (1.2 or 1.3): see ssl_min_protocol_version and ssl_max_protocol_version there',
  ],
  [/alert/, 'it ended TLS, as a rule for our own certificate (sslcert): its log says why'],
]

const tls: readonly Remedy[] = [
  [
    /^28000\b.*(no encryption|SSL off)/s,
    'no line of its pg_hba.conf lets this user in without TLS: add sslmode=verify-full to the url; if that is refused too, add a line there',
  ],
  [
    /^28000\b.*valid client certificate/s,
    'it wants a certificate of ours: name one in sslcert and its key in sslkey',
  ],
  [
    /^28000\b.*certificate authentication failed/s,
    'our own certificate is for another user: its CN must be the user in the url, or be mapped in pg_ident.conf',
  ],
  [
    /^(ECONNRESET|none)\b.*before secure TLS connection/s,
    'it hung up as TLS began: its log may say why; sslnegotiation=direct needs PostgreSQL 17',
  ],
  [/does not support SSL/, 'it offers no TLS: set ssl = on there, or leave sslmode out of the url'],
  [
    /ALTNAME/,
    'its certificate is for other names: connect by one of those, or write sslmode=verify-ca',
  ],
  [/^CERT_HAS_EXPIRED\b/, 'its certificate has ended: it needs a new one'],
  [
    /^CERT_NOT_YET_VALID\b/,
    'its certificate has not begun: this machine or the one that made it has a wrong clock',
  ],
  [
    /(CERT|SIGNATURE|UNABLE_TO).*certificate/s,
    'nobody whom this machine trusts vouches for its certificate: name the CA in sslrootcert',
  ],
  [
    /^(ENOENT|EACCES|EISDIR)\b.*(\bopen '|read)/s,
    'a file that the url names (sslrootcert, sslcert, sslkey) cannot be read: correct its path',
  ],
  [
    /^ERR_(OSSL|SSL)_.*(PEM|no start line|bad base64|unsupported)/is,
    'a file that the url names (sslrootcert, sslcert, sslkey) holds no PEM: take the right one',
  ],
]

const pooler: readonly Remedy[] = [
  [
    /^(08P01|XX000)\b.*no such database/s,
    'PgBouncer knows no such database: add it to [databases] there, or correct the url',
  ],
  [
    /^(08P01|XX000)\b.*no such user/s,
    'PgBouncer knows no such user: add it to its auth_file, or correct the url',
  ],
  [
    /^(08P01|58000)\b.*query_wait_timeout/s,
    'the pooler has no session to give: raise default_pool_size in PgBouncer',
  ],
  [
    /^(08P01|58000)\b.*(server login (has been )?fail|server_login_retry|cannot connect to server)/s,
    'the pooler itself is not let in by PostgreSQL: its log says why',
  ],
  [
    /^(08P01|58000)\b.*unsupported startup parameter/s,
    'the pooler in front of it refuses what the url sets in options: take it out of the url, or add it to ignore_startup_parameters in PgBouncer',
  ],
  [
    /^08P01\b.*max_client_conn/s,
    'the pooler has no room for more connections: raise max_client_conn in PgBouncer',
  ],
  [/^08P01\b.*SSL required/s, 'the pooler wants TLS: add sslmode=verify-full to the url'],
  [
    /^08P01\b.*(login rejected|"trust" authentication failed)/s,
    'the pooler does not let this user in from here: see auth_type and auth_hba_file in PgBouncer',
  ],
  [
    /^08P01\b.*((password|SASL) authentication failed)/s,
    'the pooler does not take user or password of the url: correct them, or see auth_file in PgBouncer',
  ],
  [/^08P01\b.*shutting down/s, 'it is about to stop: start it again'],
  [/^08P01\b.*database .* does not exist/s, noDatabase],
  [/^08P01\b.*role .* does not exist/s, noRole],
]

const entry: readonly Remedy[] = [
  [/^28P01\b/, 'user or password in the url is wrong'],
  [/^none\b.*client password must be a string/s, 'it wants a password, and the url has none'],
  [
    /^none\b.*client password must be a non-empty string/s,
    'it wants a password, and that of the url is empty',
  ],
  [/^28000\b.*role .* does not exist/s, noRole],
  [/^28000\b.*not permitted to log in/s, 'let it: ALTER ROLE … LOGIN'],
  [
    /^28000 InitializeSessionUserId\b/,
    'there is no such user, or it may not log in: correct it in the url, or run CREATE ROLE or ALTER ROLE … LOGIN',
  ],
  [
    /^28000\b.*pg_hba\.conf/s,
    'no line of pg_hba.conf on the server lets this user in from here: add one',
  ],
  [
    /^28000\b/,
    'it does not let this user in: see the line of its pg_hba.conf for this user, and its log',
  ],
  [/^3D000\b/, noDatabase],
  [/^42501\b.*for database/s, 'let its owner run GRANT CONNECT ON DATABASE … TO this user'],
  [/^42501\b.*for schema/s, 'let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user'],
  [
    /^42501\b.*must be owner/s,
    'let the owner of the tables run budan migrate, or give them to this user (ALTER … OWNER TO)',
  ],
  [
    /^42501\b.*(for (table|relation|view))/s,
    'let the owner of the tables run `budan migrate --grants` for this user; of a table that is not of budan, let its owner grant it',
  ],
  [/^42501\b.*for sequence/s, 'let its owner run GRANT USAGE ON SEQUENCE … TO this user'],
  [/^42501\b.*for function/s, 'let its owner run GRANT EXECUTE ON FUNCTION … TO this user'],
  [/^42501 CheckMyDatabase\b/, 'let its owner run GRANT CONNECT ON DATABASE … TO this user'],
  [/^42501\b/, 'this user lacks a right: let the owner of what is named grant it'],
]

const ofThisUser =
  'this user has no more connections: ALTER ROLE … CONNECTION LIMIT, or have others give theirs back'
const ofThisDatabase =
  'this database has no more connections: ALTER DATABASE … CONNECTION LIMIT, or have others give theirs back'

const state: readonly Remedy[] = [
  [/^53300 InitializeSessionUserId\b/, ofThisUser],
  [/^53300\b.*connections for role/s, ofThisUser],
  [/^53300 CheckMyDatabase\b/, ofThisDatabase],
  [/^53300\b.*connections for database/s, ofThisDatabase],
  [
    /^53300\b/,
    'it has no room for more connections: raise max_connections there, or have others give theirs back',
  ],
  [/^57P03\b.*starting up/s, 'it is still starting: try again in a minute'],
  [/^57P03\b.*shutting down/s, 'it is about to stop: start it again'],
  [
    /^57P03\b.*(in recovery mode|not yet accepting)/s,
    'it is recovering, as after a crash: try again in a minute',
  ],
  [
    /^57P03\b.*is not accepting/s,
    'it is a standby that lets nobody read (hot_standby): name the primary in the url',
  ],
  [
    /^57P03\b/,
    'it takes no connections now: it starts, recovers, stops, or is a standby; try again in a minute',
  ],
  [/^57P0[12]\b/, 'its administrator ended the connection: try again'],
  [/^25006\b/, `it is read-only: ${readOnlyRemedy}`],
  // Of the queue's server.
  [/^none : it is read-only$/, readOnlyRemedy],
  [/^none\b.*what the queue needs/s, 'name the address of PostgreSQL itself in engine.url'],
  [/^53100\b/, 'make room on its disk'],
  [/^53200\b/, 'the server is out of memory: give it more'],
  [
    /^(57014)\b.*statement timeout/s,
    'it took longer than it may: see what holds the database up (pg_stat_activity)',
  ],
  [
    /^57014\b/,
    'it was ended there, by a time limit or by a person: see what holds the database up (pg_stat_activity)',
  ],
  // A table, type, function or schema of that name.
  [/^42(P07|710|723|P06)\b/, takenRemedy],
  [/^55P03\b/, 'another transaction holds the lock: see which (pg_stat_activity, pg_locks)'],
]

const remedies: readonly Remedy[] = [...way, ...alerts, ...tls, ...pooler, ...entry, ...state]

/** Null: none is known. */
export function remedyFor(error: unknown, message: string): string | null {
  if (error instanceof RemediedError) return error.remedy
  const code = textIn(error, 'code') ?? 'none'
  const said = `${code} ${textIn(error, 'routine') ?? ''}: ${message}`
  return remedies.find(([pattern]) => pattern.test(said))?.[1] ?? null
}

function textIn(error: unknown, field: 'code' | 'routine'): string | null {
  const fields = error as { readonly [name in typeof field]?: unknown } | null | undefined
  const value = error instanceof Error ? fields?.[field] : null
  return typeof value === 'string' ? value : null
}

/** Of a name with several addresses, what each of them said. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  const parts = error instanceof AggregateError ? error.errors.map(wordsOf) : []
  return parts.join(', ') || String(error)
}
