import pg, { type ClientConfig } from 'pg'
import { firstWay } from '../servers/first-way.ts'
import { isPooled, lendsSessions } from '../servers/pooler.ts'
import { readPostgresAddress, waysOf } from '../servers/postgres-address.ts'
import { sqlText } from '../text/sql-text.ts'
import { openMsMax } from './link.ts'

/** The queue asks for its own schema by an option of the connection, which poolers like to keep back. */
const schema = 'bullmq'

/** Said of any pooler that keeps something back, whichever it is. */
const poolerFault =
  'a pooler in front of it does not pass on what the queue needs: name the address of PostgreSQL itself in engine.url'

interface Seen {
  readonly pid: number
  readonly path: string
  readonly readOnly: boolean
}

/** How to connect to the server of a queue, tried out. Throws where no queue can live there. */
export async function wayToQueue(url: string): Promise<ClientConfig> {
  const address = readPostgresAddress(url)
  return firstWay(waysOf(address), async ({ config }) => {
    const client = new pg.Client({
      ...config,
      options: `${config.options ?? ''} -c search_path=${schema}`.trim(),
      connectionTimeoutMillis: openMsMax,
      query_timeout: openMsMax,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const seen = await lookAround(client)
      const isShared = isPooled(client, seen.pid) && (await lendsSessions(client, config))
      if (seen.path !== schema || isShared) throw new Error(poolerFault)
      if (seen.readOnly && address.needs === 'read-write') throw new Error('it is read-only')
      return config
    } catch (error) {
      if (!(error instanceof Error) || !/startup parameter/.test(error.message)) throw error
      throw new Error(poolerFault, { cause: error })
    } finally {
      await client.end()
    }
  })
}

async function lookAround(client: pg.Client): Promise<Seen> {
  const { rows } = await client.query<Seen>(sqlText`
    select pg_backend_pid() as pid, current_setting('search_path') as path,
      current_setting('transaction_read_only') = 'on' as "readOnly"`)
  return rows[0] ?? { pid: 0, path: '', readOnly: false }
}
