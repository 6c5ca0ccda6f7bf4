import { CompiledQuery, type DatabaseConnection, Kysely, MysqlDialect } from 'kysely'
import { createPool, type PoolConnection, type QueryError, type TypeCastField } from 'mysql2'
import { serverName } from '../../servers/addresses.ts'
import { readMysqlAddress } from '../../servers/mysql-address.ts'
import { sqlText } from '../../text/sql-text.ts'
import { readOnly, type SourceDatabase } from './database.ts'
import { connectionsMax, connectMsMax, queryMsMax, statementMsMax } from './limits.ts'
import { mysqlCatalogue } from './mysql-catalogue.ts'

/** MySQL and MariaDB. */
export async function openMysqlSource(url: string): Promise<SourceDatabase> {
  const db = new Kysely<unknown>({
    dialect: new MysqlDialect({ pool: poolOf(url), onCreateConnection: settle }),
  })
  const read = readOnly(db)
  // Connects once, so that what is wrong with the address is known now.
  await read(async () => undefined)
  return {
    dialect: mysqlCatalogue,
    server: serverName(url),
    db,
    read,
    close: () => db.destroy(),
  }
}

function poolOf(url: string) {
  const { tls, ...address } = readMysqlAddress(url)
  const pool = createPool({
    ...address,
    ...(tls !== null && { ssl: tls }),
    connectionLimit: connectionsMax,
    connectTimeout: connectMsMax,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    decimalNumbers: false,
    multipleStatements: false,
    timezone: 'Z',
    enableKeepAlive: true,
    connectAttributes: { program_name: 'budan' },
    // Every value as the server writes it: nothing is rounded, and no zone is guessed.
    typeCast: (field: TypeCastField) => field.string(),
  })
  pool.on('connection', boundQueries)
  return pool
}

type Callback = (error: QueryError | null, ...rest: unknown[]) => void

/** A server that is gone answers nothing: after a while the connection is given up. */
function boundQueries(connection: PoolConnection): void {
  const query = connection.query.bind(connection) as unknown as (
    options: { readonly sql: string; readonly values: unknown; readonly timeout: number },
    done: Callback,
  ) => unknown
  const bound = (text: string, values: unknown, done: Callback) =>
    query({ sql: text, values, timeout: queryMsMax }, (error, ...rest) => {
      if (error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT') connection.destroy()
      done(error, ...rest)
    })
  Object.assign(connection, { query: bound })
}

/**
 * Makes a new connection's session ours. Without a mode of ours, one of the server may change what
 * quotes and backslashes mean.
 */
async function settle(connection: DatabaseConnection): Promise<void> {
  const execute = (text: string) => connection.executeQuery(CompiledQuery.raw(text))
  const { rows } = await execute(sqlText`select version() as version`)
  const { version = '' } = (rows[0] ?? {}) as { readonly version?: string }
  const isMariadb = /mariadb/i.test(version)
  const limit = isMariadb
    ? `max_statement_time = ${statementMsMax / 1000}`
    : `max_execution_time = ${statementMsMax}`
  await execute(
    `set session ${limit}, time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES', lock_wait_timeout = 5`,
  )
}
