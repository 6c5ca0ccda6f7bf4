import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { serverName } from '../../servers/addresses.ts'
import { firstWay } from '../../servers/first-way.ts'
import { readPostgresAddress, type Way, waysOf } from '../../servers/postgres-address.ts'
import { SessionClient } from '../../servers/session-client.ts'
import { readOnly, type SourceDatabase } from './database.ts'
import { connectionsMax, connectMsMax, queryMsMax, statementMsMax } from './limits.ts'
import { postgresCatalogue } from './postgres-catalogue.ts'

/** Every value as the server writes it: nothing is rounded, and no zone is guessed. */
const asText = { getTypeParser: () => (value: unknown) => value }

/**
 * In the transaction, not in the session: a pooler may lend the session to somebody else afterwards. The
 * search path is empty so that no name means something else than it says.
 */
const settings = sql`select
  set_config('statement_timeout', ${String(statementMsMax)}, true),
  set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),
  set_config('extra_float_digits', '1', true), set_config('search_path', 'pg_catalog', true)`

export async function openPostgresSource(url: string): Promise<SourceDatabase> {
  const pool = await firstWay(waysOf(readPostgresAddress(url)), poolOf)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  return {
    dialect: postgresCatalogue,
    server: serverName(url),
    db,
    read: readOnly(db, settings),
    close: () => db.destroy(),
  }
}

/** Connects once, so that what is wrong with the address is known now. */
async function poolOf({ config }: Way): Promise<pg.Pool> {
  const pool = new pg.Pool({
    ...config,
    Client: SessionClient,
    max: connectionsMax,
    connectionTimeoutMillis: connectMsMax,
    query_timeout: queryMsMax,
    types: asText,
  } as pg.PoolConfig)
  // A lost connection is an error of the next statement, and no reason to crash.
  pool.on('error', () => undefined)
  try {
    const client = await pool.connect()
    client.on('error', () => undefined)
    client.release()
    return pool
  } catch (error) {
    await pool.end()
    throw error
  }
}
