import type { ClientConfig } from 'pg'
import { firstWay } from '../servers/first-way.ts'
import { isPooled, lendsSessions } from '../servers/pooler.ts'
import { type PostgresAddress, readPostgresAddress, waysOf } from '../servers/postgres-address.ts'
import { SessionClient } from '../servers/session-client.ts'
import { limitsKnownTo, pastEndedSessions, queryUnlimited } from '../servers/time-limits.ts'
import { sqlText } from '../text/sql-text.ts'
import { openMsMax } from './link.ts'

/** The queue asks for its own schema by an option of the connection, which poolers like to keep back. */
const schema = 'bullmq'

/** Said of any pooler that keeps something back, whichever it is. */
const poolerFault =
  'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url'

/**
 * Each of the queue's own sessions asks for these, so that what a database or a role is set to ends no
 * statement of its. As long as our own may take; other limits are lifted.
 */
const limits: Readonly<Record<string, string>> = {
  statement_timeout: '30s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '30s',
}

/** So much sooner than whoever opens the queue gives up that the cause is still told. */
const connectMsMax = openMsMax - 1000

interface Seen {
  readonly pid: number
  readonly path: string
  readonly readOnly: boolean
}

/** How to connect to the server of a queue, tried out. Throws where no queue can live there. */
export async function wayToQueue(url: string): Promise<ClientConfig> {
  const address = readPostgresAddress(url)
  return firstWay(waysOf(address), ({ config }) =>
    pastEndedSessions(() => triedOut(config, address)),
  )
}

async function triedOut(config: ClientConfig, { needs }: PostgresAddress): Promise<ClientConfig> {
  const client = new SessionClient({
    ...withOptions(config, { ...limits, search_path: schema }),
    connectionTimeoutMillis: connectMsMax,
    query_timeout: openMsMax,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const seen = await lookAround(client)
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

/** What is asked for last has the last word. */
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

async function lookAround(client: SessionClient): Promise<Seen> {
  const [row] = await queryUnlimited<Seen>(client, { text: look, timeoutMs: openMsMax })
  return row ?? { pid: 0, path: '', readOnly: false }
}

const look = sqlText`select pg_backend_pid() as pid, current_setting('search_path') as path,
  current_setting('transaction_read_only') = 'on' as "readOnly"`
