import { Kysely } from 'kysely'
import { serverName } from '../../servers/addresses.ts'
import { readPostgresAddress } from '../../servers/postgres-address.ts'
import type { Database } from '../database.ts'
import { postgresDialect } from '../driver.ts'
import { attempt } from '../failure.ts'
import { type Deadlines, PoolSource } from './pool.ts'
import { Sessions } from './sessions.ts'

export interface PostgresOptions {
  readonly url: string
  readonly poolMax: number
}

/** Every wait has a deadline, kept by the server and, in case it is gone, by us a little later. */
const deadlines: Deadlines = {
  queryMs: 35_000,
  settings: {
    statement_timeout: '30s',
    lock_timeout: '10s',
    // Nothing but statements happens inside our transactions; an embedder's `onPaid` may think a bit.
    idle_in_transaction_session_timeout: '30s',
  },
}

/** Migrations and the audit read whole tables; an hour is no limit but an end. */
const patientDeadlines: Deadlines = {
  queryMs: 3_605_000,
  // Waiting for another node's migration is a wait for a lock.
  settings: { ...deadlines.settings, statement_timeout: '1h', lock_timeout: '1h' },
}

/** A pool on a PostgreSQL server. Connects once, to find out whether the server can be used. */
export async function openPostgres({ url, poolMax }: PostgresOptions): Promise<Database> {
  const name = serverName(url)
  return attempt({ name, action: `open the database ${JSON.stringify(name)}` }, async () => {
    const address = readPostgresAddress(url)
    const sessions = new Sessions({ database: name, address })
    const pool = new PoolSource({ url, address, sessions, max: poolMax, deadlines })
    // Two: a migration keeps one for its lock. Connections are made when they are first needed.
    const patient = new PoolSource({ url, address, sessions, max: 2, deadlines: patientDeadlines })
    const close = async () => void (await Promise.all([pool.close(), patient.close()]))
    try {
      // The first session decides where our tables are.
      const connection = await pool.acquire()
      connection.release()
      const { schema } = sessions.place
      const [db, patientDb] = [pool, patient].map(
        (source) => new Kysely<unknown>({ dialect: postgresDialect(source) }),
      ) as [Kysely<unknown>, Kysely<unknown>]
      return { kind: 'postgres', name, schema, db, patientDb, close }
    } catch (error) {
      await close()
      throw error
    }
  })
}
