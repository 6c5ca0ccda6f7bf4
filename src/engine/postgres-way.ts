import type { ClientConfig } from 'pg'
import { isPooled, lendsSessions } from '../pooler.ts'
import { type PostgresAddress, readPostgresAddress, waysOf } from '../postgres-address.ts'
import { SessionClient } from '../session-client.ts'
import { sqlText } from '../sql-text.ts'
import { pastEndedSessions, queryUnlimited } from '../time-limits.ts'
import { firstWay } from '../ways.ts'
import { openMsMax } from './link.ts'

/** The queue asks for its own schema by an option of the connection, which poolers like to keep back. */
const schema = 'bullmq'

/** Said of any pooler that keeps something back, whichever it is. */
const poolerFault =
  'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url'

/**
 * Each of the queue's own sessions asks for these, so that what a database or a role is set to ends no
 * statement of its. As long as our own may take.
 */
const limits = [
  'statement_timeout=30s',
  'lock_timeout=10s',
  'idle_in_transaction_session_timeout=30s',
]

interface Seen {
  readonly pid: number
  readonly path: string
  readonly readOnly: boolean
  /** Limits that not every server knows; they are lifted where they are. */
  readonly later: readonly string[]
}

/** How to connect to the server of a queue, tried out. Throws where no queue can live there. */
export async function wayToQueue(url: string): Promise<ClientConfig> {
  const address = readPostgresAddress(url)
  return firstWay(waysOf(address), ({ config }) =>
    pastEndedSessions(() => triedOut(config, address)),
  )
}

async function triedOut(config: ClientConfig, { needs }: PostgresAddress): Promise<ClientConfig> {
  const limited = withOptions(config, limits)
  const client = new SessionClient({
    ...withOptions(limited, [`search_path=${schema}`]),
    connectionTimeoutMillis: openMsMax,
    query_timeout: openMsMax,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const seen = await lookAround(client)
    const isShared = isPooled(client, seen.pid) && (await lendsSessions(client, config))
    if (seen.path !== schema || isShared) throw new Error(poolerFault)
    if (seen.readOnly && needs === 'read-write') throw new Error('it is read-only')
    return withOptions(
      limited,
      seen.later.map((name) => `${name}=0`),
    )
  } catch (error) {
    if (!(error instanceof Error) || !/startup parameter/.test(error.message)) throw error
    throw new Error(poolerFault, { cause: error })
  } finally {
    await client.end()
  }
}

/** What is asked for last has the last word. */
function withOptions(config: ClientConfig, settings: readonly string[]): ClientConfig {
  const given = settings.map((setting) => `-c ${setting}`)
  return { ...config, options: [config.options ?? '', ...given].join(' ').trim() }
}

async function lookAround(client: SessionClient): Promise<Seen> {
  const [row] = await queryUnlimited<Seen>(client, { text: look, timeoutMs: openMsMax })
  return row ?? { pid: 0, path: '', readOnly: false, later: [] }
}

const look = sqlText`
  select pg_backend_pid() as pid, current_setting('search_path') as path,
    current_setting('transaction_read_only') = 'on' as "readOnly",
    array(select name from (values ('idle_session_timeout'), ('transaction_timeout')) as later (name)
      where current_setting(name, true) is not null) as later`
