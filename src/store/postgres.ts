import { Kysely, sql } from 'kysely'
import pg from 'pg'
import { secretsInAddress, serverName } from '../addresses.ts'
import { type Redact, redactError, redactorOf } from '../redact.ts'
import { type Connection, type Database, firstOf } from './database.ts'
import {
  type ConnectionSource,
  type LentConnection,
  postgresDialect,
  StatementNames,
} from './driver.ts'
import { EncodingError } from './errors.ts'
import { attempt, sqlStateOf } from './failure.ts'
import { parsers } from './parsers.ts'

export interface PostgresOptions {
  readonly url: string
  readonly poolMax: number
}

/** Every wait has a deadline, kept by the server and, in case it is gone, by us a little later. */
const deadlines = {
  connectionTimeoutMillis: 5_000,
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  // Nothing but statements happens inside our transactions; an embedder's `onPaid` may think a bit.
  idle_in_transaction_session_timeout: 30_000,
  query_timeout: 35_000,
}

/** Migrations and the audit read whole tables; an hour is no limit but an end. */
const patientDeadlines = {
  ...deadlines,
  statement_timeout: 3_600_000,
  // Waiting for another node's migration is a wait for a lock.
  lock_timeout: 3_600_000,
  query_timeout: 3_605_000,
}

/** A pool on a PostgreSQL server, which is asked one question to tell whether it can be had. */
export async function openPostgres({ url, poolMax }: PostgresOptions): Promise<Database> {
  const name = serverName(url)
  return attempt({ name, action: `open the database ${JSON.stringify(name)}` }, async () => {
    const pool = new PoolSource({ connectionString: url, max: poolMax, ...deadlines })
    // Two: a migration keeps one for its lock. Connections are made when they are first needed.
    const patient = new PoolSource({ connectionString: url, max: 2, ...patientDeadlines })
    const close = async () => void (await Promise.all([pool.close(), patient.close()]))
    const db = new Kysely<unknown>({ dialect: postgresDialect(pool) })
    try {
      await askFirst(db, name)
    } catch (error) {
      await close()
      throw error
    }
    const patientDb = new Kysely<unknown>({ dialect: postgresDialect(patient) })
    return { kind: 'postgres', name, db, patientDb, close }
  })
}

/**
 * In any other encoding there are characters that cannot be stored, and a credit would fail for
 * what its payer or the gateway wrote. Without one (SQL_ASCII) they would be stored unread.
 */
async function askFirst(db: Connection, name: string): Promise<void> {
  const said = await firstOf(
    db,
    sql<{ readonly encoding: string }>`select current_setting('server_encoding') as encoding`,
  )
  const encoding = said?.encoding ?? 'unknown'
  if (encoding !== 'UTF8') throw new EncodingError({ database: name, encoding })
}

class PoolSource implements ConnectionSource {
  readonly #pool: pg.Pool
  readonly #redact: Redact
  readonly #names = new StatementNames()
  #closing: Promise<void> | null = null

  constructor(config: pg.PoolConfig & { readonly connectionString: string }) {
    this.#redact = redactorOf(secretsInAddress(config.connectionString))
    this.#pool = new pg.Pool({
      ...config,
      keepAlive: true,
      application_name: 'budan',
      types: {
        getTypeParser: (oid: number, format?: 'text' | 'binary') =>
          parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
      },
    })
    // A lost connection is an error of the next statement, if there is one, and no reason to crash:
    // not while idle in the pool, nor between two statements of a transaction.
    this.#pool.on('error', ignore)
    this.#pool.on('connect', (client) => client.on('error', ignore))
  }

  async borrow(): Promise<LentConnection> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw redactError(error, this.#redact)
    })
    let broken = false
    return {
      query: async (text, values) => {
        try {
          const name = this.#names.nameOf(text)
          const { rows, rowCount } = await client.query({
            ...(name === null ? {} : { name }),
            text,
            values: [...values],
          })
          return { rows, affected: rowCount ?? 0 }
        } catch (error) {
          broken ||= isLast(error)
          throw redactError(error, this.#redact)
        }
      },
      giveBack: () => client.release(broken),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end()
    return this.#closing
  }
}

/** connection_exception, the server's shutdown and termination, its timeouts that end the session. */
const lastWords = /^(08|57P|25P03|25P04)/

/** Without a word of the server's, the connection is lost, or busy with what we gave up on. */
function isLast(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state === null || lastWords.test(state)
}

function ignore(): void {}
