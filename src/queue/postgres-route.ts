import type { ClientConfig } from 'pg'
import { firstWay } from '../servers/first-way.ts'
import { isPooled, lendsSessions } from '../servers/pooler.ts'
import { type PostgresAddress, readPostgresAddress, waysOf } from '../servers/postgres-address.ts'
import { SessionClient } from '../servers/session-client.ts'
import { limitsKnownTo, pastEndedSessions, queryUnlimited } from '../servers/time-limits.ts'
import { sqlText } from '../text/sql-text.ts'
import { openMsMax } from './queue-connection.ts'

/** The queue sets its own schema by an option of the connection, which many poolers do not pass on. */
const schema = 'bullmq'

/** The remedy for every pooler that does not pass on what the queue needs. */
const poolerFault =
  'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url'

/**
 * Set in each of the queue's own sessions, so that settings of the database or the role end none of its
 * statements. The limits are those of our own sessions; other limits are lifted.
 */
const limits: Readonly<Record<string, string>> = {
  statement_timeout: '30s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '30s',
}

/** One second less than the caller waits, so that the cause can still be reported. */
const connectMsMax = openMsMax - 1000

interface SessionState {
  readonly pid: number
  readonly path: string
  readonly readOnly: boolean
}

/**
 * Returns how to connect to the queue's server, after one successful attempt. Throws if the queue
 * cannot work there.
 */
export async function routeToQueue(url: string): Promise<ClientConfig> {
  const address = readPostgresAddress(url)
  return firstWay(waysOf(address), ({ config }) => pastEndedSessions(() => tried(config, address)))
}

async function tried(config: ClientConfig, { needs }: PostgresAddress): Promise<ClientConfig> {
  const client = new SessionClient({
    ...withOptions(config, { ...limits, search_path: schema }),
    connectionTimeoutMillis: connectMsMax,
    query_timeout: openMsMax,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const seen = await readSession(client)
    const isShared = isPooled(client, seen.pid) && (await lendsSessions(client, config))
    if (seen.path !== schema || isShared) throw new Error(poolerFault)
    if (seen.readOnly && needs === 'read-write') throw new Error('it is read-only')
    return withOptions(config, { ...liftedOn(client), ...limits })
  } catch (error) {
    if (!(error instanceof Error) || !/startup parameter/.test(error.message)) throw error
    throw new Error(poolerFault, { cause: error })
  } finally {
    await client.end()
  }
}

/** If two options give one setting, the last one counts. */
function withOptions(
  config: ClientConfig,
  settings: Readonly<Record<string, string>>,
): ClientConfig {
  const given = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  return { ...config, options: [config.options ?? '', ...given].join(' ').trim() }
}

function liftedOn(client: SessionClient): Readonly<Record<string, string>> {
  return Object.fromEntries(limitsKnownTo(client).map((name) => [name, '0']))
}

async function readSession(client: SessionClient): Promise<SessionState> {
  const [row] = await queryUnlimited<SessionState>(client, { text: look, timeoutMs: openMsMax })
  return row ?? { pid: 0, path: '', readOnly: false }
}

const look = sqlText`select pg_backend_pid() as pid, current_setting('search_path') as path,
  current_setting('transaction_read_only') = 'on' as "readOnly"`
