/** Where a database can be read from alone. */
export const readOnlyRemedy =
  'name the primary in the url, or let it be written to (default_transaction_read_only)'

/**
 * What to do about what a server of PostgreSQL, a pooler in front of it, their client or the system
 * said: by SQLSTATE or code, and by the words where one code is said for several causes. The first that
 * fits.
 */
type Remedy = readonly [code: RegExp, message: RegExp, remedy: string]

const any = /./

const way: readonly Remedy[] = [
  [/^ENOTFOUND$/, any, 'no such host is known: correct its name in the url'],
  [/^EAI_/, any, 'no DNS server answers: see to the network of this machine'],
  [/^ECONNREFUSED$/, any, 'nobody listens there: start PostgreSQL, or correct host and port'],
  [/^E(HOST|NET)UNREACH$/, any, 'no way leads there: see to the network, and correct the host'],
  [
    /^ECONNRESET$|^none$/,
    /Connection terminated unexpectedly|ECONNRESET/,
    'the server, or something on the way, hung up: its log may say why',
  ],
  [
    /^ENOENT$/,
    /connect ENOENT/,
    'no server has its socket there: start PostgreSQL, or correct host and port',
  ],
  [/^EACCES$/, /connect EACCES/, 'this user may not use its socket: see unix_socket_permissions'],
  [
    /^(ETIMEDOUT|none)$/,
    /ETIMEDOUT|timeout expired|due to connection timeout|exceeded when trying to connect/,
    'it takes no connection in time: a firewall may drop what is sent there, or it has no time for us',
  ],
  [
    /^none$/,
    /received invalid response/,
    'what listens there is no PostgreSQL: correct host and port',
  ],
  [
    /^none$/,
    /error establishing an SSL connection/,
    'what listens there is no PostgreSQL: correct host and port',
  ],
  [/^(EMFILE|ENFILE)$/, any, 'too many files are open here: allow more (ulimit -n, LimitNOFILE)'],
]

const tls: readonly Remedy[] = [
  [
    /^28000$/,
    /no encryption|SSL off/,
    'no line of its pg_hba.conf lets this user in without TLS: add sslmode=verify-full to the url; if that is refused too, add a line there',
  ],
  [
    any,
    /does not support SSL/,
    'it offers no TLS: set ssl = on there, or leave sslmode out of the url',
  ],
  [
    /ALTNAME/,
    any,
    'its certificate is for other names: connect by one of those, or write sslmode=verify-ca',
  ],
  [/^CERT_HAS_EXPIRED$/, any, 'its certificate has ended: it needs a new one'],
  [
    /^CERT_NOT_YET_VALID$/,
    any,
    'its certificate has not begun: this machine or the one that made it has a wrong clock',
  ],
  [
    /CERT|SIGNATURE|UNABLE_TO/,
    /certificate/,
    'nobody whom this machine trusts vouches for its certificate: name the CA in sslrootcert',
  ],
  [
    /^(ENOENT|EACCES|EISDIR)$/,
    /\bopen '|read/,
    'a file that the url names (sslrootcert, sslcert, sslkey) cannot be read: correct its path',
  ],
  [
    /^ERR_(OSSL|SSL)_/,
    /PEM|no start line|bad base64|unsupported/i,
    'a file that the url names (sslrootcert, sslcert, sslkey) holds no PEM: take the right one',
  ],
]

const entry: readonly Remedy[] = [
  [/^28P01$/, any, 'user or password in the url is wrong'],
  [/^none$/, /client password must be a string/, 'it wants a password, and the url has none'],
  [
    /^none$/,
    /client password must be a non-empty string/,
    'it wants a password, and that of the url is empty',
  ],
  [
    /^28000$/,
    /role .* does not exist/,
    'correct the user in the url, or create it: CREATE ROLE … LOGIN',
  ],
  [/^28000$/, /not permitted to log in/, 'let it: ALTER ROLE … LOGIN'],
  [
    /^28000$/,
    /pg_hba\.conf/,
    'no line of pg_hba.conf on the server lets this user in from here: add one',
  ],
  [
    /^3D000$/,
    any,
    "correct the database's name in the url, or create it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
  ],
  [
    /^(08P01|XX000)$/,
    /no such database/,
    'PgBouncer knows no such database: add it to [databases] there, or correct the url',
  ],
  [
    /^(08P01|XX000)$/,
    /no such user/,
    'PgBouncer knows no such user: add it to its auth_file, or correct the url',
  ],
  [
    /^(08P01|58000)$/,
    /query_wait_timeout/,
    'the pooler has no session to give: raise default_pool_size in PgBouncer',
  ],
  [
    /^(08P01|58000)$/,
    /server login (has been )?fail|server_login_retry|cannot connect to server/,
    'the pooler itself is not let in by PostgreSQL: its log says why',
  ],
  [
    /^(08P01|58000)$/,
    /unsupported startup parameter/,
    'the pooler in front of it refuses what the url asks for in options: take it out of the url, or add it to ignore_startup_parameters in PgBouncer',
  ],
  [/^42501$/, /for database/, 'let its owner run GRANT CONNECT ON DATABASE … TO this user'],
  [/^42501$/, /for schema/, 'let its owner run GRANT USAGE, CREATE ON SCHEMA … TO this user'],
  [
    /^42501$/,
    /must be owner/,
    'let the owner of the tables run budan migrate, or give them to this user (ALTER … OWNER TO)',
  ],
  [
    /^42501$/,
    any,
    'let the owner of the tables grant this user SELECT, INSERT, UPDATE and DELETE on them',
  ],
]

const state: readonly Remedy[] = [
  [
    /^53300$/,
    any,
    'it has no room for more connections: raise max_connections there, or have others give theirs back',
  ],
  [/^57P03$/, /starting up/, 'it is still starting: try again in a minute'],
  [/^57P03$/, /shutting down/, 'it is about to stop: start it again'],
  [
    /^57P03$/,
    /recovery|standby/,
    'it is a standby that lets nobody read (hot_standby): name the primary in the url',
  ],
  [/^57P0[12]$/, any, 'its administrator ended the connection: try again'],
  [/^25006$/, any, `it is read-only: ${readOnlyRemedy}`],
  // Of the queue's server.
  [/^none$/, /^it is read-only$/, readOnlyRemedy],
  [/^none$/, /what the queue needs/, 'name the address of PostgreSQL itself in engine.url'],
  [/^53100$/, any, 'make room on its disk'],
  [/^53200$/, any, 'the server is out of memory: give it more'],
  [
    /^(57014)$/,
    /statement timeout/,
    'it took longer than it may: see what holds the database up (pg_stat_activity)',
  ],
  [/^55P03$/, any, 'another transaction holds the lock: see which (pg_stat_activity, pg_locks)'],
]

const remedies: readonly Remedy[] = [...way, ...tls, ...entry, ...state]

/** Null: none is known. */
export function remedyFor(error: unknown, message: string): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'none'
  const known = remedies.find(([codes, words]) => codes.test(code) && words.test(message))
  return known?.[2] ?? null
}
